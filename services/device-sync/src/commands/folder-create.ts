import {
  displayName,
  type FolderChangeDeps,
  folderChangeOf,
  keyAfter,
  OK,
  parentId,
} from '../folders/change-folders.ts'
import { el } from '../wbxml/node.ts'
import { intChild } from '../wbxml/read.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'
import { StatusError } from './status-error.ts'

/** MS-ASCMD 2.2.3.186.1: a user's generic folder, which holds mail here, and a user's mail folder. */
const MAIL_TYPES: ReadonlySet<number | undefined> = new Set([1, 12])
const SERVER_ERROR = 6

const run = async (deps: FolderChangeDeps, context: CommandContext): Promise<CommandAnswer> => {
  const change = await folderChangeOf(deps, context, 'FolderCreate')
  const { body, commandId } = change
  const { tenant, account } = context.user
  const name = displayName(body)
  const type = intChild(body, 'folderhierarchy:Type', { max: 255 })
  if (!MAIL_TYPES.has(type)) throw new StatusError(SERVER_ERROR, 'folders of this type are not served')
  const parent = parentId(body)
  const { mailbox, position } = await deps.mail.createMailbox(
    { tenant, account, name, parent, commandId },
    context.call,
  )
  const expected = { mailbox, name, parent }
  const key = await keyAfter(deps, change, { position, expected, made: [mailbox] })
  return answer(
    el('folderhierarchy:FolderCreate', [
      el('folderhierarchy:Status', OK),
      el('folderhierarchy:SyncKey', key),
      el('folderhierarchy:ServerId', mailbox),
    ]),
  )
}

/** FolderCreate (MS-ASCMD 2.2.1.2): repeated, it answers with the folder that the first one made. */
export const createFolderCreate = (deps: FolderChangeDeps): Command => ({
  name: 'FolderCreate',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})

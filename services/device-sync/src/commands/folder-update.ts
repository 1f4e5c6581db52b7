import {
  displayName,
  type FolderChangeDeps,
  folderChangeOf,
  keyAfter,
  OK,
  parentId,
  serverId,
} from '../folders/change-folders.ts'
import { el } from '../wbxml/node.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'

const run = async (deps: FolderChangeDeps, context: CommandContext): Promise<CommandAnswer> => {
  const change = await folderChangeOf(deps, context, 'FolderUpdate')
  const { body, commandId } = change
  const { tenant, account } = context.user
  const expected = { mailbox: serverId(body), name: displayName(body), parent: parentId(body) }
  const { position } = await deps.mail.updateMailbox(
    { tenant, account, ...expected, commandId },
    context.call,
  )
  const key = await keyAfter(deps, change, { position, expected })
  return answer(
    el('folderhierarchy:FolderUpdate', [
      el('folderhierarchy:Status', OK),
      el('folderhierarchy:SyncKey', key),
    ]),
  )
}

/** FolderUpdate (MS-ASCMD 2.2.1.6): renames a folder, moves it, or both. */
export const createFolderUpdate = (deps: FolderChangeDeps): Command => ({
  name: 'FolderUpdate',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})

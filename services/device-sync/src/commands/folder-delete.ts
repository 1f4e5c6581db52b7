import type { Mailbox } from '@relais/proto/mail/v1/mail.ts'
import { type FolderChangeDeps, folderChangeOf, keyAfter, OK, serverId } from '../folders/change-folders.ts'
import { el } from '../wbxml/node.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'

/** A folder and all under it: the phone takes them away by itself. */
const withChildren = (mailboxes: readonly Mailbox[], folder: string): readonly string[] => {
  const found = [folder]
  for (const one of found)
    for (const { mailbox, parent } of mailboxes)
      if (parent === one && !found.includes(mailbox)) found.push(mailbox)
  return found
}

const run = async (deps: FolderChangeDeps, context: CommandContext): Promise<CommandAnswer> => {
  const change = await folderChangeOf(deps, context, 'FolderDelete')
  const { body, commandId } = change
  const { tenant, account } = context.user
  const mailbox = serverId(body)
  const { mailboxes } = await deps.mail.listMailboxes({ tenant, account, minPosition: 0 }, context.call)
  const gone = withChildren(mailboxes, mailbox)
  const { position } = await deps.mail.deleteMailbox({ tenant, account, mailbox, commandId }, context.call)
  const key = await keyAfter(deps, change, { position, gone })
  return answer(
    el('folderhierarchy:FolderDelete', [
      el('folderhierarchy:Status', OK),
      el('folderhierarchy:SyncKey', key),
    ]),
  )
}

/** FolderDelete (MS-ASCMD 2.2.1.3): its messages go to the trash, and what is under it goes with it. */
export const createFolderDelete = (deps: FolderChangeDeps): Command => ({
  name: 'FolderDelete',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})

import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { foldersElement } from '../folders/folder-elements.ts'
import { firstChanges } from '../folders/hierarchy-changes.ts'
import type { AccountSettings } from '../sign-in/account-settings.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'

export type GetHierarchyDeps = { readonly mail: MailClient<CallExtras>; readonly settings: AccountSettings }

const run = async (
  { mail, settings }: GetHierarchyDeps,
  { user: { tenant, account }, call }: CommandContext,
): Promise<CommandAnswer> => {
  const { subfolders } = await settings.of(tenant, account)
  const { changes } = await mail.syncMailboxes({ tenant, account, after: 0, minPosition: 0 }, call)
  const mailboxes = changes.flatMap(({ mailbox }) => mailbox ?? [])
  return answer(foldersElement(firstChanges(mailboxes, subfolders).added, subfolders))
}

/** GetHierarchy (MS-ASCMD up to 12.1): the mail folders as they are now, without any key. */
export const createGetHierarchy = (deps: GetHierarchyDeps): Command => ({
  name: 'GetHierarchy',
  body: 'small',
  emptyBody: true,
  run: (context) => run(deps, context),
})

import type { Attachment, SyncCommandResult } from '@relais/proto/mail/v1/mail.ts'
import type { Handling } from '../api/context.ts'
import { contentIdOf } from '../drafts/draft-parts.ts'
import { attachmentsOf } from '../mime/attachments.ts'
import type { AccountKey } from '../queries/account.ts'
import { storedMessage } from '../queries/message.ts'
import { messageRows } from '../queries/messages.ts'
import { digestOf, type MailCommand } from './commands.ts'
import type { AskedMailbox } from './requests.ts'

type Results = { readonly asked: AskedMailbox; readonly results: readonly SyncCommandResult[] }

const attaches = (command: MailCommand, { outcome, placement }: SyncCommandResult): boolean =>
  outcome === 'ok' && placement > 0 && 'draft' in command && (command.draft?.attached.length ?? 0) > 0

/** What commands have put into drafts, found by the names that they gave it: a repeat finds what the first one put there. */
export const withAttached = async (
  { projector }: Handling,
  key: AccountKey,
  { asked, results }: Results,
): Promise<SyncCommandResult[]> => {
  const { commands } = asked
  const some = results.filter((result, n) => attaches(commands[n]!, result))
  if (some.length === 0) return [...results]
  const rows = await messageRows(projector.store, key, [...new Set(some.map(({ placement }) => placement))])
  const byPlacement = new Map(rows.map((row) => [row.placement, attachmentsIn(row)]))
  return results.map((result, n) => ({
    ...result,
    attached: some.includes(result) ? attachedBy(commands[n]!, byPlacement.get(result.placement) ?? []) : [],
  }))
}

const attachmentsIn = (row: Parameters<typeof storedMessage>[0]): readonly Attachment[] => {
  const { structure } = storedMessage(row).content
  return structure ? attachmentsOf(structure) : []
}

const attachedBy = (command: MailCommand, attachments: readonly Attachment[]): Attachment[] => {
  if (!('draft' in command) || !command.draft) return []
  const digest = digestOf(command.draft)
  return command.draft.attached.flatMap((attached, n) => {
    const contentId = contentIdOf(attached, digest, n)
    const found = attachments.find((one) => one.contentId === contentId)
    return found ? [{ ...found, clientId: attached.clientId }] : []
  })
}

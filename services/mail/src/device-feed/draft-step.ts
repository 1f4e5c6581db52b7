import type { Handling } from '../api/context.ts'
import type { Command } from '../commands/streams.ts'
import type { Reservation } from '../commands/usage.ts'
import { TEXT_MESSAGE_FIELDS } from '../drafts/text-message.ts'
import type { DraftWriting } from '../drafts/write-draft.ts'
import type { StoredMessage } from '../queries/message.ts'
import { readerOf } from '../queries/message-bytes.ts'
import type { MailAdd, MailChange, MailSend } from './commands.ts'

/** A step on its way: the stored draft that it is based on, and who asks. */
export type DraftStep = {
  readonly command: Command
  readonly written: MailAdd | MailChange | MailSend
  readonly mailbox: string
  readonly placement: number
  readonly base: StoredMessage | undefined
  readonly expected: number | undefined
}

/** What the phone wrote, and what it is written on. An Add that is given again with other content writes all of it anew. */
export const draftWriting = (
  handling: Handling,
  { command, written, base }: DraftStep,
  digest: string,
): DraftWriting => {
  const { clock, ids, blobs } = handling
  const isOnTop = written.kind !== 'add' && base !== undefined
  return {
    content: written.draft!,
    base: isOnTop
      ? {
          envelope: base.content.envelope!,
          structure: base.content.structure!,
          read: readerOf(blobs, { tenant: command.tenant, blob: base.content.blob, size: base.content.size }),
        }
      : undefined,
    digest,
    boundary: `${ids()}${ids()}`.replace(/[^A-Za-z0-9]/g, '').slice(0, 32),
    now: clock(),
    messageId: `<${ids()}@draft>`,
    fields: written.kind === 'add' && written.isTextMessage ? TEXT_MESSAGE_FIELDS : [],
  }
}

/** Errors: QUOTA_EXCEEDED. */
export const roomFor = async (
  { usage, accounts }: Handling,
  { tenant, account }: Command,
  bytes: number,
): Promise<Reservation> => {
  const { quotaBytes } = await accounts.get({ tenant, account })
  return usage.reserve({ tenant, account, bytes, quotaBytes })
}

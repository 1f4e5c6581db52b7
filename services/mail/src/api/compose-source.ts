import type { SubmitHeader } from '@relais/proto/mail/v1/mail.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import { ingest } from '../ingest/ingest.ts'
import { composeMessage, type MailSource } from '../mime/compose/compose.ts'
import type { AccountKey } from '../queries/account.ts'
import { storedMessage } from '../queries/message.ts'
import { readerOf } from '../queries/message-bytes.ts'
import { messageRows } from '../queries/messages.ts'
import { invalid } from './arguments.ts'
import type { Handling } from './context.ts'

type Sending = { readonly header: SubmitHeader; readonly chunks: AsyncIterable<Uint8Array> }

/**
 * The message to send: as it is, or with the text or attachments of what it answers or forwards. What the phone wrote is stored first,
 * since composing reads it by offsets; nothing refers to that blob, so the next sweep takes it. Errors: MESSAGE_NOT_FOUND.
 */
export const composedMessage = async (
  handling: Handling,
  { tenant, account }: AccountKey,
  { header, chunks }: Sending,
): Promise<AsyncIterable<Uint8Array>> => {
  const { source } = header
  if (!source || source.replaceMime) return chunks
  const verb = requireVerb(source.verb)
  const original = await originalOf(handling, { tenant, account }, source.placement)
  const { locale, timeZone } = await handling.accounts.get({ tenant, account })
  const written = await writtenOf(handling, tenant, chunks)
  return composeMessage({ verb, written, original, locale, timeZone, boundary: boundaryOf(handling.ids) })
}

const requireVerb = (verb: string): 'reply' | 'forward' => {
  if (verb !== 'reply' && verb !== 'forward') throw invalid('a source is answered or forwarded')
  return verb
}

const originalOf = async (
  { projector, blobs }: Handling,
  key: AccountKey,
  placement: number,
): Promise<MailSource> => {
  const [row] = await messageRows(projector.store, key, [placement])
  if (!row) throw terminal('MESSAGE_NOT_FOUND', 'the message that is answered is gone')
  const { envelope, structure, blob, size } = storedMessage(row).content
  return {
    envelope: envelope!,
    structure: structure!,
    read: readerOf(blobs, { tenant: key.tenant, blob, size }),
  }
}

const writtenOf = async (
  handling: Handling,
  tenant: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<MailSource> => {
  const { blob, parsed } = await ingest(handling, { tenant, chunks })
  const read = readerOf(handling.blobs, { tenant, blob: blob.id, size: blob.size })
  return { envelope: parsed.envelope, structure: parsed.structure, read }
}

/** Letters and digits, 32 of them. */
const boundaryOf = (ids: () => string): string => `${ids()}${ids()}`.replace(/[^A-Za-z0-9]/g, '').slice(0, 32)

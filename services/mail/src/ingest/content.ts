import type { MessageContent } from '@relais/proto/mail/v1/message.ts'
import type { Arriving } from '../queries/threads.ts'
import type { Ingested } from './ingest.ts'

type Arrival = { readonly receivedAt: number; readonly conversation: Uint8Array }

/** What the log and the rows keep of a message; its bytes are the blob's. */
export const contentOf = (
  { blob, parsed }: Ingested,
  { receivedAt, conversation }: Arrival,
): MessageContent => ({
  blob: blob.id,
  size: blob.size,
  envelope: parsed.envelope,
  structure: parsed.structure,
  receivedAt,
  conversation,
  preview: parsed.preview,
  defect: parsed.defect,
  written: '',
})

export const arrivingOf = ({ blob, parsed }: Ingested, receivedAt: number): Arriving => ({
  messageId: parsed.envelope.messageId,
  inReplyTo: parsed.envelope.inReplyTo,
  references: parsed.envelope.references,
  subject: parsed.envelope.subject,
  receivedAt,
  blob: blob.id,
})

import type { ReadPartRequest, ReadPartResponse } from '@relais/proto/mail/v1/mail.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import { kindOf } from '../mime/kind.ts'
import { openPart, type ReadBytes, readRange } from '../mime/open-part.ts'
import { isSmime } from '../mime/render-body.ts'
import { measure, rangeOf, textPieces } from '../mime/text-form.ts'
import { type StoredMessage, storedMessage } from '../queries/message.ts'
import { readerOf } from '../queries/message-bytes.ts'
import { messageRows } from '../queries/messages.ts'
import { openAccount } from './account-call.ts'
import { invalid, requirePlacements } from './arguments.ts'
import type { HandlerCall, Handling } from './context.ts'

type Content = StoredMessage['content']
type Range = { readonly offset: number; readonly length: number }

/** Header first; then the decoded content of a part, or the raw message, or the range asked for. One window in memory. */
export const readPart = (handling: Handling) =>
  async function* (request: ReadPartRequest, call: HandlerCall): AsyncGenerator<ReadPartResponse, void> {
    const key = await openAccount(handling, request, call)
    const range = requireRange(request)
    const [row] = await messageRows(handling.projector.store, key, requirePlacements([request.placement]))
    if (!row) throw terminal('MESSAGE_NOT_FOUND', 'there is no such message')
    const { content } = storedMessage(row)
    const read = readerOf(handling.blobs, { tenant: key.tenant, blob: content.blob, size: content.size })
    if (request.asText && request.part === '') yield* textOf(content, read, range)
    else yield* partOf(content, read, { id: request.part, range })
  }

async function* partOf(
  content: Content,
  read: ReadBytes,
  { id, range }: { readonly id: string; readonly range: Range },
): AsyncGenerator<ReadPartResponse, void> {
  const part = content.structure && openPart(content.structure, id)
  if (!part) throw notFound()
  const { type, name, size: total } = part
  yield header({ type, name, total })
  if (range.offset >= total) return
  for await (const piece of readRange(part, read, range)) yield chunk(piece)
}

/** Who names a length knows it: then the message isn't read once more to tell it. */
async function* textOf(
  { structure }: Content,
  read: ReadBytes,
  range: Range,
): AsyncGenerator<ReadPartResponse, void> {
  if (!structure) throw notFound()
  const pieces = () => textPieces({ structure, read, asIs: isSmime(kindOf(structure)) })
  const total = range.length > 0 ? range.offset + range.length : (await measure(pieces())).total
  yield header({ type: 'message/rfc822', name: 'message.eml', total })
  for await (const piece of rangeOf(pieces(), range)) yield chunk(piece)
}

const notFound = () => terminal('PART_NOT_FOUND', 'the message has no such part')

const header = (value: { type: string; name: string; total: number }): ReadPartResponse => ({
  part: { $case: 'header', value },
})

const chunk = (value: Uint8Array): ReadPartResponse => ({ part: { $case: 'chunk', value } })

const requireRange = ({ offset, length }: ReadPartRequest): Range => {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw invalid("the range isn't one")
  }
  return { offset, length }
}

import type { ReadPartRequest, ReadPartResponse } from '@relais/proto/mail/v1/mail.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import { openPart, readRange } from '../mime/open-part.ts'
import { storedMessage } from '../queries/message.ts'
import { readerOf } from '../queries/message-bytes.ts'
import { messageRows } from '../queries/messages.ts'
import { openAccount } from './account-call.ts'
import { invalid, requirePlacements } from './arguments.ts'
import type { HandlerCall, Handling } from './context.ts'

/** Header first; then the decoded content of a part, or the raw message, or the range asked for. One window in memory. */
export const readPart = (handling: Handling) =>
  async function* (request: ReadPartRequest, call: HandlerCall): AsyncGenerator<ReadPartResponse, void> {
    const key = await openAccount(handling, request, call)
    const range = requireRange(request)
    const [row] = await messageRows(handling.projector.store, key, requirePlacements([request.placement]))
    if (!row) throw terminal('MESSAGE_NOT_FOUND', 'there is no such message')
    const { content } = storedMessage(row)
    const part = content.structure && openPart(content.structure, request.part)
    if (!part) throw terminal('PART_NOT_FOUND', 'the message has no such part')
    const { type, name, size: total } = part
    yield { part: { $case: 'header', value: { type, name, total } } }
    if (range.offset >= total) return
    const read = readerOf(handling.blobs, { tenant: key.tenant, blob: content.blob, size: content.size })
    for await (const chunk of readRange(part, read, range)) yield { part: { $case: 'chunk', value: chunk } }
  }

const requireRange = ({ offset, length }: ReadPartRequest) => {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw invalid("the range isn't one")
  }
  return { offset, length }
}

import type { MailClient, PartHeader } from '@relais/proto/mail/v1/mail.ts'
import { type CallExtras, isCoded } from '@relais/service-kit'
import type { FileReference } from '../classes/server-id.ts'
import type { CommandContext } from '../commands/command.ts'
import { el, StreamedContent, type WbxmlNode } from '../wbxml/node.ts'
import { base64Chunks, base64Length } from './base64-stream.ts'
import { type ByteRange, clipRange } from './byte-range.ts'
import { fetchElement, type Parts } from './fetch-answer.ts'
import { type AttachmentFetch, FETCH_STATUS } from './fetch-request.ts'

type Mail = MailClient<CallExtras>

/** While a slow phone reads; the next piece comes only when it has taken the last. */
export const READ_TIMEOUT_MS = 30 * 60_000

const partRequest = ({ user }: CommandContext, file: FileReference) => ({
  tenant: user.tenant,
  account: user.account,
  placement: file.placement,
  part: file.part,
})

/** What is said of an attachment before its content. Errors: MESSAGE_NOT_FOUND, PART_NOT_FOUND. */
export const attachmentHeader = async (
  mail: Mail,
  context: CommandContext,
  file: FileReference,
): Promise<PartHeader> => {
  const responses = mail.readPart({ ...partRequest(context, file), offset: 0, length: 1 }, context.call)
  for await (const { part } of responses) if (part?.$case === 'header') return part.value
  throw new TypeError('a part without a header')
}

/** A range of its content, read while it is sent. */
export async function* attachmentContent(
  mail: Mail,
  context: CommandContext,
  { file, range }: { readonly file: FileReference; readonly range: ByteRange },
): AsyncGenerator<Uint8Array, void> {
  const request = {
    ...partRequest(context, file),
    offset: range.first,
    length: range.last - range.first + 1,
  }
  for await (const { part } of mail.readPart(request, { ...context.call, timeoutMs: READ_TIMEOUT_MS }))
    if (part?.$case === 'chunk') yield part.value
}

const dataElement = (
  length: number,
  chunks: () => AsyncIterable<Uint8Array>,
  parts: Parts | undefined,
): WbxmlNode => {
  if (parts) return el('itemoperations:Part', parts.add({ length, chunks }))
  const text = new StreamedContent('text', base64Length(length), () => base64Chunks(chunks()))
  return el('itemoperations:Data', text)
}

/** iOS 10 can't read an answer with a Range that it didn't ask for. */
const rangeElements = ({ range }: AttachmentFetch, { first, last }: ByteRange, total: number): WbxmlNode[] =>
  range ? [el('itemoperations:Range', `${first}-${last}`), el('itemoperations:Total', total)] : []

/** Content is read when the answer is sent; what the answer must say before, its length and type, is asked for here. */
const fetchPart = async (
  mail: Mail,
  context: CommandContext,
  fetch: AttachmentFetch,
  parts: Parts | undefined,
): Promise<WbxmlNode> => {
  const { type, total } = await attachmentHeader(mail, context, fetch.file)
  if (total === 0) return fetchElement(FETCH_STATUS.empty, fetch.names, undefined)
  const range = clipRange(fetch.range ?? { first: 0, last: total - 1 }, total)
  if (!range) return fetchElement(FETCH_STATUS.badRange, fetch.names, undefined)
  const length = range.last - range.first + 1
  return fetchElement(FETCH_STATUS.ok, fetch.names, [
    ...rangeElements(fetch, range, total),
    dataElement(length, () => attachmentContent(mail, context, { file: fetch.file, range }), parts),
    el('airsyncbase:ContentType', type || UNKNOWN_TYPE),
  ])
}

/** RFC 2046 4.5.1. */
export const UNKNOWN_TYPE = 'application/octet-stream'

const NOT_THERE = new Set(['MESSAGE_NOT_FOUND', 'PART_NOT_FOUND'])

/** Whether an attachment, or its message, doesn't exist any more. */
export const isNotThere = (error: unknown): boolean => isCoded(error) && NOT_THERE.has(error.code)

/** Fetch of an attachment by its FileReference; `parts` if the client takes a multipart answer. */
export const fetchAttachment = async (
  mail: Mail,
  context: CommandContext,
  fetch: AttachmentFetch,
  parts: Parts | undefined,
): Promise<WbxmlNode> => {
  try {
    return await fetchPart(mail, context, fetch, parts)
  } catch (error) {
    if (!isNotThere(error)) throw error
    return fetchElement(FETCH_STATUS.badAttachment, fetch.names, undefined)
  }
}

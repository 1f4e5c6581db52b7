import { Buffer } from 'node:buffer'
import type { Body } from '@relais/proto/mail/v1/mail.ts'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import type { ReadBytes } from './open-part.ts'
import { measure, textPieces } from './text-form.ts'
import { transcodeMime } from './transcode-mime.ts'
import { cutUtf8, endsInsideCharacter, isFitText } from './utf8-text.ts'

export type MimeRequest = {
  readonly structure: Part
  readonly read: ReadBytes
  /** S/MIME: no byte may change. */
  readonly asIs: boolean
  readonly truncation: number | undefined
  /** A long one comes without its data: the caller reads it by and by. */
  readonly stream?: boolean
}

/** A hundred of these are what one answer may hold in memory. */
const STREAMED_FROM = 256 * 1024

/** Without what a cut has left of a character. */
const wholeCharacters = (bytes: Uint8Array): Uint8Array =>
  bytes.subarray(0, bytes.length - endsInsideCharacter(bytes))

const rawBody = (bytes: Uint8Array, size: number): Body => ({
  type: 'mime',
  estimatedSize: size,
  truncated: bytes.length < size,
  data: bytes,
  preview: '',
  streamLength: 0,
  deferredLength: 0,
  unmade: false,
})

/** What {@link textPieces} gives is its data. */
const streamedBody = async (request: MimeRequest): Promise<Body> => {
  const { total, length } = await measure(textPieces(request), request.truncation)
  return {
    ...{ type: 'mime', estimatedSize: total, truncated: length < total, data: undefined, preview: '' },
    streamLength: length,
    deferredLength: 0,
    unmade: false,
  }
}

/** As much of the message as is wanted, its 8-bit parts in base64. */
const transcodedBody = async ({ structure, read }: MimeRequest, end: number): Promise<Body> => {
  const pieces: Uint8Array[] = []
  let length = 0
  let complete = true
  for await (const piece of transcodeMime(structure, read)) {
    if (length > end) {
      complete = false
      break
    }
    pieces.push(piece)
    length += piece.length
  }
  const bytes = Buffer.concat(pieces)
  const data = cutUtf8(bytes, end)
  const estimated = complete ? bytes.length : Math.max(structure.bodyEnd, bytes.length)
  return { ...rawBody(data, estimated), truncated: !complete || data.length < bytes.length }
}

/**
 * The whole message (RFC 5322) or its first `truncation` bytes: as it is stored, unless it holds bytes that EAS has no form for. Then the parts with such
 * bytes are sent in base64, everything else unchanged; S/MIME never.
 */
export const mimeBody = async (request: MimeRequest): Promise<Body> => {
  const size = request.structure.bodyEnd
  const end = Math.min(size, request.truncation ?? size)
  if (end === 0) return { ...rawBody(new Uint8Array(0), size), data: undefined }
  if (request.stream && end >= STREAMED_FROM) return streamedBody(request)
  const bytes = await request.read(0, end)
  if (request.asIs) return rawBody(bytes, size)
  // EAS carries MIME as a string: it has to be UTF-8 without control characters.
  const text = end < size ? wholeCharacters(bytes) : bytes
  return isFitText(text)
    ? rawBody(text, size)
    : transcodedBody(request, request.truncation ?? Number.MAX_SAFE_INTEGER)
}

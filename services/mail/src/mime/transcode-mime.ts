import { Buffer } from 'node:buffer'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import libbase64 from 'libbase64'
import { asBuffer, latin1 } from './bytes.ts'
import type { ReadBytes } from './open-part.ts'
import { endsInsideCharacter, isFitText, toUtf8 } from './utf8-text.ts'

const WINDOW = 57 * 1024

const ENCODING_FIELD = /^content-transfer-encoding[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|$)/gim

const leavesOf = (part: Part): Part[] => (part.parts.length === 0 ? [part] : part.parts.flatMap(leavesOf))

const isIdentity = ({ encoding }: Part): boolean => encoding !== 'base64' && encoding !== 'quoted-printable'

/** Windows of the message that end between two characters of UTF-8. */
export async function* windows(read: ReadBytes, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; ) {
    const bytes = await read(at, Math.min(end, at + WINDOW))
    const cut = at + bytes.length < end ? endsInsideCharacter(bytes) : 0
    yield bytes.subarray(0, bytes.length - cut)
    at += Math.max(1, bytes.length - cut)
  }
}

/** Headers, delimiters, text between parts: read as UTF-8, else as Windows-1252. */
async function* asText(read: ReadBytes, start: number, end: number): AsyncGenerator<Uint8Array> {
  for await (const bytes of windows(read, start, end)) yield toUtf8(bytes, { charset: '' })
}

/** A part with a longer header is no part of a letter: its text is sent as text. */
const MAX_HEADER = 1024 * 1024

const needsEncoding = async (part: Part, read: ReadBytes): Promise<boolean> => {
  if (!isIdentity(part) || part.bodyStart - part.headerStart > MAX_HEADER) return false
  for await (const bytes of windows(read, part.bodyStart, part.bodyEnd)) if (!isFitText(bytes)) return true
  return false
}

/** The part's header with base64 for its encoding; the empty line is there even if it was missing. */
const encodedHeader = async ({ headerStart, bodyStart }: Part, read: ReadBytes): Promise<Uint8Array> => {
  const header = latin1(await read(headerStart, bodyStart)).replace(/(?:\r?\n)?\r?\n$/, '')
  const kept = header.replace(ENCODING_FIELD, '').replace(/\r?\n$/, '')
  const fields = kept === '' ? '' : `${kept}\r\n`
  return toUtf8(Buffer.from(`${fields}Content-Transfer-Encoding: base64\r\n\r\n`, 'latin1'), { charset: '' })
}

async function* encodedPart(part: Part, read: ReadBytes): AsyncGenerator<Uint8Array> {
  yield await encodedHeader(part, read)
  for (let at = part.bodyStart; at < part.bodyEnd; at += WINDOW) {
    const bytes = asBuffer(await read(at, Math.min(part.bodyEnd, at + WINDOW)))
    yield Buffer.from(`${libbase64.wrap(libbase64.encode(bytes))}\r\n`)
  }
}

/**
 * The message with every part that isn't UTF-8 text re-encoded in base64 (RFC 2045 §6.8), so that the whole is UTF-8 without control
 * characters. Parts that are such text, or encoded already, keep their bytes.
 */
export async function* transcodeMime(structure: Part, read: ReadBytes): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const part of leavesOf(structure)) {
    if (!(await needsEncoding(part, read))) continue
    yield* asText(read, at, part.headerStart)
    yield* encodedPart(part, read)
    at = part.bodyEnd
  }
  yield* asText(read, at, structure.bodyEnd)
}

import { Buffer } from 'node:buffer'
import libbase64 from 'libbase64'
import { asBuffer } from '../bytes.ts'
import type { ReadBytes } from '../open-part.ts'

/** A piece of a message being put together; chunks come as they are asked for. */
export type Pieces = AsyncGenerator<Uint8Array, void>

/** A multiple of 57, so that every window of base64 ends with a full line. */
const WINDOW = 57 * 1024

/** Bytes of a stored message as they are. */
export async function* rawBytes(read: ReadBytes, start: number, end: number): Pieces {
  for (let at = start; at < end; at += WINDOW) yield await read(at, Math.min(end, at + WINDOW))
}

/** The same in base64, in lines of 76 (RFC 2045 §6.8). */
export async function* base64Bytes(read: ReadBytes, start: number, end: number): Pieces {
  for (let at = start; at < end; at += WINDOW) {
    const bytes = asBuffer(await read(at, Math.min(end, at + WINDOW)))
    yield Buffer.from(`${libbase64.wrap(libbase64.encode(bytes))}\r\n`)
  }
}

export async function* bytesOf(bytes: Uint8Array): Pieces {
  yield bytes
}

/** An entity of MIME: the fields that describe its content, and its body. */
export type Entity = { readonly fields: readonly string[]; readonly body: Pieces }

const fromLatin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1')

export async function* entityPieces({ fields, body }: Entity): Pieces {
  yield fromLatin1(`${fields.join('')}\r\n`)
  yield* body
}

async function* multipartBody(parts: readonly Entity[], boundary: string): Pieces {
  for (const part of parts) {
    yield fromLatin1(`--${boundary}\r\n`)
    yield* entityPieces(part)
    yield fromLatin1('\r\n')
  }
  yield fromLatin1(`--${boundary}--\r\n`)
}

/** RFC 2046 §5.1. */
export const multipart = (subtype: string, parts: readonly Entity[], boundary: string): Entity => ({
  fields: [`Content-Type: multipart/${subtype}; boundary="${boundary}"\r\n`],
  body: multipartBody(parts, boundary),
})

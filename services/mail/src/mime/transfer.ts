import { Base64Decoder, Base64Sizer, decodeBase64 } from './base64.ts'
import { decodeQuotedPrintable, QuotedPrintableDecoder, QuotedPrintableSizer } from './quoted-printable.ts'

/** Decodes a body piece by piece. The bytes returned may be a view of the chunk. */
export type TransferDecoder = {
  readonly write: (chunk: Uint8Array) => Uint8Array
  readonly end: () => Uint8Array
}

/** Counts decoded octets of `chunk[start, end)`. */
export type TransferSizer = {
  readonly write: (chunk: Uint8Array, start: number, end: number) => void
  readonly end: () => number
}

const NOTHING = new Uint8Array(0)
const IDENTITY: TransferDecoder = { write: (chunk) => chunk, end: () => NOTHING }

/** A tolerant streaming decoder for a {@link Part.encoding}; every encoding but base64 and quoted-printable is the identity (RFC 2045 §6). */
export const decodeTransfer = (encoding: string): TransferDecoder => {
  if (encoding === 'base64') return new Base64Decoder()
  return encoding === 'quoted-printable' ? new QuotedPrintableDecoder() : IDENTITY
}

/** A whole body at once. */
export const decodeWhole = (bytes: Uint8Array, encoding: string): Uint8Array => {
  if (encoding === 'base64') return decodeBase64(bytes)
  return encoding === 'quoted-printable' ? decodeQuotedPrintable(bytes) : bytes
}

/** Null for the identity: its size is that of the range. */
export const sizerOf = (encoding: string): TransferSizer | null => {
  if (encoding === 'base64') return new Base64Sizer()
  return encoding === 'quoted-printable' ? new QuotedPrintableSizer() : null
}

const ENCODINGS = new Map<string, string>(
  Object.entries({
    '7bit': '7bit',
    '8bit': '8bit',
    binary: 'binary',
    quotedprintable: 'quoted-printable',
    qp: 'quoted-printable',
    base64: 'base64',
  }),
)

/** `Content-Transfer-Encoding` as one of the five of RFC 2045 §6.1; unknown ones are 8bit, none is 7bit. */
export const normalizeEncoding = (value: string): string => {
  const token = /[^\s;"'(]+/.exec(value.replace(/\([^()]*\)/g, ''))?.[0] ?? '7bit'
  return ENCODINGS.get(token.toLowerCase().replace(/[-_]/g, '')) ?? '8bit'
}

import { Buffer } from 'node:buffer'
import type { ReadBytes } from './open-part.ts'
import type { ParsedMessage } from './parsed-message.ts'
import { parseStructure } from './structure-parser.ts'

/** A message, parsed, with its bytes to read from. */
export type TestMessage = ParsedMessage & { readonly bytes: Buffer; readonly read: ReadBytes }

export const messageOf = (bytes: Buffer): TestMessage => ({
  ...parseStructure(bytes),
  bytes,
  read: (start, end) => bytes.subarray(start, end),
})

/** A message of lines, one character per byte. */
export const message = (...lines: readonly string[]): TestMessage =>
  messageOf(Buffer.from(lines.join('\r\n'), 'latin1'))

/** An entity: its fields, an empty line, its body. */
export const entity = (fields: readonly string[], ...body: readonly string[]): string =>
  [...fields, '', ...body].join('\r\n')

/** A multipart entity of entities. */
export const multipart = (subtype: string, boundary: string, ...parts: readonly string[]): string =>
  entity(
    [`Content-Type: multipart/${subtype}; boundary="${boundary}"`],
    ...parts.flatMap((part) => [`--${boundary}`, part]),
    `--${boundary}--`,
  )

export const plainText = (text: string): string => entity(['Content-Type: text/plain; charset=utf-8'], text)
export const htmlText = (html: string): string => entity(['Content-Type: text/html; charset=utf-8'], html)
export const file = (name: string, type = 'application/octet-stream'): string =>
  entity(
    [
      `Content-Type: ${type}`,
      `Content-Disposition: attachment; filename="${name}"`,
      'Content-Transfer-Encoding: base64',
    ],
    'YWJj',
  )
export const image = (id: string): string =>
  entity(['Content-Type: image/png', `Content-ID: <${id}>`, 'Content-Transfer-Encoding: base64'], 'YWJj')
export const embedded = (subject: string, text: string): string =>
  entity(['Content-Type: message/rfc822'], `Subject: ${subject}`, '', text)

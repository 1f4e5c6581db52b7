import { Buffer } from 'node:buffer'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import libbase64 from 'libbase64'
import libqp from 'libqp'
import type { MessageBody, TextSource } from '../body-parts.ts'
import { asBuffer } from '../bytes.ts'
import type { ReadBytes } from '../open-part.ts'
import { bodyEnd } from '../plain-to-html.ts'
import { isAtMost, MAX_BODY } from '../read-text.ts'
import { decodeWhole } from '../transfer.ts'
import { toUtf8 } from '../utf8-text.ts'
import { readFields, withoutFields } from './entity-fields.ts'

/** A text part written anew: its fields, and its encoded body. */
export type WrittenText = { readonly fields: readonly string[]; readonly body: Uint8Array }

/** A part of the phone's message in a new form. */
export type Replacement = WrittenText & { readonly part: Part }

/** More than every fifth character outside of ASCII: quoted-printable would be longer and no easier to read. */
const isMostlyAscii = (text: string): boolean => Buffer.byteLength(text) < text.length * 1.2

const toCrlf = (text: string): string => text.replace(/\r?\n/g, '\r\n')

/** A text in UTF-8 and a 7-bit encoding. `kind`: subtype with parameters beside the character set. */
export const writeText = (kind: string, text: string): WrittenText => {
  const lines = toCrlf(text)
  const mostlyAscii = isMostlyAscii(lines)
  const encoded = mostlyAscii
    ? libqp.wrap(libqp.encode(lines))
    : `${libbase64.wrap(libbase64.encode(lines))}\r\n`
  return {
    fields: [
      `Content-Type: text/${kind}; charset=utf-8\r\n`,
      `Content-Transfer-Encoding: ${mostlyAscii ? 'quoted-printable' : 'base64'}\r\n`,
    ],
    body: Buffer.from(encoded, 'latin1'),
  }
}

/** The texts to add to, plain and HTML where the message has both forms. Longer ones than anyone writes are left alone. */
export const targetsOf = ({ plain, html }: MessageBody): readonly TextSource[] => {
  const last = html.at(-1)
  const other = plain.at(-1)
  const targets = last && other && !html.includes(other) ? [other, last] : last ? [last] : []
  return targets.filter(({ part }) => isAtMost(part, MAX_BODY))
}

/** What was written, undone of nothing but its encoding: also its soft line breaks (RFC 3676) stay. */
const writtenText = async (
  { bodyStart, bodyEnd, encoding, charset }: Part,
  read: ReadBytes,
): Promise<string> => {
  const utf8 = toUtf8(decodeWhole(await read(bodyStart, bodyEnd), encoding), { charset })
  return asBuffer(utf8).toString()
}

/** RFC 3676 §4.2: a line that begins with a space, or "From ", is stuffed; quotes stand as they are. */
const stuffed = (text: string): string => text.replace(/^(?= |From )/gm, ' ')

const kindOfText = ({ type, parameters }: Part): string => {
  const isFlowed = (parameters.format ?? '').toLowerCase() === 'flowed'
  const deletesSpace = (parameters.delsp ?? '').toLowerCase() === 'yes'
  if (type === 'text/html') return 'html'
  return `plain${isFlowed ? '; format=flowed' : ''}${isFlowed && deletesSpace ? '; delsp=yes' : ''}`
}

const joined = (written: string, { html, part }: TextSource, added: string): string => {
  if (!html)
    return (
      written.trimEnd() + ((part.parameters.format ?? '').toLowerCase() === 'flowed' ? stuffed(added) : added)
    )
  const end = bodyEnd(written)
  return written.slice(0, end) + added + written.slice(end)
}

/** A text part of the phone's message with `added` at its end; the phone's text itself stays, character for character. */
export const withAddedText = async (
  source: TextSource,
  read: ReadBytes,
  added: string,
): Promise<Replacement> => {
  const { part } = source
  const text = writeText(kindOfText(part), joined(await writtenText(part, read), source, added))
  const header = await readFields(read, part.headerStart, part.bodyStart)
  const kept = withoutFields(header.content, [
    'content-type',
    'content-transfer-encoding',
    'content-length',
    'content-md5',
  ])
  return { part, fields: [...text.fields, ...kept], body: text.body }
}

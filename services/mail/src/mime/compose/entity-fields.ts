import { Buffer } from 'node:buffer'
import { latin1 } from '../bytes.ts'
import type { ReadBytes } from '../open-part.ts'

/** A header as it stands, one character per byte, cut into its fields with their folds and line ends. */
export type EntityFields = {
  /** Describe the content (Content-*): go wherever it goes. */
  readonly content: readonly string[]
  /** Describe the message. */
  readonly message: readonly string[]
}

const FIELD = /[^\n]*(?:\n[ \t][^\n]*)*(?:\n|$)/g

const isContent = (field: string): boolean => /^content-[a-z-]+[ \t]*:/i.test(field)

const isName = (field: string, name: string): boolean => new RegExp(`^${name}[ \\t]*:`, 'i').test(field)

const closed = (field: string): string => (field.endsWith('\n') ? field : `${field}\r\n`)

/** The fields of a header; lines that are none (an empty one, "From " of an mbox) are left out. */
export const splitFields = (header: string): EntityFields => {
  const fields = (header.match(FIELD) ?? []).filter((field) => /^[!-9;-~]+[ \t]*:/.test(field)).map(closed)
  return { content: fields.filter(isContent), message: fields.filter((field) => !isContent(field)) }
}

/** A longer header is an attack; submission refuses a quarter of it. */
const MAX_HEADER = 1024 * 1024

/** The fields of the header that stands there. */
export const readFields = async (read: ReadBytes, start: number, end: number): Promise<EntityFields> =>
  splitFields(latin1(await read(start, Math.min(end, start + MAX_HEADER))))

export const hasField = (fields: readonly string[], name: string): boolean =>
  fields.some((field) => isName(field, name))

export const withoutFields = (fields: readonly string[], names: readonly string[]): readonly string[] =>
  fields.filter((field) => !names.some((name) => isName(field, name)))

/** A parameter for any text (RFC 2231 §4). `name` in printable ASCII is quoted, else percent-encoded. */
export const parameter = (name: string, value: string): string => {
  if (/^[ -~]*$/.test(value)) return `${name}="${value.replace(/["\\]/g, '\\$&')}"`
  const encoded = [...Buffer.from(value)]
    .map((byte) =>
      /[A-Za-z0-9._-]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('')
  return `${name}*=utf-8''${encoded}`
}

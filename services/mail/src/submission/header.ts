/** A header section of more bytes isn't taken for submission. */
export const MAX_HEADER_BYTES = 256 * 1024

export type HeaderField = {
  /** Lower case. */
  readonly name: string
  /** Everything after the colon, unfolded (RFC 5322 section 2.2.3). */
  readonly value: string
  /** The field as it is, with its line ends. */
  readonly raw: string
}

/** A header section in Latin-1, one character for one byte, so that it becomes the same bytes again. */
export const parseHeader = (section: string): readonly HeaderField[] => {
  const fields: HeaderField[] = []
  for (const raw of section.match(/[^\n]*\n(?:[ \t][^\n]*\n)*/g) ?? []) {
    const colon = raw.indexOf(':')
    const name = raw.slice(0, Math.max(colon, 0)).trim().toLowerCase()
    const value = raw
      .slice(colon + 1)
      .replace(/\r?\n(?=[ \t])/g, '')
      .trim()
    fields.push({ name, value, raw })
  }
  return fields
}

/**
 * Where the body begins: after the first empty line. Undefined: not seen yet. A message may begin with an empty line, and then has
 * no header. `from`: where to go on looking.
 */
export const headerEnd = (bytes: Uint8Array, from = 0): number | undefined => {
  for (let at = bytes.indexOf(10, Math.max(0, from)); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at + 2
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3
  }
  return undefined
}

/** Fields that only the sender may see (RFC 5322 section 3.6.3), and those that other servers put in. */
const HIDDEN = new Set(['bcc', 'resent-bcc'])

export const hasHidden = (fields: readonly HeaderField[]): boolean =>
  fields.some(({ name }) => HIDDEN.has(name))

export const withoutHidden = (fields: readonly HeaderField[]): readonly HeaderField[] =>
  fields.filter(({ name }) => !HIDDEN.has(name))

export const valuesOf = (fields: readonly HeaderField[], name: string): readonly string[] =>
  fields.filter((field) => field.name === name).map(({ value }) => value)

export const hasField = (fields: readonly HeaderField[], name: string): boolean =>
  fields.some((field) => field.name === name && field.value !== '')

export const newField = (name: string, value: string): HeaderField => ({
  name: name.toLowerCase(),
  value,
  raw: `${name}: ${value}\r\n`,
})

/** The section with its empty line, in Latin-1. */
export const writeHeader = (fields: readonly HeaderField[]): string =>
  `${fields.map(({ raw }) => raw).join('')}\r\n`

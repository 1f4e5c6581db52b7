import { Buffer } from 'node:buffer'
import { latin1 } from './bytes.ts'
import { decodeCharset } from './charset.ts'
import { decodeWords } from './encoded-word.ts'
import { MAX_CONTINUATIONS, MAX_PARAMETERS } from './limits.ts'

/** A structured field: its value in lower case, and its parameters as written (one character per byte). */
export type StructuredField = {
  readonly value: string
  readonly parameters: ReadonlyMap<string, string>
  /** Some of them are extended or continued (RFC 2231). */
  readonly extended: boolean
}

const isWhite = (code: number): boolean => code === 32 || code === 9 || code === 13 || code === 10

/** Walks over one field value; every step moves forward. */
class Scanner {
  readonly text: string
  at = 0
  #comments = true
  constructor(text: string) {
    this.text = text
  }

  get done(): boolean {
    return this.at >= this.text.length
  }

  skipWhite(): void {
    while (!this.done && isWhite(this.text.charCodeAt(this.at))) this.at++
  }

  /** Between parameters: white space, semicolons and comments (RFC 5322 §3.2.2). */
  skipSeparators(): void {
    for (;;) {
      this.skipWhite()
      if (this.text[this.at] === ';') this.at++
      else if (this.text[this.at] === '(') this.#skipComment()
      else return
    }
  }

  /** After one that doesn't end parentheses are text: what follows may hold the boundary. */
  #skipComment(): void {
    const end = this.#comments ? commentEnd(this.text, this.at) : -1
    this.#comments = end > 0
    this.at = end > 0 ? end : this.at + 1
  }

  /** Up to one of the characters, trimmed. */
  until(stops: RegExp): string {
    stops.lastIndex = this.at
    const end = stops.exec(this.text)?.index ?? this.text.length
    const taken = this.text.slice(this.at, end).trim()
    this.at = end
    return taken
  }

  /** After the opening quote. Only `\"` and `\\` are escapes: paths of Windows are written into quotes as they are. */
  quoted(): string {
    let value = ''
    let from = this.at
    for (; !this.done && this.text[this.at] !== '"'; this.at++) {
      if (this.text[this.at] !== '\\' || !'"\\'.includes(this.text[this.at + 1] ?? ' ')) continue
      value += this.text.slice(from, this.at)
      from = ++this.at
    }
    value += this.text.slice(from, this.at)
    this.at++
    return value
  }
}

/** The position after a comment that begins at `start`; -1 if it has no end. */
export const commentEnd = (text: string, start: number): number => {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (char === '\\') at++
    else if (char === '(') depth++
    else if (char === ')' && --depth === 0) return at + 1
  }
  return -1
}

/** Where the semicolon before the next parameter is missing. */
const NEXT_PARAMETER = /[\s,][\w-]{1,64}\*?\d{0,3}\*?= ?"/

/** An unquoted value goes on to the semicolon (names of files have spaces), but not over a comment or the next `name="`. */
const unquoted = (scanner: Scanner): string => {
  const value = scanner.until(/;/g)
  const comment = value.search(/\s\(/)
  const next = value.search(NEXT_PARAMETER)
  const end = Math.min(...[comment, next].filter((at) => at >= 0), value.length)
  scanner.at -= value.length - end
  return value.slice(0, end).trim()
}

const readValue = (scanner: Scanner): string => {
  scanner.skipWhite()
  if (scanner.text[scanner.at] !== '"') return unquoted(scanner)
  scanner.at++
  return scanner.quoted()
}

/**
 * Content-Type, Content-Disposition and their like (RFC 2045 §5.1, RFC 2183). Takes unquoted values with spaces, missing semicolons,
 * comments, quotes without end. The first of two parameters of one name counts, as the first of two fields does.
 */
export const parseStructured = (raw: string): StructuredField => {
  const scanner = new Scanner(unfold(raw))
  scanner.skipSeparators()
  const value = scanner.until(/[;\s(]/g).toLowerCase()
  const parameters = new Map<string, string>()
  for (let count = 0; count < MAX_PARAMETERS * 2 && parameters.size < MAX_PARAMETERS; count++) {
    scanner.skipSeparators()
    if (scanner.done) break
    readParameter(scanner, parameters)
  }
  return { value, parameters, extended: raw.includes('*') }
}

const readParameter = (scanner: Scanner, parameters: Map<string, string>): void => {
  const name = scanner.until(/[=;]/g).toLowerCase()
  if (scanner.text[scanner.at] !== '=') return
  scanner.at++
  const value = readValue(scanner)
  if (name !== '' && name.length <= 64 && !parameters.has(name)) parameters.set(name, value)
}

/** RFC 5322 §2.2.3. */
export const unfold = (raw: string): string => (raw.includes('\n') ? raw.replace(/\r?\n/g, '') : raw)

/**
 * A parameter's text: RFC 2231 with its continuations and character set first, else the plain one, where mail also has encoded words
 * (against RFC 2047 §5) and bare 8-bit text.
 */
export const parameterText = (field: StructuredField, name: string, hint = ''): string => {
  const extended = field.extended ? extendedText(field.parameters, name) : null
  if (extended !== null) return extended
  const plain = field.parameters.get(name)
  return plain === undefined ? '' : decodeWords(plain, hint)
}

const extendedText = (parameters: ReadonlyMap<string, string>, name: string): string | null => {
  const whole = parameters.get(`${name}*`)
  if (whole !== undefined) return decodeExtended([{ text: whole, encoded: true }])
  const sections = sectionsOf(parameters, name)
  return sections.length === 0 ? null : decodeExtended(sections)
}

type Section = { readonly text: string; readonly encoded: boolean }

/** RFC 2231 §3: `name*0`, `name*1*`, ... up to the first that is missing. */
const sectionsOf = (parameters: ReadonlyMap<string, string>, name: string): Section[] => {
  const sections: Section[] = []
  for (let number = 0; number < MAX_CONTINUATIONS; number++) {
    const encoded = parameters.get(`${name}*${number}*`)
    const text = encoded ?? parameters.get(`${name}*${number}`)
    if (text === undefined) break
    sections.push({ text, encoded: encoded !== undefined })
  }
  return sections
}

/** RFC 2231 §4: `charset'language'text`, percent-encoded. */
const decodeExtended = (sections: readonly Section[]): string => {
  const first = sections[0] as Section
  const head = first.encoded ? /^([^']*)'[^']*'/.exec(first.text) : null
  const bytes = sections.map(({ text, encoded }, number) => {
    const plain = number === 0 && head ? text.slice(head[0].length) : text
    return Buffer.from(encoded ? percentDecoded(plain) : plain, 'latin1')
  })
  const whole = Buffer.concat(bytes)
  // Mailers that put encoded words into continuations.
  if (!head && !first.encoded) return decodeWords(latin1(whole))
  return decodeCharset(whole, head?.[1] ?? '')
}

const percentDecoded = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

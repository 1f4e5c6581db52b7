import { Buffer } from 'node:buffer'
import { decodeBase64 } from './base64.ts'
import { decodeCharset, normalizeCharset } from './charset.ts'
import { escapedByte } from './quoted-printable.ts'

type Word = { readonly charset: string; readonly encoding: string; text: string }
type Found = { readonly word: Word; readonly start: number; readonly end: number }

const MAX_CHARSET = 64

/** Positions only grow, so that a field of a million `=?` is looked through once. */
class Seeker {
  readonly #text: string
  readonly #what: string
  #at = -2
  constructor(text: string, what: string) {
    this.#text = text
    this.#what = what
  }
  from(start: number): number {
    if (this.#at !== -1 && this.#at < start) this.#at = this.#text.indexOf(this.#what, start)
    return this.#at
  }
}

const HEAD = /=\?([^?\s]{1,64})\?([bq])\?/iy

/** Reads the encoded words of RFC 2047 one after the other, also those that break its rules. */
class WordReader {
  readonly #text: string
  readonly #opening: Seeker
  readonly #following: Seeker
  readonly #closing: Seeker
  constructor(text: string) {
    this.#text = text
    this.#opening = new Seeker(text, '=?')
    this.#following = new Seeker(text, '=?')
    this.#closing = new Seeker(text, '?=')
  }

  next(from: number): Found | null {
    let start = this.#opening.from(from)
    for (; start >= 0; start = this.#opening.from(start + 1)) {
      HEAD.lastIndex = start
      const head = HEAD.exec(this.#text)
      if (head) return this.#body(head, start)
    }
    return null
  }

  /** A word ends at `?=`; one that lacks it, where the next word or white space begins. */
  #body(head: RegExpExecArray, start: number): Found {
    const from = start + head[0].length
    const closing = this.#closing.from(from)
    const following = this.#following.from(from)
    const closed = closing >= 0 && (following < 0 || following + 1 >= closing)
    const end = closed ? closing : this.#unclosedEnd(from, following)
    const word = {
      charset: charsetOf(head[1] as string),
      encoding: (head[2] as string).toLowerCase(),
      text: this.#text.slice(from, end),
    }
    return { word, start, end: closed ? end + 2 : end }
  }

  #unclosedEnd(from: number, following: number): number {
    const limit = following < 0 ? this.#text.length : following
    const space = this.#text.slice(from, limit).search(/\s/)
    return space < 0 ? limit : from + space
  }
}

/** RFC 2231 §5 allows a language after the name. */
const charsetOf = (label: string): string =>
  normalizeCharset(label.slice(0, MAX_CHARSET).split('*', 1)[0] as string)

const bytesOf = ({ encoding, text }: Word): Uint8Array => {
  const raw = Buffer.from(text, 'latin1')
  return encoding === 'b' ? decodeBase64(raw) : decodeQ(raw)
}

const UNDERSCORE = 95
const EQUALS = 61

/** RFC 2047 §4.2; works in place. */
const decodeQ = (bytes: Buffer): Uint8Array => {
  let to = 0
  for (let at = 0; at < bytes.length; at++) {
    const value = bytes[at] === EQUALS ? escapedByte(bytes, at) : -1
    if (value >= 0) at += 2
    bytes[to++] = value >= 0 ? value : bytes[at] === UNDERSCORE ? 32 : (bytes[at] as number)
  }
  return bytes.subarray(0, to)
}

/** Neighbours in one character set are decoded together: many senders cut characters, and base64 quanta, in two. */
const decodeRun = (words: readonly Word[]): string => {
  let text = ''
  for (let at = 0; at < words.length; ) {
    const first = words[at] as Word
    const pieces: Uint8Array[] = []
    for (; at < words.length && words[at]?.charset === first.charset; at++) {
      joinQuantum(words, at)
      pieces.push(bytesOf(words[at] as Word))
    }
    text += decodeCharset(
      pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces),
      first.charset,
    )
  }
  return text
}

/** Moves the last incomplete base64 quantum to the next word. */
const joinQuantum = (words: readonly Word[], at: number): void => {
  const word = words[at] as Word
  const next = words[at + 1]
  if (word.encoding !== 'b' || next?.encoding !== 'b' || next.charset !== word.charset) return
  const rest = word.text.length % 4
  if (rest === 0 || word.text.endsWith('=')) return
  next.text = word.text.slice(-rest) + next.text
  word.text = word.text.slice(0, -rest)
}

const literal = (text: string, hint: string): string =>
  /[^\t\n\r -~]/.test(text) ? decodeCharset(Buffer.from(text, 'latin1'), '', hint) : text

/**
 * The text of a raw field value (one character per byte): encoded words (RFC 2047) decoded, white space between neighbours dropped,
 * 8-bit text read as UTF-8 (RFC 6532) or, where it isn't that, in `hint` or Windows-1252. Linear, never throws.
 */
export const decodeWords = (raw: string, hint = ''): string => {
  if (!raw.includes('=?')) return literal(raw, hint)
  const reader = new WordReader(raw)
  let text = ''
  let at = 0
  let run: Word[] = []
  for (let found = reader.next(0); found; found = reader.next(found.end)) {
    const between = raw.slice(at, found.start)
    if (run.length > 0 && between.trim() !== '') {
      text += decodeRun(run)
      run = []
    }
    if (run.length === 0) text += literal(between, hint)
    run.push(found.word)
    at = found.end
  }
  return text + decodeRun(run) + literal(raw.slice(at), hint)
}

/** One line for a person to read: control characters, line ends and half surrogates gone, white space folded, at most `limit` UTF-16 units. */
export const displayText = (text: string, limit: number): string => {
  const folded = /[\p{Cc}\ufffe\uffff]|\s\s/u.test(text)
    ? text.replace(/[\p{Cc}\ufffe\uffff\s]+/gu, ' ')
    : text
  return truncateText(folded.toWellFormed().trim(), limit)
}

/** At most `limit` UTF-16 units, without cutting a surrogate pair. */
export const truncateText = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit)
}

import type { Address } from '@relais/proto/mail/v1/message.ts'
import { decodeWords, displayText, truncateText } from './encoded-word.ts'
import { MAX_ADDRESS, MAX_NAME } from './limits.ts'
import { commentEnd, unfold } from './parameters.ts'

/** What has been read of one mailbox (RFC 5322 §3.4). */
type Draft = {
  phrase: string
  comment: string
  angle: string | null
  quoted: boolean
  /** Kept beside the phrase: looking for them in it at every colon would take quadratic time. */
  hasAt: boolean
  hasText: boolean
}

const emptyDraft = (): Draft => ({
  phrase: '',
  comment: '',
  angle: null,
  quoted: false,
  hasAt: false,
  hasText: false,
})

/** Reads one character after the other; no recursion, so that groups in groups cost nothing (CVE-2025-14874). */
class AddressReader {
  readonly #text: string
  readonly #limit: number
  readonly #hint: string
  readonly #found: Address[] = []
  #draft = emptyDraft()
  #at = 0
  #comments = true

  constructor(text: string, limit: number, hint: string) {
    this.#text = text
    this.#limit = limit
    this.#hint = hint
  }

  read(): Address[] {
    while (this.#at < this.#text.length && this.#found.length < this.#limit)
      this.#step(this.#text[this.#at] as string)
    this.#finish()
    return this.#found
  }

  #step(char: string): void {
    if (char === '"') this.#quoted()
    else if (char === '(') this.#comment()
    else if (char === '<') this.#angle()
    else if (char === ':' && this.#opensGroup()) this.#openGroup()
    else if (char === ',' || char === ';') this.#separator()
    else if (char === '>') this.#at++
    else this.#plain()
  }

  /** Quoted text is never looked into: an address in quotes is part of a name or of a local part (CVE-2025-13033). */
  #quoted(): void {
    const end = quoteEnd(this.#text, this.#at)
    const inner = this.#text.slice(this.#at, end)
    const isLocalPart = this.#text[end] === '@'
    this.#draft.phrase += isLocalPart ? inner : unquote(inner)
    this.#draft.quoted ||= !isLocalPart
    this.#draft.hasText = true
    this.#at = end
  }

  #comment(): void {
    const end = this.#comments ? commentEnd(this.#text, this.#at) : -1
    this.#comments = end > 0
    if (end > 0 && this.#draft.comment === '') this.#draft.comment = this.#text.slice(this.#at + 1, end - 1)
    if (end < 0) this.#draft.phrase += '('
    this.#at = end > 0 ? end : this.#at + 1
  }

  #angle(): void {
    const from = this.#at + 1
    const stop = angleEnd(this.#text, from)
    if (this.#draft.angle !== null) this.#finish()
    this.#draft.angle = this.#text.slice(from, stop)
    this.#at = this.#text[stop] === '>' ? stop + 1 : stop
  }

  /** RFC 5322 §3.4: `name: members;`. A colon in an address (a route, an IPv6 literal) opens none. */
  #opensGroup(): boolean {
    return this.#draft.angle === null && !this.#draft.hasAt && this.#draft.hasText
  }

  /** An empty group is shown by its name ("undisclosed-recipients:;"); the name of one with members isn't a recipient. */
  #openGroup(): void {
    this.#at++
    const rest = /\s*;?/y
    rest.lastIndex = this.#at
    const empty = rest.exec(this.#text)?.[0].endsWith(';') || rest.lastIndex >= this.#text.length
    if (empty) this.#push(this.#draft.phrase, '')
    this.#draft = emptyDraft()
  }

  #separator(): void {
    this.#at++
    this.#finish()
  }

  #plain(): void {
    const special = /["(<>:,;]/g
    special.lastIndex = this.#at + 1
    const end = special.exec(this.#text)?.index ?? this.#text.length
    const piece = this.#text.slice(this.#at, end)
    this.#draft.phrase += piece
    this.#draft.hasAt ||= piece.includes('@')
    this.#draft.hasText ||= piece.trim() !== ''
    this.#at = end
  }

  #finish(): void {
    const { phrase, comment, angle } = this.#draft
    const bare = phrase.trim()
    if (angle !== null) this.#push(bare === '' ? comment : bare, angle.replace(/^@[^:]*:/, ''))
    else if (bare.includes('@') && !this.#draft.quoted) this.#bareAddress(bare, comment)
    else if (bare !== '') this.#push(this.#draft.quoted ? bare : comment, this.#draft.quoted ? '' : bare)
    this.#draft = emptyDraft()
  }

  /** `Name name@host` without brackets: the last word with an @ is the address, unless all of them are. */
  #bareAddress(bare: string, comment: string): void {
    const words = bare.startsWith('"') ? [bare] : bare.split(/\s+/)
    const areAddresses = words.every((word) => word.includes('@'))
    const addresses = areAddresses ? words : [words.findLast((word) => word.includes('@')) as string]
    const name = areAddresses ? '' : words.filter((word) => word !== addresses[0]).join(' ')
    for (const address of addresses) this.#push(name === '' ? comment : name, address)
  }

  #push(name: string, address: string): void {
    if (this.#found.length >= this.#limit) return
    const shown = displayText(decodeWords(unfold(name), this.#hint), MAX_NAME).replace(/^'(.+)'$/, '$1')
    const written = addressText(address, this.#hint)
    if (shown !== '' || written !== '') this.#found.push({ name: shown, address: written })
  }
}

const quoteEnd = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

const unquote = (quoted: string): string => quoted.replace(/^"|"$/g, '').replace(/\\(.)/gs, '$1')

/** To `>`, which quotes may hide; before the next `<` where it is missing. Routes (`<@a,@b:c@d>`) have commas. */
const angleEnd = (text: string, from: number): number => {
  let comma = -1
  for (let at = from; at < text.length; at++) {
    if (text[at] === '"') at = quoteEnd(text, at) - 1
    else if (text[at] === '>') return at
    else if (text[at] === ',' && comma < 0) comma = at
    else if (text[at] === '<') return comma < 0 ? at : comma
  }
  return comma < 0 ? text.length : comma
}

/** RFC 5322 §3.2.2: comments may stand between any two words of an address. */
const withoutComments = (text: string): string => {
  let kept = ''
  for (let at = 0; at < text.length; ) {
    const end = text[at] === '(' ? commentEnd(text, at) : text[at] === '"' ? quoteEnd(text, at) : at + 1
    if (end < 0) return kept + text.slice(at)
    if (text[at] !== '(') kept += text.slice(at, end)
    at = end
  }
  return kept
}

const addressText = (raw: string, hint: string): string =>
  truncateText(
    displayText(
      decodeWords(unfold(raw.includes('(') ? withoutComments(raw) : raw), hint),
      MAX_ADDRESS * 2,
    ).replace(/\s+/g, ''),
    MAX_ADDRESS,
  )

/**
 * Mailboxes of From, To and their like (RFC 5322 §3.4, §4.4): names decoded, addresses as written, groups flattened.
 * Takes missing brackets and quotes, empty places, comments for names; at most `limit` addresses. Linear, never throws.
 */
export const parseAddresses = (raw: string, limit: number, hint = ''): Address[] =>
  new AddressReader(raw, limit, hint).read()

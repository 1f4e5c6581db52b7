/** Named references that mail uses; the rest of HTML's 2,231 are left as they are. */
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ensp: ' ',
  emsp: ' ',
  thinsp: ' ',
  shy: '',
  zwnj: '',
  zwj: '',
  euro: '€',
  bull: '•',
  middot: '·',
  hellip: '…',
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  sbquo: '‚',
  ldquo: '“',
  rdquo: '”',
  bdquo: '„',
  lsaquo: '‹',
  rsaquo: '›',
  trade: '™',
  larr: '←',
  rarr: '→',
  check: '✓',
  minus: '−',
}

/** HTML's references for U+00A1 to U+00FF, in order. */
const LATIN =
  'iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml'

const REFERENCES: ReadonlyMap<string, string> = new Map([
  ...LATIN.split(' ').map((name, index): [string, string] => [name, String.fromCharCode(0xa1 + index)]),
  ...Object.entries(NAMED),
])

/** HTML Standard §13.2.5.80: numbers of the C1 range mean Windows-1252; the common ones. */
const C1: Readonly<Record<number, string>> = {
  128: '€',
  133: '…',
  145: '‘',
  146: '’',
  147: '“',
  148: '”',
  149: '•',
  150: '–',
  151: '—',
}

const numbered = (digits: string): string => {
  const code = /^x/i.test(digits) ? Number.parseInt(digits.slice(1), 16) : Number.parseInt(digits, 10)
  if (!(code > 0 && code <= 0x10ffff) || (code >= 0xd800 && code < 0xe000)) return '\ufffd'
  return C1[code] ?? String.fromCodePoint(code)
}

/** Character references decoded. */
export const decodeReferences = (text: string): string =>
  text.includes('&')
    ? text.replace(
        /&(?:#(x[0-9a-f]{1,6}|\d{1,7})|([a-z][a-z0-9]{1,31}));?/gi,
        (whole, digits?: string, name?: string) =>
          digits ? numbered(digits) : (REFERENCES.get(name as string) ?? whole),
      )
    : text

/** Elements whose content isn't shown. */
const HIDDEN = new Set([
  'head',
  'noframes',
  'object',
  'script',
  'select',
  'style',
  'svg',
  'template',
  'textarea',
  'title',
])

/** Of these, those in which nothing but their end means anything (HTML Standard §13.1.2). */
export const RAW_TEXT: ReadonlySet<string> = new Set(['script', 'style', 'textarea', 'title'])

/** Elements that begin and end a line. */
export const BLOCKS: ReadonlySet<string> = new Set([
  'address',
  'article',
  'aside',
  'blockquote',
  'br',
  'caption',
  'center',
  'dd',
  'div',
  'dl',
  'dt',
  'fieldset',
  'figure',
  'footer',
  'form',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'header',
  'hr',
  'li',
  'main',
  'nav',
  'ol',
  'p',
  'pre',
  'section',
  'table',
  'tr',
  'ul',
])

const MAX_QUOTED = 2000
const TAG_NAME = /<(\/?)([a-z][a-z0-9]{0,15})/iy

/** Where a tag that begins at `start` has ended. A `>` in quotes doesn't end it; quotes without an end nearby are none. */
export const endOfTag = (html: string, start: number): number => {
  const stop = /["'>]/g
  stop.lastIndex = start
  for (let found = stop.exec(html); found; found = stop.exec(html)) {
    if (found[0] === '>') return stop.lastIndex
    const value = html.slice(stop.lastIndex, stop.lastIndex + MAX_QUOTED).indexOf(found[0])
    if (value >= 0) stop.lastIndex += value + 1
  }
  return html.length
}

/** Reads HTML once from left to right, without building a tree: nesting of any depth costs nothing. */
class HtmlTextReader {
  readonly #html: string
  readonly #limit: number
  /** Hidden elements that were found not to end: looking for their end again would take quadratic time. */
  readonly #endless = new Set<string>()
  #text = ''
  #at = 0

  constructor(html: string, limit: number) {
    this.#html = html
    this.#limit = limit
  }

  read(): string {
    while (this.#at < this.#html.length && this.#text.length < this.#limit) {
      const tag = this.#html.indexOf('<', this.#at)
      const end = tag < 0 ? this.#html.length : tag
      this.#addText(end)
      this.#at = end
      if (tag >= 0) this.#tag()
    }
    return this.#text
  }

  #addText(end: number): void {
    if (end === this.#at) return
    const room = Math.min(end, this.#at + 8 * this.#limit)
    this.#text += decodeReferences(this.#html.slice(this.#at, room)).replace(/[\s\u00a0]+/g, ' ')
  }

  #tag(): void {
    if (this.#html.startsWith('<!--', this.#at)) {
      this.#skipTo('-->')
      return
    }
    TAG_NAME.lastIndex = this.#at
    const [, slash, written] = TAG_NAME.exec(this.#html) ?? []
    if (written === undefined) this.#notAnElement()
    else this.#element(written.toLowerCase(), slash === '')
  }

  #element(name: string, opening: boolean): void {
    this.#skipTag()
    if (BLOCKS.has(name)) this.#text += '\n'
    else if (name === 'td' || name === 'th') this.#text += ' '
    else if (HIDDEN.has(name) && opening) this.#skipElement(name)
  }

  /** A declaration, or a `<` that is text. */
  #notAnElement(): void {
    const next = this.#html[this.#at + 1]
    if (next === '!' || next === '?' || next === '/') this.#skipTo('>')
    else {
      this.#text += '<'
      this.#at++
    }
  }

  #skipTo(mark: string): void {
    const end = this.#html.indexOf(mark, this.#at)
    this.#at = end < 0 ? this.#html.length : end + mark.length
  }

  #skipTag(): void {
    this.#at = endOfTag(this.#html, this.#at)
  }

  /** An element that isn't shown. One without an end hides nothing, unless it is raw text: that hides all. */
  #skipElement(name: string): void {
    if (this.#endless.has(name)) return
    const closing = new RegExp(`</${name}[^<>]{0,64}>`, 'gi')
    closing.lastIndex = this.#at
    if (closing.exec(this.#html)) this.#at = closing.lastIndex
    else if (RAW_TEXT.has(name)) this.#at = this.#html.length
    else this.#endless.add(name)
  }
}

/**
 * The text of HTML for previews and the search index, in linear time and without a tree: lines where blocks begin and end, everything else is
 * white space folded. Stops soon after `limit` UTF-16 units. For reading there is {@link htmlToPlain}.
 */
export const htmlText = (html: string, limit: number): string =>
  new HtmlTextReader(html, limit).read().slice(0, limit)

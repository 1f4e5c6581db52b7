import { BLOCKS, decodeReferences, endOfTag, htmlText, RAW_TEXT } from './html-text.ts'
import { bodyEnd } from './plain-to-html.ts'
import { isAfterFromLine, isAttribution, isDivider, isFromLine, isLabelLine, tagMark } from './quote-marks.ts'

type Range = { readonly start: number; readonly end: number; readonly instead?: string }

/** A line as it is shown: the pieces of text that it is made of, and what they say. */
type Line = { readonly runs: Range[]; text: string }

/** An element that is being left out. */
type Quote = { readonly name: string; readonly start: number; depth: number }

/** What of a line is read: labels and attributions are short. */
const MAX_LINE = 500
/** Pieces of a line that can be taken away one by one; one of more isn't the line above a quote. */
const MAX_RUNS = 64
const TAG_NAME = /<(\/?)([a-z][a-z0-9]{0,15})/iy

const newLine = (): Line => ({ runs: [], text: '' })

/** Reads a document once from left to right and notes what of it is quoted: no tree, so that nesting of any depth costs nothing. */
class QuoteReader {
  readonly #html: string
  readonly removed: Range[] = []
  #at = 0
  #line = newLine()
  /** The last lines that say something, the later one first. */
  #before: readonly Line[] = []
  #quote: Quote | undefined
  /** Where a header block may begin: at a border, or at its first line. */
  #border = -1
  #from = -1
  #isOver = false

  constructor(html: string) {
    this.#html = html
  }

  read(): readonly Range[] {
    while (this.#at < this.#html.length && !this.#isOver) {
      const tag = this.#html.indexOf('<', this.#at)
      const end = tag < 0 ? this.#html.length : tag
      this.#text(end)
      this.#at = end
      if (tag >= 0) this.#markup()
    }
    if (!this.#isOver) this.#endLine(this.#html.length)
    if (this.#quote) this.#remove(this.#quote.start, this.#html.length)
    return this.removed
  }

  #remove(start: number, end: number): void {
    this.removed.push({ start, end })
  }

  /** Nothing that follows is new. */
  #rest(start: number): void {
    this.#remove(start, this.#html.length)
    this.#quote = undefined
    this.#isOver = true
  }

  #text(end: number): void {
    if (this.#quote || end === this.#at) return
    const line = this.#line
    if (line.runs.length <= MAX_RUNS) line.runs.push({ start: this.#at, end })
    if (line.text.length < MAX_LINE)
      line.text += decodeReferences(this.#html.slice(this.#at, Math.min(end, this.#at + 2 * MAX_LINE)))
  }

  #markup(): void {
    const start = this.#at
    TAG_NAME.lastIndex = start
    const [, slash, written] = TAG_NAME.exec(this.#html) ?? []
    if (this.#html.startsWith('<!--', start)) this.#skipTo('-->')
    else if (written === undefined) this.#notAnElement()
    else this.#tag(written.toLowerCase(), slash === '')
  }

  #tag(name: string, opening: boolean): void {
    const start = this.#at
    this.#at = endOfTag(this.#html, start)
    if (this.#quote) this.#insideQuote(this.#quote, name, opening)
    else if (opening && RAW_TEXT.has(name)) this.#skipRaw(name)
    else this.#element(name, opening, start)
  }

  #notAnElement(): void {
    const next = this.#html[this.#at + 1]
    if (next === '!' || next === '?' || next === '/') this.#skipTo('>')
    else {
      this.#text(this.#at + 1)
      this.#at++
    }
  }

  #skipTo(mark: string): void {
    const end = this.#html.indexOf(mark, this.#at)
    this.#at = end < 0 ? this.#html.length : end + mark.length
  }

  /** Style sheets and scripts are no text; one without an end hides all that follows. */
  #skipRaw(name: string): void {
    const closing = new RegExp(`</${name}[^<>]{0,64}>`, 'gi')
    closing.lastIndex = this.#at
    this.#at = closing.exec(this.#html) ? closing.lastIndex : this.#html.length
  }

  #insideQuote(quote: Quote, name: string, opening: boolean): void {
    if (name !== quote.name) return
    quote.depth += opening ? 1 : -1
    if (quote.depth > 0) return
    this.removed.push({ start: quote.start, end: this.#at, instead: this.#breakInstead(quote.start) })
    this.#quote = undefined
  }

  /** Between two texts a quote was a break, too. */
  #breakInstead(start: number): string {
    return /[^>\s]/.test(this.#html[start - 1] ?? '') && /[^<\s]/.test(this.#html[this.#at] ?? '')
      ? '<br>'
      : ''
  }

  #element(name: string, opening: boolean, start: number): void {
    if (BLOCKS.has(name)) this.#endLine(start)
    if (!opening || this.#isOver) return
    const mark =
      this.#at - start > name.length + 2 ? tagMark(name, this.#html.slice(start, this.#at)) : undefined
    if (mark === 'rest') this.#rest(start)
    else if (mark === 'element' || (name === 'blockquote' && this.#isBelowAttribution()))
      this.#open(name, start)
    else if (mark === 'border') this.#border = start
  }

  #open(name: string, start: number): void {
    this.#endLine(start)
    this.#removeAttribution()
    this.#quote = { name, start, depth: 1 }
  }

  /** A long one is broken in two. */
  #attribution(): readonly Line[] {
    const [last, former] = this.#before
    if (!last) return []
    if (isAttribution(last.text))
      return /^\S{1,3}\s/u.test(last.text) || !former ? [last] : this.#wrapped(last, former)
    return former && isAttribution(`${former.text} ${last.text}`) ? [last, former] : []
  }

  /** "On Monday, Anna" above "<anna@…> wrote:". */
  #wrapped(last: Line, former: Line): readonly Line[] {
    return /^[<"(]/.test(last.text) && /^\p{L}{1,3}\s/u.test(former.text) ? [last, former] : [last]
  }

  #isBelowAttribution(): boolean {
    return this.#attribution().length > 0
  }

  #removeAttribution(): void {
    for (const line of this.#attribution()) this.#removeLine(line)
    this.#before = []
  }

  /** Its text alone: tags stay, so that what they open and close stays in order. */
  #removeLine({ runs }: Line): void {
    if (runs.length <= MAX_RUNS) this.removed.push(...runs)
  }

  #endLine(end: number): void {
    const line = this.#line
    if (this.#quote || line.runs.length === 0) return
    this.#line = newLine()
    line.text = line.text.replace(/[\s\u00a0]+/g, ' ').trim()
    if (line.text !== '') this.#judge(line, end)
  }

  #judge(line: Line, end: number): void {
    const start = line.runs[0]!.start
    const { text } = line
    if (isDivider(text)) this.#rest(start)
    else if (this.#border >= 0 && isLabelLine(text)) this.#rest(this.#border)
    else if (this.#from >= 0 && isAfterFromLine(text)) this.#rest(this.#from)
    else this.#pass(line, { start, end })
  }

  #pass(line: Line, { start, end }: Range): void {
    this.#from = isFromLine(line.text) ? start : -1
    this.#border = -1
    if (line.text.startsWith('>')) this.#quotedLine(line, end)
    else this.#before = [line, ...this.#before.slice(0, 1)]
  }

  /** With the break that ends it. */
  #quotedLine(line: Line, end: number): void {
    this.#removeAttribution()
    this.#removeLine(line)
    if (/^<br/i.test(this.#html.slice(end, end + 3))) this.#remove(end, endOfTag(this.#html, end))
  }
}

const without = (html: string, removed: readonly Range[]): string => {
  const kept: string[] = []
  let at = 0
  for (const { start, end, instead = '' } of removed.toSorted((a, b) => a.start - b.start)) {
    if (start > at) kept.push(html.slice(at, start), instead)
    at = Math.max(at, end)
  }
  kept.push(html.slice(at))
  return kept.join('')
}

const isSomething = (html: string): boolean => htmlText(html, 1000).trim() !== '' || /<img\b/i.test(html)

/**
 * What of a message's HTML its sender has written anew: without the conversation that it quotes, as the common programs mark it, in the
 * languages of compose/words.ts (MS-ASAIRS 2.2.2.10, [MS-ASCON] 3.1.5). A message that is nothing but a quote is its own part: there would be
 * nothing to show. Time is linear in the length.
 */
export const uniquePart = (html: string): string => {
  const removed = new QuoteReader(html).read()
  if (removed.length === 0) return html
  const last = removed.reduce((end, range) => Math.max(end, range.end), 0)
  const rest = without(html, removed)
  const unique = last === html.length ? rest + html.slice(bodyEnd(html)) : rest
  return isSomething(unique) ? unique : html
}

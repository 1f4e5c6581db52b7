import { Buffer, isAscii } from 'node:buffer'
import type { Envelope } from '@relais/proto/mail/v1/message.ts'
import { startsLikeDelimiter } from './boundaries.ts'
import { asBuffer, latin1 } from './bytes.ts'
import {
  type DeliveryFields,
  emptyEnvelope,
  type HeaderReading,
  readDeliveryFields,
  readEnvelope,
} from './envelope.ts'
import { type Field, firstField, readHeaderBlock } from './header-block.ts'
import { kindOf } from './kind.ts'
import { DEFAULT_LIMITS, type MimeLimits } from './limits.ts'
import { LineEndings, type LineSink, LineSplitter } from './line-splitter.ts'
import type { ReadBytes } from './open-part.ts'
import { parameterText, parseStructured } from './parameters.ts'
import type { ParsedMessage } from './parsed-message.ts'
import { PartTree, type Place, type TreeOptions } from './part-tree.ts'
import { addToCapture } from './preview.ts'
import { baseSubject } from './subject.ts'
import { createTextBudget, type TextBudget } from './text-budget.ts'

/** An entity whose header is being read. */
type Heading = {
  readonly place: Place
  readonly start: number
  readonly firstLine: number
  text: string
  overflowed: boolean
}

/** How a header ended: by an empty line, or without one. */
type HeadingEnd = { readonly bodyStart: number; readonly empty: boolean }

const LF = 10
const CR = 13
const LINE_END = Buffer.from('\r\n')

const countFeeds = (text: string): number => text.split('\n').length - 1

const endLength = (text: string): number => (text.endsWith('\r\n') ? 2 : text.endsWith('\n') ? 1 : 0)

class StructureReader implements LineSink {
  readonly #limits: MimeLimits
  readonly #budget: TextBudget
  readonly #tree: PartTree
  #heading: Heading | null
  #hint = ''
  envelope: Envelope = emptyEnvelope()
  delivery: DeliveryFields | null = null

  #bytes: Buffer = LINE_END
  #base = 0
  /** From here to where the reader stands, the bytes are for the same header or body, and not passed on yet. */
  #run = 0
  #at = 0
  #line = 0
  /** Length of the line end right before where the reader stands; 0 inside a line. */
  #eol = 0
  /** Length of a line end that belongs to the body only if no delimiter follows (RFC 2046 §5.1.1). */
  #held = 0

  constructor(options: TreeOptions) {
    this.#limits = options.limits
    this.#budget = createTextBudget(options.limits.textBytes)
    this.#tree = new PartTree(options, this.#budget)
    this.#heading = this.#newHeading(this.#tree.rootPlace(), 0, 0)
  }

  /** Line feeds so far. */
  get lines(): number {
    return this.#line
  }

  get tree(): PartTree {
    return this.#tree
  }

  open(bytes: Buffer, offset: number): void {
    this.#bytes = bytes
    this.#base = offset
    this.#run = 0
    this.#at = 0
  }

  line(start: number, end: number, long: boolean): void {
    const delimits = !long && startsLikeDelimiter(this.#bytes, start)
    if (this.#heading) this.#headingLine(this.#heading, { start, end: long ? -1 : end }, delimits)
    if (delimits) this.#delimiterLine(start, end)
    this.#passLine(start, end)
  }

  more(start: number, end: number): void {
    this.#passLine(start, end)
  }

  close(): void {
    this.#flush(this.#at)
  }

  finish(size: number): void {
    this.open(LINE_END.subarray(0, 0), size)
    if (this.#heading) this.#endHeading(this.#heading, { bodyStart: size, empty: false })
    this.#feedHeld()
    this.#tree.endAll({ offset: size, line: this.#line })
  }

  #passLine(start: number, end: number): void {
    const complete = this.#bytes[end - 1] === LF
    this.#at = end
    this.#eol = !complete ? 0 : end - start > 1 && this.#bytes[end - 2] === CR ? 2 : 1
    if (complete) this.#line++
  }

  #newHeading(place: Place, start: number, firstLine: number): Heading {
    return { place, start, firstLine, text: '', overflowed: false }
  }

  /** `end` is -1 in a long line. */
  #headingLine(heading: Heading, { start, end }: { start: number; end: number }, delimits: boolean): void {
    const offset = this.#base + start
    if (delimits) this.#endHeadingAt(heading, start, { bodyStart: offset, empty: false })
    else if (end >= 0 && this.#isEmptyLine(start, end))
      this.#endHeadingAt(heading, start, { bodyStart: this.#base + end, empty: true })
    else if (!heading.overflowed && offset - heading.start > this.#limits.headerBytes)
      this.#overflow(heading, start)
  }

  #isEmptyLine(start: number, end: number): boolean {
    const isEnded = this.#bytes[end - 1] === LF
    return isEnded && (end - start === 1 || (end - start === 2 && this.#bytes[start] === CR))
  }

  /** A header longer than what is kept: its rest is skipped, unless it looks like a body whose empty line is missing. */
  #overflow(heading: Heading, start: number): void {
    this.#flush(start)
    heading.overflowed = true
    this.#tree.anomalies.add('header-too-long')
    if (readHeaderBlock(heading.text).bodyAt >= 0)
      this.#endHeading(heading, { bodyStart: this.#base + start, empty: false })
  }

  #endHeadingAt(heading: Heading, start: number, end: HeadingEnd): void {
    this.#flush(start)
    const startsInside = this.#endHeading(heading, end)
    if (!startsInside) this.#run = end.bodyStart - this.#base
  }

  /** True if the body begins inside of what was taken for the header. */
  #endHeading(heading: Heading, end: HeadingEnd): boolean {
    const { fields, bodyAt } = readHeaderBlock(heading.text)
    this.#heading = null
    const rest = bodyAt < 0 ? '' : heading.text.slice(bodyAt)
    const bodyStart = bodyAt < 0 ? end.bodyStart : heading.start + bodyAt
    const firstLine =
      bodyAt < 0
        ? this.#line + (end.empty ? 1 : 0)
        : heading.firstLine + countFeeds(heading.text.slice(0, bodyAt))
    if (bodyAt >= 0) this.#tree.anomalies.add('body-without-empty-line')
    if (heading.start === 0) this.#readMessageHeader(fields)
    const inner = this.#tree.begin({
      place: heading.place,
      fields,
      headerStart: heading.start,
      bodyStart,
      firstLine,
      hint: this.#hint,
    })
    if (inner) this.#beginInner({ ...this.#newHeading(inner, bodyStart, firstLine), text: rest }, end)
    else if (rest !== '') this.#feedRest(rest)
    return bodyAt >= 0
  }

  /** The header of an embedded message, which has ended too if that of its part did without an empty line. */
  #beginInner(heading: Heading, end: HeadingEnd): void {
    this.#heading = heading
    if (heading.text !== '' || !end.empty) this.#endHeading(heading, end)
  }

  #readMessageHeader(fields: readonly Field[]): void {
    this.#hint = parameterText(parseStructured(firstField(fields, 'content-type') ?? ''), 'charset')
    const reading: HeaderReading = { fields, limits: this.#limits, budget: this.#budget, hint: this.#hint }
    this.envelope = readEnvelope(reading)
    this.delivery = readDeliveryFields(reading)
  }

  #delimiterLine(start: number, end: number): void {
    const delimiter = this.#tree.boundaries.match(this.#bytes, start, end)
    if (!delimiter) return
    this.#flush(start)
    this.#held = 0
    const offset = this.#base + start - this.#eol
    this.#tree.endInside(delimiter.owner, { offset, line: this.#line - (this.#eol > 0 ? 1 : 0) })
    const place = delimiter.closing ? null : this.#tree.nextPlace(delimiter.owner)
    if (delimiter.closing) this.#tree.closeMultipart(delimiter.owner)
    this.#heading = place && this.#newHeading(place, this.#base + end, this.#line + 1)
    this.#run = end
  }

  /** Passes on what the reader has gone over. */
  #flush(end: number): void {
    if (end <= this.#run) return
    if (this.#heading) this.#keepHeader(this.#heading, end)
    else this.#feed(this.#run, end)
    this.#run = end
  }

  #keepHeader(heading: Heading, end: number): void {
    const room = this.#limits.headerBytes - heading.text.length
    if (room > 0) heading.text += latin1(this.#bytes, this.#run, Math.min(end, this.#run + room))
  }

  #feed(start: number, end: number): void {
    const { sizer, capture, kept } = this.#tree.leaf
    if (sizer === null && capture === null && kept === null) return
    this.#feedHeld()
    this.#feedLeaf(this.#bytes, start, end - this.#eol)
    this.#held = this.#eol
  }

  #feedHeld(): void {
    if (this.#held > 0) this.#feedLeaf(LINE_END, 2 - this.#held, 2)
    this.#held = 0
  }

  #feedRest(rest: string): void {
    const bytes = Buffer.from(rest, 'latin1')
    this.#held = endLength(rest)
    this.#feedLeaf(bytes, 0, bytes.length - this.#held)
  }

  #feedLeaf(bytes: Buffer, start: number, end: number): void {
    const { sizer, capture, kept } = this.#tree.leaf
    sizer?.write(bytes, start, end)
    kept?.add(bytes, start, end)
    if (capture) addToCapture(capture, bytes, start, end)
  }
}

/** Reads one message; see {@link createStructureParser}. */
export type StructureParser = {
  /** The next bytes of the message. They aren't kept. */
  readonly write: (chunk: Uint8Array) => void
  /** After the last byte; once. */
  readonly end: () => ParsedMessage
  /** The texts' bytes as far as they were kept (`keptText`), by their offsets in the message. */
  readonly readText: ReadBytes
}

export type ParserOptions = {
  readonly limits?: MimeLimits
  /** Bytes to keep of the text parts, for {@link searchTextOf}; default none. */
  readonly keptText?: number
}

/**
 * A parser of one message (RFC 5322, 2045 to 2047, 2183, 2231, 6532) in one pass over its bytes, cut into any chunks: the envelope, the tree of parts by
 * byte offsets with their decoded sizes, a preview. Takes linear time; keeps at most one header and the beginnings of texts.
 * It never throws: whatever a message breaks, its bytes belong to some part.
 */
export const createStructureParser = (options: ParserOptions = {}): StructureParser => {
  const reader = new StructureReader({
    limits: options.limits ?? DEFAULT_LIMITS,
    keptText: options.keptText ?? 0,
  })
  const splitter = new LineSplitter(reader)
  const endings = new LineEndings()
  let has8Bit = false
  const write = (chunk: Uint8Array): void => {
    const bytes = asBuffer(chunk)
    has8Bit ||= !isAscii(bytes)
    endings.write(bytes)
    splitter.write(bytes)
  }
  const end = (): ParsedMessage => {
    splitter.end()
    endings.end()
    reader.finish(splitter.offset)
    const { bareCr, hasNul } = endings
    const bareLf = endings.hasBareLf(reader.lines)
    return { ...resultOf(reader), has8Bit, hasNul, bareCr, bareLf, size: splitter.offset }
  }
  return { write, end, readText: reader.tree.kept.read }
}

type Read = Omit<ParsedMessage, 'size' | 'bareCr' | 'bareLf' | 'hasNul' | 'has8Bit'>

const resultOf = ({ envelope, delivery, tree }: StructureReader): Read => ({
  ...(delivery as DeliveryFields),
  envelope,
  structure: tree.root,
  preview: tree.captures.preview(),
  defect: '',
  anomalies: [...tree.anomalies],
  baseSubject: baseSubject(envelope.subject),
  kind: kindOf(tree.root),
})

/** A whole message at once. */
export const parseStructure = (bytes: Uint8Array, options: ParserOptions = {}): ParsedMessage => {
  const parser = createStructureParser(options)
  parser.write(bytes)
  return parser.end()
}

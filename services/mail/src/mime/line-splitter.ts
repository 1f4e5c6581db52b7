import { Buffer } from 'node:buffer'
import { MAX_DELIMITER_LINE } from './limits.ts'

/** What a {@link LineSplitter} calls; positions are in the bytes of the last `open`. */
export type LineSink = {
  /** The next bytes; `offset` is where the first of them stands in the message. */
  readonly open: (bytes: Buffer, offset: number) => void
  /** A line with its line end, which the last one may lack; or, where `long`, the beginning of one that is longer than any delimiter. */
  readonly line: (start: number, end: number, long: boolean) => void
  /** More of a long line; `complete` where its line feed is the last byte. */
  readonly more: (start: number, end: number, complete: boolean) => void
  /** No more lines in these bytes. */
  readonly close: () => void
}

const LF = 10
const CR = 13

/**
 * Cuts chunks into lines without copying them. Only a line that two chunks share is copied, and only up to the longest line
 * that could be a delimiter; a CR is never parted from its LF. So the sink sees the same lines however a message was cut.
 */
export class LineSplitter {
  readonly #sink: LineSink
  readonly #carry = Buffer.allocUnsafe(MAX_DELIMITER_LINE + 1)
  #carried = 0
  /** The beginning of the line at hand was passed on already. */
  #inLong = false
  #offset = 0

  constructor(sink: LineSink) {
    this.#sink = sink
  }

  /** Bytes taken so far. */
  get offset(): number {
    return this.#offset
  }

  write(chunk: Buffer): void {
    const start = this.#carried > 0 ? this.#completeCarried(chunk) : 0
    if (start < chunk.length) this.#split(start === 0 ? chunk : chunk.subarray(start), this.#offset + start)
    this.#offset += chunk.length
  }

  end(): void {
    const isShortLine = !this.#inLong
    if (this.#carried > 0) this.#releaseCarried(this.#offset, isShortLine)
  }

  #split(chunk: Buffer, offset: number): void {
    this.#sink.open(chunk, offset)
    let from = 0
    for (let feed = chunk.indexOf(LF, from); feed >= 0; feed = chunk.indexOf(LF, from)) {
      this.#pass(from, feed + 1, true)
      from = feed + 1
    }
    if (from < chunk.length) this.#keepRest(chunk, from)
    this.#sink.close()
  }

  #pass(start: number, end: number, complete: boolean): void {
    if (this.#inLong) this.#sink.more(start, end, complete)
    else this.#sink.line(start, end, !complete || end - start > MAX_DELIMITER_LINE)
    this.#inLong = !complete
  }

  #keepRest(chunk: Buffer, from: number): void {
    const isLong = this.#inLong || chunk.length - from > MAX_DELIMITER_LINE
    const keepFrom = !isLong ? from : chunk[chunk.length - 1] === CR ? chunk.length - 1 : chunk.length
    if (isLong && keepFrom > from) this.#pass(from, keepFrom, false)
    this.#carried = chunk.copy(this.#carry, 0, keepFrom)
  }

  /** Adds what the chunk has of the line that was carried over; the position after it. */
  #completeCarried(chunk: Buffer): number {
    const feed = chunk.indexOf(LF)
    const taken = feed < 0 ? chunk.length : feed + 1
    if (this.#inLong || this.#carried + taken > MAX_DELIMITER_LINE) return this.#carriedIsLong(chunk)
    this.#carried += chunk.copy(this.#carry, this.#carried, 0, taken)
    if (feed >= 0) this.#releaseCarried(this.#offset + taken, true)
    return taken
  }

  /** A CR at the end stays with a LF that follows. */
  #carriedIsLong(chunk: Buffer): number {
    const joins = this.#carry[this.#carried - 1] === CR && chunk[0] === LF
    if (joins) this.#carry[this.#carried++] = LF
    this.#releaseCarried(this.#offset + (joins ? 1 : 0), joins)
    return joins ? 1 : 0
  }

  #releaseCarried(endOffset: number, complete: boolean): void {
    const bytes = Buffer.from(this.#carry.subarray(0, this.#carried))
    this.#carried = 0
    this.#sink.open(bytes, endOffset - bytes.length)
    this.#pass(0, bytes.length, complete)
    this.#sink.close()
  }
}

/** Tells apart CRLF, bare CR and bare LF, and finds NUL, in a message cut anywhere. */
export class LineEndings {
  bareCr = false
  hasNul = false
  #pairs = 0
  #afterCr = false

  write(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.hasNul ||= chunk.includes(0)
    if (this.#afterCr) this.#returned(chunk[0] === LF)
    for (let at = chunk.indexOf(CR); at >= 0; at = chunk.indexOf(CR, at + 1)) {
      if (at + 1 < chunk.length) this.#returned(chunk[at + 1] === LF)
    }
    this.#afterCr = chunk[chunk.length - 1] === CR
  }

  end(): void {
    this.bareCr ||= this.#afterCr
  }

  /** True if some of the message's line feeds have no CR before them. */
  hasBareLf(feeds: number): boolean {
    return feeds > this.#pairs
  }

  #returned(isPair: boolean): void {
    if (isPair) this.#pairs++
    else this.bareCr = true
  }
}

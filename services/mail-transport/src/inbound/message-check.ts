import { Transform, type TransformCallback } from 'node:stream'
import { type RelaisError, terminal } from '@relais/service-kit'

const CR = 0x0d
const LF = 0x0a

/**
 * What other servers may take for the end of a message or of a line is refused, since it is how mail is smuggled (SMTP smuggling, 2023;
 * RFC 5321 2.3.8 allows CR and LF only as a pair).
 */
export const BARE_LINE_ENDING = 'BARE_LINE_ENDING'
export const MESSAGE_TOO_LARGE = 'MESSAGE_TOO_LARGE'
export const MAIL_LOOP = 'MAIL_LOOP'

/** RFC 5321 6.3: a hundred hops are a loop. */
const MAX_HOPS = 100
const HEADER_LIMIT = 256 * 1024

/** Passes a message through and ends in an error where it has a bare CR or LF, is too large, or has gone round in circles. */
export class MessageCheck extends Transform {
  readonly #limit: number
  #size = 0
  #afterCr = false
  #header = ''
  #inHeader = true

  constructor(limit: number) {
    super()
    this.#limit = limit
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const problem = this.#problem(chunk)
    if (problem === undefined) done(null, chunk)
    else done(problem)
  }

  override _flush(done: TransformCallback): void {
    done(this.#afterCr ? terminal(BARE_LINE_ENDING, 'lines must end in CR and LF together') : null)
  }

  #problem(chunk: Buffer): RelaisError | undefined {
    this.#size += chunk.length
    if (this.#size > this.#limit)
      return terminal(MESSAGE_TOO_LARGE, `the message is over the limit of ${this.#limit} bytes`)
    if (this.#hasBare(chunk)) return terminal(BARE_LINE_ENDING, 'lines must end in CR and LF together')
    return this.#inHeader && this.#loops(chunk)
      ? terminal(MAIL_LOOP, 'the message has gone round in circles')
      : undefined
  }

  #hasBare(chunk: Buffer): boolean {
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1))
      if (at === 0 ? !this.#afterCr : chunk[at - 1] !== CR) return true
    if (this.#afterCr && chunk[0] !== LF) return true
    for (let at = chunk.indexOf(CR); at !== -1 && at < chunk.length - 1; at = chunk.indexOf(CR, at + 1))
      if (chunk[at + 1] !== LF) return true
    this.#afterCr = chunk[chunk.length - 1] === CR
    return false
  }

  #loops(chunk: Buffer): boolean {
    this.#header += chunk.toString('latin1')
    const end = this.#header.indexOf('\r\n\r\n')
    const header = end === -1 ? this.#header : this.#header.slice(0, end)
    if (end === -1 && this.#header.length <= HEADER_LIMIT) return false
    this.#inHeader = false
    this.#header = ''
    return (header.match(/^received:/gim)?.length ?? 0) > MAX_HOPS
  }
}

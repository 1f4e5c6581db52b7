import type { Marks } from './mail-file.ts'
import { NO_MARKS } from './mail-file.ts'

/** Longest stretch of a line that is looked at as one; longer lines pass through in pieces. */
const LINE_LIMIT = 64 * 1024
const FLUSH_AT = 64 * 1024
const LF = 0x0a
const CR = 0x0d

export type MboxMessage = {
  readonly marks: Marks
  /** From the separator line; undefined where it says none. */
  readonly receivedAt: number | undefined
  readonly chunks: AsyncIterable<Uint8Array>
}

type Token = { readonly separator: string } | { readonly bytes: Uint8Array }

/**
 * Messages of an mbox (RFC 4155; quoting of ">From " as mboxrd has it). A line "From …" begins a message at the start of the file
 * or after an empty line. Any size in bounded memory.
 */
export async function* readMbox(source: AsyncIterable<Uint8Array>): AsyncGenerator<MboxMessage> {
  const tokens = tokenize(source)
  let token = await tokens.next()
  while (!token.done) {
    if (!('separator' in token.value)) {
      token = await tokens.next()
      continue
    }
    const message = new MessageTokens(tokens)
    yield await describe(token.value.separator, message)
    token = await message.following()
  }
}

/** The tokens of one message; knows the one that follows it. */
class MessageTokens {
  #tokens: AsyncGenerator<Token>
  #after: IteratorResult<Token> | undefined

  constructor(tokens: AsyncGenerator<Token>) {
    this.#tokens = tokens
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#after !== undefined) return undefined
    const token = await this.#tokens.next()
    if (!token.done && 'bytes' in token.value) return token.value.bytes
    this.#after = token
    return undefined
  }

  /** Skips what nobody read. */
  async following(): Promise<IteratorResult<Token>> {
    while ((await this.next()) !== undefined);
    return this.#after as IteratorResult<Token>
  }
}

const describe = async (separator: string, message: MessageTokens): Promise<MboxMessage> => {
  const first = await message.next()
  return {
    marks: first === undefined ? NO_MARKS : marksOf(first),
    receivedAt: dateOfSeparator(separator),
    chunks: chunksOf(first, message),
  }
}

async function* chunksOf(first: Uint8Array | undefined, message: MessageTokens) {
  for (let bytes = first; bytes !== undefined; bytes = await message.next()) yield bytes
}

const dateOfSeparator = (separator: string): number | undefined => {
  const text = /\d.*$|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b.*$/.exec(separator.replace(/^From \S*\s*/, ''))?.[0]
  const at =
    text === undefined ? Number.NaN : Date.parse(/[+-]\d{4}|GMT|UTC|Z\b/.test(text) ? text : `${text} UTC`)
  return Number.isNaN(at) ? undefined : at
}

/** Status: R read. X-Status: A answered, F flagged, T draft (as Dovecot, mutt and others write them). */
const marksOf = (beginning: Uint8Array): Marks => {
  const header = Buffer.from(
    beginning.buffer,
    beginning.byteOffset,
    Math.min(beginning.length, FLUSH_AT),
  ).toString('latin1')
  const end = /\r?\n\r?\n/.exec(header)?.index ?? header.length
  const field = (name: string) =>
    new RegExp(`^${name}:[ \\t]*(\\w+)`, 'mi').exec(header.slice(0, end))?.[1] ?? ''
  const more = field('X-Status')
  return {
    seen: field('Status').includes('R'),
    answered: more.includes('A'),
    flagged: more.includes('F'),
    draft: more.includes('T'),
  }
}

async function* tokenize(source: AsyncIterable<Uint8Array>): AsyncGenerator<Token> {
  const splitter = new Splitter()
  for await (const chunk of source)
    yield* splitter.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
  yield* splitter.end()
}

/** Cuts bytes into lines and lines into tokens; holds back one empty line, since that may belong to a separator. */
class Splitter {
  #rest: Buffer = Buffer.alloc(0)
  #out: Buffer[] = []
  #outBytes = 0
  #held: Buffer | undefined
  #afterEmpty = true
  #midLine = false
  #inMessage = false;

  *push(chunk: Buffer): Generator<Token> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      yield* this.#line(bytes.subarray(start, end + 1))
      start = end + 1
    }
    this.#rest = bytes.subarray(start)
    if (this.#rest.length > LINE_LIMIT) yield* this.#pieceOfLine()
  }

  *end(): Generator<Token> {
    if (this.#rest.length > 0) yield* this.#line(this.#rest)
    yield* this.#flush()
  }

  *#pieceOfLine(): Generator<Token> {
    const piece = this.#rest
    this.#rest = Buffer.alloc(0)
    yield* this.#line(piece)
    this.#midLine = true
  }

  *#line(line: Buffer): Generator<Token> {
    const whole = !this.#midLine
    this.#midLine = false
    if (whole && this.#afterEmpty && isSeparator(line)) return yield* this.#begin(line)
    if (!this.#inMessage) return
    if (this.#held !== undefined) yield* this.#emit(this.#held)
    this.#held = undefined
    this.#afterEmpty = whole && isEmpty(line)
    if (this.#afterEmpty) this.#held = line
    else yield* this.#emit(whole ? unquoted(line) : line)
  }

  *#begin(line: Buffer): Generator<Token> {
    this.#held = undefined
    this.#afterEmpty = false
    yield* this.#flush()
    this.#inMessage = true
    yield { separator: line.toString('latin1').trimEnd() }
  }

  *#emit(bytes: Buffer): Generator<Token> {
    this.#out.push(bytes)
    this.#outBytes += bytes.length
    if (this.#outBytes >= FLUSH_AT) yield* this.#flush()
  }

  *#flush(): Generator<Token> {
    if (this.#outBytes > 0) yield { bytes: Buffer.concat(this.#out) }
    this.#out = []
    this.#outBytes = 0
  }
}

const isEmpty = (line: Buffer) => line[0] === LF || (line[0] === CR && line[1] === LF)

const isSeparator = (line: Buffer) => line.length < 1024 && line.subarray(0, 5).toString('latin1') === 'From '

/** mboxrd: one ">" less before ">From ". */
const unquoted = (line: Buffer): Buffer => (line[0] === 0x3e && isQuotedFrom(line) ? line.subarray(1) : line)

const isQuotedFrom = (line: Buffer): boolean => {
  let from = 0
  while (line[from] === 0x3e) from++
  return line.subarray(from, from + 5).toString('latin1') === 'From '
}

export type MboxEntry = {
  readonly envelopeSender: string
  readonly receivedAt: number | undefined
  readonly chunks: AsyncIterable<Uint8Array>
}

/** The bytes of one message in an mbox: separator, message with ">From " quoting (mboxrd), empty line. */
export async function* mboxEntry(entry: MboxEntry): AsyncGenerator<Uint8Array> {
  const sender = entry.envelopeSender.replace(/\s/g, '') || 'MAILER-DAEMON'
  const date = new Date(entry.receivedAt ?? 0)
    .toUTCString()
    .replace(/^(\w+), (\d+) (\w+) (\d+) (.*) GMT$/, '$1 $3 $2 $5 $4')
  yield Buffer.from(`From ${sender} ${date}\n`)
  const quoter = new Quoter()
  for await (const chunk of entry.chunks)
    yield quoter.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
  yield quoter.end()
}

/** Puts ">" before lines that begin with any number of ">" and "From ". */
class Quoter {
  #rest: Buffer = Buffer.alloc(0)
  #lineStart = true
  #endsInLine = false

  push(chunk: Buffer): Buffer {
    const bytes = Buffer.concat([this.#rest, chunk])
    const end = bytes.length > LINE_LIMIT ? bytes.length : bytes.lastIndexOf(LF) + 1
    this.#rest = bytes.subarray(end)
    return this.#quote(bytes.subarray(0, end))
  }

  end(): Buffer {
    const last = this.#quote(this.#rest)
    return Buffer.concat([last, Buffer.from(this.#endsInLine ? '\n\n' : '\n')])
  }

  #quote(bytes: Buffer): Buffer {
    const parts: Buffer[] = []
    for (let start = 0; start < bytes.length; ) {
      const lf = bytes.indexOf(LF, start)
      const end = lf === -1 ? bytes.length : lf + 1
      const line = bytes.subarray(start, end)
      if (this.#lineStart && isQuotedFrom(line)) parts.push(Buffer.from('>'))
      parts.push(line)
      this.#lineStart = lf !== -1
      this.#endsInLine = lf === -1
      start = end
    }
    return Buffer.concat(parts)
  }
}

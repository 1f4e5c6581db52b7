import { isAscii } from 'node:buffer'
import { terminal } from '@relais/service-kit/errors.ts'
import { type HeaderField, headerEnd, MAX_HEADER_BYTES, parseHeader, writeHeader } from './header.ts'

/** A message that comes in chunks, split at the end of its header. */
export type SplitMessage = {
  readonly fields: readonly HeaderField[]
  readonly body: AsyncIterable<Uint8Array>
}

/** Errors: HEADER_TOO_LARGE. */
export const splitMessage = async (chunks: AsyncIterable<Uint8Array>): Promise<SplitMessage> => {
  const parts = chunks[Symbol.asyncIterator]()
  let start = Buffer.alloc(0)
  for (;;) {
    const { value, done } = await parts.next()
    const searched = start.length - 3
    if (!done) start = Buffer.concat([start, value])
    const end = bodyStart(start, searched)
    if (end !== undefined || done) return split(start, end, parts)
    if (start.length > MAX_HEADER_BYTES) {
      await parts.return?.()
      throw terminal('HEADER_TOO_LARGE', `a header has at most ${MAX_HEADER_BYTES} bytes`)
    }
  }
}

/** A message may begin with the empty line: it has no header then. */
const bodyStart = (bytes: Uint8Array, searched: number): number | undefined => {
  if (bytes[0] === 10) return 1
  if (bytes[0] === 13 && bytes[1] === 10) return 2
  return headerEnd(bytes, searched)
}

const split = (start: Buffer, end: number | undefined, parts: AsyncIterator<Uint8Array>): SplitMessage => {
  // Without the empty line, which writeHeader puts back; the last field of a message without a body may lack its line end.
  const section = start.toString('latin1', 0, end).replace(/(?:^|(?<=\n))\r?\n$/, '')
  const closed = section === '' || section.endsWith('\n') ? section : `${section}\r\n`
  return { fields: parseHeader(closed), body: rest(start.subarray(end ?? start.length), parts) }
}

async function* rest(first: Uint8Array, parts: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    if (first.length > 0) yield first
    for (;;) {
      const { value, done } = await parts.next()
      if (done) return
      yield value
    }
  } finally {
    await parts.return?.()
  }
}

export const headerBytes = (fields: readonly HeaderField[]): Uint8Array =>
  Buffer.from(writeHeader(fields), 'latin1')

/** RFC 6531: a header or an address with more than ASCII. */
export const needsUtf8 = (fields: readonly HeaderField[], addresses: readonly string[]): boolean =>
  fields.some(({ raw }) => !isAsciiText(raw)) || addresses.some((address) => !isAsciiText(address))

const isAsciiText = (text: string) => isAscii(Buffer.from(text))

/** RFC 6152. */
export const isEightBit = (chunk: Uint8Array): boolean => !isAscii(chunk)

import { Buffer } from 'node:buffer'
import type { MessageBody, TextSource } from './body-parts.ts'
import { asBuffer } from './bytes.ts'
import { htmlToPlain } from './html-to-plain.ts'
import type { ReadBytes } from './open-part.ts'
import { bodyFragment, htmlDocument, plainToFragment } from './plain-to-html.ts'
import { MAX_BODY, type ReadText, readText } from './read-text.ts'
import { withoutIllegal } from './utf8-text.ts'

export type Format = 'plain' | 'html'

export type TextRequest = {
  readonly body: MessageBody
  readonly read: ReadBytes
  readonly format: Format
  /** Bytes of UTF-8; more may come. */
  readonly wanted: number
}

/** HTML is read further than its text is wanted: tags and style sheets become nothing. */
const HTML_PER_TEXT = 16

const NOTHING: ReadText = { bytes: Buffer.alloc(0), estimated: 0, complete: true }

const scaled = (text: ReadText, bytes: Uint8Array): ReadText => {
  const ratio = bytes.length / Math.max(1, text.bytes.length)
  return {
    bytes,
    estimated: text.complete ? bytes.length : Math.ceil(text.estimated * ratio),
    complete: text.complete,
  }
}

const plainOf = async (source: TextSource, { read, wanted }: TextRequest): Promise<ReadText> => {
  if (!source.html) return readText(source, read, wanted)
  const html = await readText(source, read, wanted * HTML_PER_TEXT)
  return scaled(html, withoutIllegal(Buffer.from(htmlToPlain(asBuffer(html.bytes).toString()))))
}

const fragmentOf = async (source: TextSource, { read, wanted }: TextRequest): Promise<ReadText> => {
  const text = await readText(source, read, wanted)
  const written = asBuffer(text.bytes).toString()
  return scaled(text, Buffer.from(source.html ? bodyFragment(written) : plainToFragment(written)))
}

const BETWEEN: Readonly<Record<Format, Buffer>> = {
  plain: Buffer.from('\r\n'),
  html: Buffer.from('<br>\r\n'),
}

/** Texts one after the other, as far as they are wanted; those beyond count with their size. */
const joinedText = async (request: TextRequest): Promise<ReadText> => {
  const readOne = request.format === 'html' ? fragmentOf : plainOf
  const pieces: Uint8Array[] = []
  const sum = { length: 0, estimated: 0, complete: true }
  for (const source of request.body[request.format]) {
    const isWanted = sum.length < request.wanted
    const text = isWanted
      ? await readOne(source, request)
      : { ...NOTHING, estimated: source.part.decodedSize, complete: false }
    if (pieces.length > 0 && isWanted) pieces.push(BETWEEN[request.format])
    pieces.push(text.bytes)
    sum.length += text.bytes.length
    sum.estimated += text.estimated
    sum.complete &&= text.complete
  }
  const bytes = Buffer.concat(pieces)
  return { bytes, estimated: sum.complete ? bytes.length : sum.estimated, complete: sum.complete }
}

/**
 * A message's text in one format, UTF-8 and fit for XML: the part that has it where there is one, else converted from the other format;
 * several texts one after the other.
 */
export const renderText = async (request: TextRequest): Promise<ReadText> => {
  const { body, format, read } = request
  const wanted = Math.min(request.wanted, MAX_BODY)
  const [source, ...others] = body[format]
  if (!source) return NOTHING
  if (others.length === 0 && source.html === (format === 'html')) return readText(source, read, wanted)
  if (others.length === 0 && format === 'plain') return plainOf(source, { ...request, wanted })
  const text = await joinedText({ ...request, wanted })
  return format === 'plain' ? text : scaled(text, Buffer.from(htmlDocument(asBuffer(text.bytes).toString())))
}

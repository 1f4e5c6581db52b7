import { Buffer } from 'node:buffer'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import fc from 'fast-check'

/** A MIME tree from which a message is written, and what a parser has to find in it. */
export type LeafTree = {
  readonly kind: 'leaf'
  readonly type: string
  readonly encoding: '7bit' | '8bit' | 'base64' | 'quoted-printable'
  readonly disposition: '' | 'inline' | 'attachment'
  readonly filename: string
  /** Lines of the decoded text; the last one isn't ended. */
  readonly lines: readonly string[]
}
export type MultipartTree = {
  readonly kind: 'multipart'
  readonly subtype: string
  readonly preamble: readonly string[]
  readonly parts: readonly Tree[]
  readonly epilogue: readonly string[]
}
export type MessageTree = {
  readonly kind: 'message'
  readonly subject: string
  readonly inner: LeafTree | MultipartTree
}
export type Tree = LeafTree | MultipartTree | MessageTree

export type WrittenMessage = { readonly bytes: Buffer; readonly structure: ExpectedPart }

export type ExpectedPart = Pick<
  Part,
  | 'id'
  | 'type'
  | 'encoding'
  | 'disposition'
  | 'filename'
  | 'headerStart'
  | 'bodyStart'
  | 'bodyEnd'
  | 'decodedSize'
  | 'lines'
  | 'subject'
> & { readonly parts: ExpectedPart[] }

/** Lines that look like structure, and aren't. */
const deceptive = fc.constantFrom(
  '--',
  '---',
  '--b',
  '--b1-',
  '--b0x',
  '-- ',
  '--b1--x',
  'Content-Type: text/html',
  '',
  '.',
  'From me',
  '>',
  '=',
  '\t',
)
const word = fc.stringMatching(/^[ -~]{0,40}$/)
const line = fc.oneof({ weight: 3, arbitrary: word }, { weight: 1, arbitrary: deceptive })
const lines = fc.array(line, { minLength: 1, maxLength: 6 })

const leaf: fc.Arbitrary<LeafTree> = fc.record({
  kind: fc.constant('leaf' as const),
  type: fc.constantFrom(
    'text/plain',
    'text/html',
    'text/calendar',
    'application/octet-stream',
    'image/png',
    'application/x-y.z+w',
  ),
  encoding: fc.constantFrom('7bit' as const, '8bit' as const, 'base64' as const, 'quoted-printable' as const),
  disposition: fc.constantFrom('' as const, 'inline' as const, 'attachment' as const),
  filename: fc
    .oneof(fc.constant(''), fc.stringMatching(/^[A-Za-z0-9äöü€ ]{1,12}\.[a-z]{3}$/))
    .map((name) => name.trim().replace(/ +/g, ' ')),
  lines,
})

const { tree } = fc.letrec<{ tree: Tree; multipart: MultipartTree; message: MessageTree }>((tie) => ({
  tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('multipart'), tie('message')),
  multipart: fc.record({
    kind: fc.constant('multipart' as const),
    subtype: fc.constantFrom('mixed', 'alternative', 'related', 'signed', 'x-unknown'),
    preamble: fc.oneof(fc.constant([]), lines),
    parts: fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
    epilogue: fc.oneof(fc.constant([]), lines),
  }),
  message: fc.record({
    kind: fc.constant('message' as const),
    subject: fc.stringMatching(/^[A-Za-z0-9]{1,20}$/),
    inner: fc.oneof(leaf, tie('multipart')),
  }),
}))

/** Any tree a message may have, some of them deep. */
export const anyTree: fc.Arbitrary<Tree> = tree
export const anyLineEnd = fc.constantFrom('\r\n', '\n')

type Numbers = { readonly leaf: string; readonly multipart: string; readonly prefix: string }

const quotedPrintable = (text: string): string =>
  text
    .replace(
      /[^\t\n\r -<>-~]/g,
      (char) => `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .replace(
      /[ \t](?=\r?\n|$)/g,
      (char) => `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )

/** Writes a tree and keeps count of where everything stands. */
class MessageWriter {
  readonly #eol: string
  #text = ''
  #boundaries = 0

  constructor(eol: string) {
    this.#eol = eol
  }

  get bytes(): Buffer {
    return Buffer.from(this.#text, 'latin1')
  }

  get #at(): number {
    return this.#text.length
  }

  #add(...texts: string[]): void {
    for (const text of texts) this.#text += Buffer.from(text).toString('latin1')
  }

  #line(text: string): void {
    this.#add(text, this.#eol)
  }

  #lines(texts: readonly string[]): void {
    this.#add(texts.join(this.#eol))
  }

  write(written: Tree, numbers: Numbers, fields: readonly string[]): ExpectedPart {
    const headerStart = this.#at
    for (const field of fields) this.#line(field)
    if (written.kind === 'leaf') return this.#leaf(written, numbers, headerStart)
    return written.kind === 'multipart'
      ? this.#multipart(written, numbers, headerStart)
      : this.#message(written, numbers, headerStart)
  }

  #leaf(
    { type, encoding, disposition, filename, lines: texts }: LeafTree,
    { leaf: id }: Numbers,
    headerStart: number,
  ): ExpectedPart {
    this.#line(`Content-Type: ${type}; charset=utf-8`)
    this.#line(`Content-Transfer-Encoding: ${encoding}`)
    const name = filename === '' ? '' : `; filename*=utf-8''${encodeURIComponent(filename)}`
    if (disposition !== '') this.#line(`Content-Disposition: ${disposition}${name}`)
    this.#line('')
    const bodyStart = this.#at
    const text = texts.join(this.#eol)
    if (encoding === 'base64')
      this.#lines(
        Buffer.from(text)
          .toString('base64')
          .match(/.{1,76}/g) ?? [''],
      )
    else this.#add(encoding === 'quoted-printable' ? quotedPrintable(text) : text)
    const body = { headerStart, bodyStart, ...this.#end(bodyStart) }
    const named = disposition === '' ? '' : filename
    return {
      id,
      type,
      encoding,
      disposition,
      filename: named,
      ...body,
      decodedSize: Buffer.byteLength(text),
      subject: '',
      parts: [],
    }
  }

  #multipart(
    { subtype, preamble, parts, epilogue }: MultipartTree,
    numbers: Numbers,
    headerStart: number,
  ): ExpectedPart {
    const boundary = `b${this.#boundaries++}`
    this.#line(`Content-Type: multipart/${subtype}; boundary="${boundary}"`)
    this.#line('')
    const bodyStart = this.#at
    if (preamble.length > 0) this.#line(preamble.join(this.#eol))
    const written = parts.map((part, index) => {
      this.#line(`--${boundary}`)
      const id = `${numbers.prefix}${index + 1}`
      const child = this.write(part, { leaf: id, multipart: id, prefix: `${id}.` }, [])
      this.#line('')
      return child
    })
    this.#add(`--${boundary}--`)
    if (epilogue.length > 0) this.#add(this.#eol, epilogue.join(this.#eol))
    const body = { headerStart, bodyStart, ...this.#end(bodyStart) }
    const constant = { encoding: '7bit', disposition: '', filename: '', subject: '' }
    return {
      id: numbers.multipart,
      type: `multipart/${subtype}`,
      ...constant,
      ...body,
      decodedSize: this.#at - bodyStart,
      parts: written,
    }
  }

  #message({ subject, inner }: MessageTree, { leaf: id }: Numbers, headerStart: number): ExpectedPart {
    this.#line('Content-Type: message/rfc822')
    this.#line('')
    const bodyStart = this.#at
    const numbers = { leaf: `${id}.1`, multipart: `${id}.TEXT`, prefix: `${id}.` }
    const parts = [this.write(inner, numbers, [`Subject: ${subject}`, 'From: a@example.org'])]
    const body = { headerStart, bodyStart, ...this.#end(bodyStart) }
    const constant = { type: 'message/rfc822', encoding: '7bit', disposition: '', filename: '' }
    return { id, ...constant, ...body, decodedSize: this.#at - bodyStart, subject, parts }
  }

  #end(bodyStart: number): { bodyEnd: number; lines: number } {
    return { bodyEnd: this.#at, lines: this.#text.slice(bodyStart).split('\n').length - 1 }
  }
}

export const writeMessage = (written: Tree, eol: string): WrittenMessage => {
  const writer = new MessageWriter(eol)
  const structure = writer.write(written, { leaf: '1', multipart: '', prefix: '' }, [
    'Subject: generated',
    'To: b@example.org',
  ])
  return { bytes: writer.bytes, structure }
}

/** The same fields of a parsed part. */
export const comparablePart = (part: Part): ExpectedPart => ({
  id: part.id,
  type: part.type,
  encoding: part.encoding,
  disposition: part.disposition,
  filename: part.filename,
  headerStart: part.headerStart,
  bodyStart: part.bodyStart,
  bodyEnd: part.bodyEnd,
  decodedSize: part.decodedSize,
  lines: part.lines,
  subject: part.subject,
  parts: part.parts.map(comparablePart),
})

/** Bytes in pieces that end at the given places. */
export const cutAt = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (one, other) => one - other,
  )
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end))
}

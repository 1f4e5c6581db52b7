import assert from 'node:assert/strict'
import { Buffer, isUtf8 } from 'node:buffer'
import { MessageContent, type Part } from '@relais/proto/mail/v1/message.ts'
import fc from 'fast-check'
import { attachmentsOf } from './attachments.ts'
import { composeMessage } from './compose/compose.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { openPart, type ReadBytes, readRange } from './open-part.ts'
import type { ParsedMessage } from './parsed-message.ts'
import { renderBody } from './render-body.ts'
import { searchTextOf } from './search-text.ts'
import { parseStructure } from './structure-parser.ts'
import { decodeWhole } from './transfer.ts'
import { isLegal } from './utf8-text.ts'

/** Pieces that parsers stumble over. */
const SNIPPETS = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    '\n\n',
    '\0',
    '\t',
    ' ',
    ':',
    ';',
    '"',
    '\\',
    '(',
    ')',
    '<',
    '>',
    ',',
    '@',
    '=',
    '==',
    '=\r\n',
    '=',
  ],
  ...[
    '--',
    '--b0',
    '--b0--',
    '--b1',
    '\r\n--b0\r\n',
    '\r\n--b0--\r\n',
    '\r\n--b1--\r\n',
    '=?',
    '?=',
    '=?utf-8?B?',
    '=?utf-8?Q?=FF?=',
    '=?x?b?////?=',
  ],
  ...[
    '\xff',
    '\xc3',
    '\xe2\x82',
    '\xf0\x9f\x98\x80',
    '\xef\xbf\xbe',
    '\x1b$B',
    '\x1b(B',
    '+AGE-',
    '&#0;',
    '&#xd800;',
    '<!--',
    '<b>',
    '</style>',
  ],
  ...[
    'Content-Type: multipart/mixed; boundary=b0\r\n',
    'Content-Type: message/rfc822\r\n',
    'Content-Transfer-Encoding: base64\r\n',
  ],
  ...[
    'Content-Transfer-Encoding: quoted-printable\r\n',
    'Content-Type: text/html; charset=utf-16\r\n',
    'Content-Type: text/plain; charset=iso-2022-jp\r\n',
  ],
  ...[
    "; filename*0*=utf-8''%FF",
    '; boundary*0=b; boundary*1=0',
    'From: a@b, "c" <d@e>, f: g@h;\r\n',
    'Date: Mon, 99 Foo 99999 99:99:99 +9999\r\n',
  ],
].map((text) => Buffer.from(text, 'latin1'))

type Edit = { readonly at: number; readonly remove: number; readonly insert: Buffer }

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(),
  remove: fc.oneof(fc.constant(0), fc.nat({ max: 4 }), fc.nat({ max: 200 })),
  insert: fc.oneof(
    fc.constantFrom(...SNIPPETS),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  ),
})

export const anyEdits = fc.array(edit, { minLength: 1, maxLength: 12 })

export const mutated = (bytes: Buffer, edits: readonly Edit[]): Buffer =>
  edits.reduce((whole, { at, remove, insert }) => {
    const place = at % (whole.length + 1)
    return Buffer.concat([whole.subarray(0, place), insert, whole.subarray(place + remove)])
  }, bytes)

const within = (inner: Part, outer: { bodyStart: number; bodyEnd: number }): void => {
  assert.ok(
    outer.bodyStart <= inner.headerStart && inner.bodyEnd <= outer.bodyEnd,
    `${inner.id} lies inside of its parent`,
  )
}

const checkPart = (part: Part, bytes: Buffer, depth: number): void => {
  assert.ok(part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd, `${part.id} is in order`)
  assert.ok(depth <= DEFAULT_LIMITS.depth + 1, 'depth is bounded')
  part.parts.forEach((child, index) => {
    within(child, part)
    assert.ok(
      index === 0 || (part.parts[index - 1] as Part).bodyEnd <= child.headerStart,
      `${child.id} comes after the one before`,
    )
    checkPart(child, bytes, depth + 1)
  })
  const decoded = decodeWhole(bytes.subarray(part.bodyStart, part.bodyEnd), part.encoding)
  if (part.parts.length === 0)
    assert.equal(part.decodedSize, decoded.length, `${part.id} has the size that it decodes to`)
}

const idsOf = (part: Part): string[] => [part.id, ...part.parts.flatMap(idsOf)]

const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

/** Whatever the bytes: the structure is in itself true, bounded, and fit to be stored and sent. */
export const checkParsed = (parsed: ParsedMessage, bytes: Buffer): void => {
  const { structure, envelope, preview } = parsed
  assert.equal(parsed.size, bytes.length)
  assert.equal(structure.headerStart, 0)
  assert.equal(structure.bodyEnd, bytes.length)
  assert.equal(parsed.defect, '')
  checkPart(structure, bytes, 0)
  const ids = idsOf(structure)
  assert.equal(new Set(ids).size, ids.length, 'every part has a number of its own')
  assert.ok(ids.length <= DEFAULT_LIMITS.parts, 'parts are bounded')
  for (const text of textsOf({ structure, envelope, preview })) {
    assert.ok(
      text.isWellFormed() && !/[\p{Cc}\ufffe\uffff]/u.test(text),
      `${JSON.stringify(text)} is fit for XML`,
    )
  }
  assert.ok(preview.length <= 255)
  const content = MessageContent.create({ envelope, structure, preview, blob: 'b', size: bytes.length })
  assert.ok(MessageContent.encode(content).finish().length < 1024 * 1024, 'the event fits into one commit')
}

const readerOf =
  (bytes: Buffer): ReadBytes =>
  (start, end) =>
    bytes.subarray(start, end)

const checkBodies = async (
  { structure, kind, preview }: ParsedMessage,
  bytes: Buffer,
  truncation: number,
): Promise<void> => {
  for (const type of ['plain', 'html', 'mime']) {
    const bodies = [{ type, truncation, allOrNone: false, preview: 50 }]
    const options = { bodies, mimeSupport: 2, withBody: true }
    const { body } = await renderBody({ structure, read: readerOf(bytes), options, kind, preview })
    const data = body?.data ?? new Uint8Array(0)
    assert.ok(
      data.length <= truncation && data.length <= (body?.estimatedSize ?? 0),
      `${type} keeps to its bounds`,
    )
    if (type !== 'mime' || (kind !== 'smime' && kind !== 'smime-signed'))
      assert.ok(isUtf8(data) && isLegal(data), `${type} is fit for XML`)
    assert.ok((body?.preview.length ?? 0) <= 50)
  }
}

const checkAttachments = async (
  { structure }: ParsedMessage,
  bytes: Buffer,
  offset: number,
): Promise<void> => {
  for (const { part, name, size } of attachmentsOf(structure)) {
    assert.ok(
      name !== '' && !/[/\\\p{Cc}]/u.test(name) && Buffer.byteLength(name) <= 255,
      `${name} can be saved`,
    )
    const opened = openPart(structure, part)
    assert.ok(opened, `${part} can be opened`)
    const chunks: Uint8Array[] = []
    for await (const chunk of readRange(opened, readerOf(bytes), { offset, length: 0 })) chunks.push(chunk)
    assert.equal(Buffer.concat(chunks).length, Math.max(0, size - offset))
  }
}

const WRITTEN = Buffer.from(
  'From: me@example.org\r\nTo: you@example.org\r\nSubject: re\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>hi</p>',
)

const checkComposed = async (parsed: ParsedMessage, bytes: Buffer): Promise<void> => {
  const mine = { ...parseStructure(WRITTEN), read: readerOf(WRITTEN) }
  const theirs = { ...parsed, read: readerOf(bytes) }
  for (const verb of ['reply', 'forward'] as const) {
    for (const [written, original] of [
      [mine, theirs],
      [theirs, mine],
    ] as const) {
      const chunks: Uint8Array[] = []
      const composition = {
        verb,
        written,
        original,
        locale: 'de',
        timeZone: 'UTC',
        boundary: 'q7Zk3vXw9LmT2sRb',
      }
      for await (const chunk of composeMessage(composition)) chunks.push(chunk)
      const composed = Buffer.concat(chunks)
      checkParsed(parseStructure(composed), composed)
    }
  }
}

/** All that is done with a message: nothing throws, everything keeps to its bounds. */
export const checkMessage = async (bytes: Buffer, number: number): Promise<void> => {
  const parsed = parseStructure(bytes)
  checkParsed(parsed, bytes)
  await checkBodies(parsed, bytes, number % 500)
  await checkAttachments(parsed, bytes, number % 100)
  const { body } = await searchTextOf({ ...parsed, read: readerOf(bytes) })
  assert.ok(body.isWellFormed())
  await checkComposed(parsed, bytes)
}

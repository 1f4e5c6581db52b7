import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import { checkMessage, checkParsed } from './fuzz.fixture.ts'
import { embedded, entity, file, htmlText, image, message, multipart, plainText } from './message.fixture.ts'
import { parseStructure } from './structure-parser.ts'

/** One message with something of everything, broken in every place, one way after the other. */
const WHOLE = message(
  'From: =?utf-8?Q?J=C3=B6rg?= <j@x.example>',
  'Subject: =?utf-8?B?R3LDvMOfZQ==?=',
  multipart(
    'mixed',
    'm',
    multipart(
      'related',
      'r',
      multipart('alternative', 'a', plainText('plain'), htmlText('<p>html</p>')),
      image('i'),
    ),
    embedded('inner', 'inner text'),
    entity(
      ['Content-Type: text/plain; charset=iso-8859-1', 'Content-Transfer-Encoding: quoted-printable'],
      'Gr=FC=DFe=',
      ' and more',
    ),
    file('a.pdf'),
  ),
).bytes

const typesOf = (part: Part): string[] => [part.type, ...part.parts.flatMap(typesOf)]

test('cut off at any byte, what came before is there', async () => {
  const complete = typesOf(parseStructure(WHOLE).structure)
  let before = 0
  for (let end = 0; end <= WHOLE.length; end++) {
    const cut = Buffer.from(WHOLE.subarray(0, end))
    const parsed = parseStructure(cut)
    checkParsed(parsed, cut)
    const count = typesOf(parsed.structure).length
    // A closing delimiter that has lost its last dashes opens one part more.
    assert.ok(count >= before - 1 && count <= complete.length + 1, `${count} parts of ${end} bytes`)
    before = count
  }
  assert.equal(before, complete.length)
  for (let end = 0; end < WHOLE.length; end += 29)
    await checkMessage(Buffer.from(WHOLE.subarray(0, end)), end)
})

test('begun at any byte, what comes behind is there', async () => {
  for (let start = 0; start < WHOLE.length; start++) {
    const cut = Buffer.from(WHOLE.subarray(start))
    checkParsed(parseStructure(cut), cut)
  }
  for (let start = 0; start < WHOLE.length; start += 29)
    await checkMessage(Buffer.from(WHOLE.subarray(start)), start)
})

test('without any one of its bytes it is a message', () => {
  for (let at = 0; at < WHOLE.length; at++) {
    const without = Buffer.concat([WHOLE.subarray(0, at), WHOLE.subarray(at + 1)])
    checkParsed(parseStructure(without), without)
  }
})

for (const [what, inserted] of [
  ['a line feed', '\n'],
  ['an empty line', '\r\n\r\n'],
  ['a carriage return', '\r'],
  ['a NUL', '\0'],
  ['a quote', '"'],
  ['an 8-bit byte', '\xff'],
  ['a delimiter', '\r\n--m\r\n'],
  ['a closing delimiter', '\r\n--r--\r\n'],
] as const) {
  test(`with ${what} put in anywhere it is a message`, () => {
    const bytes = Buffer.from(inserted, 'latin1')
    for (let at = 0; at <= WHOLE.length; at++) {
      const broken = Buffer.concat([WHOLE.subarray(0, at), bytes, WHOLE.subarray(at)])
      checkParsed(parseStructure(broken), broken)
    }
  })
}

test('without any one of its lines it is a message', async () => {
  const lines = WHOLE.toString('latin1').split('\r\n')
  for (let skipped = 0; skipped < lines.length; skipped++) {
    const broken = Buffer.from(lines.filter((_, index) => index !== skipped).join('\r\n'), 'latin1')
    await checkMessage(broken, skipped)
  }
})

test('with any one of its lines twice it is a message', async () => {
  const lines = WHOLE.toString('latin1').split('\r\n')
  for (let doubled = 0; doubled < lines.length; doubled++) {
    const broken = Buffer.from(
      lines.flatMap((line, index) => (index === doubled ? [line, line] : [line])).join('\r\n'),
      'latin1',
    )
    await checkMessage(broken, doubled)
  }
})

test('with its lines the other way round it is a message', async () => {
  await checkMessage(Buffer.from(WHOLE.toString('latin1').split('\r\n').reverse().join('\r\n'), 'latin1'), 1)
})

test('with other line ends its parts are the same', () => {
  const text = WHOLE.toString('latin1')
  const types = typesOf(parseStructure(WHOLE).structure)
  const sizes = (part: Part): number[] => [
    ...(part.encoding === 'base64' ? [part.decodedSize] : []),
    ...part.parts.flatMap(sizes),
  ]
  for (const other of [
    text.replaceAll('\r\n', '\n'),
    text.replace(/\r\n/g, (_, at: number) => (at % 2 === 0 ? '\n' : '\r\n')),
  ]) {
    const { structure } = parseStructure(Buffer.from(other, 'latin1'))
    assert.deepEqual(typesOf(structure), types)
    assert.deepEqual(sizes(structure), sizes(parseStructure(WHOLE).structure))
  }
})

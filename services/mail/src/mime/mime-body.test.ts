import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  entity,
  htmlText,
  message,
  messageOf,
  multipart,
  plainText,
  type TestMessage,
} from './message.fixture.ts'
import { mimeBody } from './mime-body.ts'
import { parseStructure } from './structure-parser.ts'
import { decodeWhole } from './transfer.ts'
import { isFitText } from './utf8-text.ts'

const sent = async (letter: TestMessage, truncation?: number, asIs = false) => {
  const body = await mimeBody({ structure: letter.structure, read: letter.read, asIs, truncation })
  return { ...body, bytes: Buffer.from(body.data ?? []) }
}

const latin = entity(
  ['Content-Type: text/plain; charset=iso-8859-1', 'Content-Transfer-Encoding: 8bit'],
  'Gr\xfc\xdfe',
)

test('a message that is text is sent as it is stored', async () => {
  for (const letter of [
    message(plainText('x')),
    messageOf(Buffer.from(entity(['Subject: Grüße'], 'ä€😀'))),
  ]) {
    assert.deepEqual((await sent(letter)).bytes, letter.bytes)
  }
})

test('a part that is no UTF-8 is sent in base64, the others as they are', async () => {
  const letter = message(multipart('mixed', 'b', latin, plainText('plain')))
  const { bytes, truncated } = await sent(letter)
  assert.ok(isFitText(bytes))
  assert.ok(!truncated)
  const { structure } = parseStructure(bytes)
  const [first, second] = structure.parts
  assert.deepEqual([first?.type, first?.charset, first?.encoding], ['text/plain', 'iso-8859-1', 'base64'])
  assert.equal(
    Buffer.from(decodeWhole(bytes.subarray(first?.bodyStart, first?.bodyEnd), 'base64')).toString('latin1'),
    'Gr\xfc\xdfe',
  )
  assert.equal(bytes.toString('latin1', second?.headerStart, second?.bodyEnd), plainText('plain'))
})

test('a message of one part that is no UTF-8 keeps its header', async () => {
  const letter = message(
    'Subject: a',
    'From: b@c.example',
    'Content-Transfer-Encoding: 8bit',
    'X-Last: d',
    '',
    'Gr\xfc\xdfe',
  )
  const { bytes } = await sent(letter)
  assert.equal(
    bytes.toString(),
    [
      'Subject: a',
      'From: b@c.example',
      'X-Last: d',
      'Content-Transfer-Encoding: base64',
      '',
      'R3L832U=',
      '',
    ].join('\r\n'),
  )
})

test('a folded field of the encoding goes with its folds', async () => {
  const letter = message('Content-Transfer-Encoding:', ' 8bit', 'Subject: a', '', '\xff')
  assert.equal(
    (await sent(letter)).bytes.toString(),
    'Subject: a\r\nContent-Transfer-Encoding: base64\r\n\r\n/w==\r\n',
  )
})

test('a part with NUL is sent in base64', async () => {
  const letter = message(plainText('a\0b'))
  const { bytes } = await sent(letter)
  assert.ok(isFitText(bytes))
  const { structure } = parseStructure(bytes)
  assert.equal(
    Buffer.from(
      decodeWhole(bytes.subarray(structure.bodyStart, structure.bodyEnd), structure.encoding),
    ).toString(),
    'a\0b',
  )
})

test('8-bit text outside of parts becomes UTF-8', async () => {
  const letter = message(
    'Subject: Gr\xfc\xdfe',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    'vor\xdfpann',
    '--b',
    '',
    'x',
    '--b--',
  )
  const { bytes } = await sent(letter)
  assert.ok(bytes.toString().startsWith('Subject: Grüße\r\n'))
  assert.ok(bytes.toString().includes('vorßpann'))
})

test('S/MIME is sent as it is, whatever it holds: its signature covers every byte', async () => {
  const letter = message(latin)
  assert.deepEqual((await sent(letter, undefined, true)).bytes, letter.bytes)
  assert.deepEqual((await sent(letter, 7, true)).bytes, letter.bytes.subarray(0, 7))
})

test('MIME is cut at the size wanted, between two characters', async () => {
  const letter = messageOf(Buffer.from('Subject: €\r\n\r\nx'))
  for (const [truncation, text] of [
    [0, ''],
    [9, 'Subject: '],
    [10, 'Subject: '],
    [11, 'Subject: '],
    [12, 'Subject: €'],
  ] as const) {
    const { bytes, truncated, estimatedSize } = await sent(letter, truncation)
    assert.deepEqual([bytes.toString(), truncated, estimatedSize], [text, true, letter.bytes.length])
  }
})

test('no data is no data, not an empty one', async () => {
  const { data, truncated } = await sent(message(plainText('x')), 0)
  assert.deepEqual([data, truncated], [undefined, true])
})

test('a re-encoded message is cut as well, and is longer than what it was made of', async () => {
  const letter = message(entity(['Content-Type: text/plain; charset=iso-8859-1'], '\xfc'.repeat(100_000)))
  const { bytes, truncated, estimatedSize } = await sent(letter, 1000)
  assert.deepEqual([bytes.length, truncated], [1000, true])
  assert.ok(estimatedSize >= letter.bytes.length)
  assert.ok((await sent(letter)).bytes.length > letter.bytes.length)
})

test('characters that a window cuts are not taken for broken ones', async () => {
  const letter = messageOf(
    Buffer.concat([Buffer.from(`X: ${'€'.repeat(50_000)}\r\n\r\n`), Buffer.from([0xff])]),
  )
  const { bytes } = await sent(letter)
  assert.ok(bytes.toString().startsWith(`X: ${'€'.repeat(50_000)}\r\n`))
})

test('any bytes become text that EAS can carry, with the same parts', async () => {
  const piece = fc.constantFrom('a', '\xff', '\0', '\xc3\xa4', '\r\n', '--b', '=', 'Subject: x\r\n')
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 20 }),
      fc.array(piece, { maxLength: 20 }),
      async (first, second) => {
        const letter = message(multipart('mixed', 'b', plainText(first.join('')), htmlText(second.join(''))))
        const { bytes } = await sent(letter)
        assert.ok(isFitText(bytes))
        const types = parseStructure(bytes).structure.parts.map(({ type }) => type)
        assert.deepEqual(
          types,
          letter.structure.parts.map(({ type }) => type),
        )
      },
    ),
    { numRuns: 300 },
  )
})

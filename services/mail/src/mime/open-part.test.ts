import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import libbase64 from 'libbase64'
import {
  embedded,
  entity,
  file,
  message,
  messageOf,
  multipart,
  plainText,
  type TestMessage,
} from './message.fixture.ts'
import {
  type ByteRange,
  findPart,
  type OpenedPart,
  openPart,
  type ReadBytes,
  readRange,
} from './open-part.ts'
import { decodeWhole } from './transfer.ts'

const collect = async (part: OpenedPart, read: ReadBytes, range: ByteRange): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of readRange(part, read, range)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const open = ({ structure }: TestMessage, id: string): OpenedPart => {
  const part = openPart(structure, id)
  assert.ok(part, `part ${id}`)
  return part
}

test('parts are found by their numbers', () => {
  const { structure } = message(
    multipart('mixed', 'b', plainText('x'), embedded('s', 'inner'), multipart('mixed', 'c', file('a'))),
  )
  for (const id of ['', '1', '2', '2.1', '3', '3.1']) assert.equal(findPart(structure, id)?.id, id)
  for (const id of ['0', '4', '2.2', '3.1.1', 'x', '1.TEXT']) assert.equal(findPart(structure, id), null)
})

test('a message without parts is its part 1', async () => {
  const letter = message('Subject: a', '', 'text')
  assert.equal((await collect(open(letter, '1'), letter.read, { offset: 0, length: 0 })).toString(), 'text')
})

test('the empty number is the message as it is stored', async () => {
  const letter = message('Subject: a', 'Content-Transfer-Encoding: base64', '', 'YWJj')
  const { type, name, size } = open(letter, '')
  assert.deepEqual([type, name, size], ['message/rfc822', 'message.eml', letter.bytes.length])
  assert.deepEqual(await collect(open(letter, ''), letter.read, { offset: 0, length: 0 }), letter.bytes)
})

test('a part is opened with its type, name and decoded size', () => {
  const { type, name, size, encoding } = open(
    message(multipart('mixed', 'b', file('a.pdf', 'application/pdf'))),
    '1',
  )
  assert.deepEqual([type, name, size, encoding], ['application/pdf', 'a.pdf', 3, 'base64'])
})

test('an embedded message is read as it is, from its header on', async () => {
  const letter = message(multipart('mixed', 'b', embedded('s', 'inner')))
  assert.equal(
    (await collect(open(letter, '1'), letter.read, { offset: 0, length: 0 })).toString(),
    'Subject: s\r\n\r\ninner',
  )
})

test('there is no part that is not there', () => assert.equal(openPart(message('a').structure, '2'), null))

/** Bodies of every encoding, regular and not. */
const BODIES: Readonly<Record<string, (content: Buffer) => [string, string]>> = {
  'base64 in lines of 76': (content) => ['base64', libbase64.wrap(libbase64.encode(content))],
  'base64 in lines of 60, line feeds only': (content) => [
    'base64',
    libbase64.wrap(libbase64.encode(content), 60).replaceAll('\r', ''),
  ],
  'base64 in one line': (content) => ['base64', libbase64.encode(content)],
  'base64 in lines of 77': (content) => ['base64', libbase64.wrap(libbase64.encode(content), 77)],
  'base64 with a shorter line inside': (content) => {
    const text = libbase64.wrap(libbase64.encode(content))
    return ['base64', `${text.slice(0, 40)}\r\n${text.slice(40)}`]
  },
  'base64 with white space inside': (content) => [
    'base64',
    libbase64.wrap(libbase64.encode(content)).replace(/A/g, 'A '),
  ],
  'base64 padded line by line': (content) => [
    'base64',
    (content.toString('hex').match(/.{1,80}/g) ?? [])
      .map((hex) => Buffer.from(hex, 'hex').toString('base64'))
      .join('\r\n'),
  ],
  'base64 and an empty line': (content) => ['base64', `${libbase64.wrap(libbase64.encode(content))}\r\n\r\n`],
  'quoted-printable': (content) => [
    'quoted-printable',
    content.toString('hex').replace(/../g, '=$&').replace(/.{75}/g, '$&=\r\n'),
  ],
  '8bit': (content) => ['8bit', content.toString('latin1')],
}

for (const [what, encode] of Object.entries(BODIES)) {
  test(`any range of ${what} is that of the whole`, async () => {
    const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 251))
    const [encoding, body] = encode(content)
    const letter = messageOf(
      Buffer.from(
        entity(['Content-Type: application/x', `Content-Transfer-Encoding: ${encoding}`], body),
        'latin1',
      ),
    )
    const part = open(letter, '1')
    const whole = Buffer.from(decodeWhole(letter.bytes.subarray(part.start, part.end), encoding))
    assert.equal(part.size, whole.length)
    for (const offset of [
      0,
      1,
      57,
      65_535,
      65_536,
      65_537,
      70_000,
      131_072,
      180_013,
      whole.length - 1,
      whole.length,
      whole.length + 5,
    ]) {
      for (const length of [0, 1, 1000, 70_000]) {
        const expected = whole.subarray(offset, length === 0 ? undefined : offset + length)
        assert.ok(
          (await collect(part, letter.read, { offset, length })).equals(expected),
          `${offset}, ${length}`,
        )
      }
    }
  })
}

test('a range of regular base64 is entered at the range, not at the start', async () => {
  const content = Buffer.alloc(1_000_000, 'abcdefg')
  const letter = messageOf(
    Buffer.from(
      entity(
        ['Content-Type: application/x', 'Content-Transfer-Encoding: base64'],
        libbase64.wrap(libbase64.encode(content)),
      ),
    ),
  )
  let bytesRead = 0
  const read: ReadBytes = (start, end) => {
    bytesRead += end - start
    return letter.bytes.subarray(start, end)
  }
  const found = await collect(open(letter, '1'), read, { offset: 900_000, length: 10 })
  assert.ok(found.equals(content.subarray(900_000, 900_010)))
  assert.ok(bytesRead < 70_000, `${bytesRead} bytes were read`)
})

test('no more than a window is read at a time', async () => {
  const letter = messageOf(Buffer.from(`Content-Type: application/x\r\n\r\n${'x'.repeat(500_000)}`))
  const read: ReadBytes = (start, end) => {
    assert.ok(end - start <= 65_536)
    return letter.bytes.subarray(start, end)
  }
  assert.equal((await collect(open(letter, '1'), read, { offset: 0, length: 0 })).length, 500_000)
})

test('a stored message that is shorter than it was ends the range', async () => {
  const letter = message('Content-Type: application/x', '', 'abcdef')
  const read: ReadBytes = (start, end) => letter.bytes.subarray(start, Math.min(end, letter.bytes.length - 3))
  assert.equal((await collect(open(letter, '1'), read, { offset: 0, length: 0 })).toString(), 'abc')
})

test('what reading fails with is what the range fails with', async () => {
  const letter = message('Content-Type: application/x', '', 'abcdef')
  const read: ReadBytes = () => Promise.reject(new Error('gone'))
  await assert.rejects(collect(open(letter, '1'), read, { offset: 0, length: 0 }), /gone/)
})

test('any range of any base64 that mail carries is that of the whole', async () => {
  const line = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9+/]{76}$/),
    fc.stringMatching(/^[A-Za-z0-9+/]{0,80}=?=?$/),
    fc.constant(''),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 40 }),
      fc.nat({ max: 2000 }),
      fc.nat({ max: 200 }),
      async (lines, offset, length) => {
        const letter = messageOf(
          Buffer.from(entity(['Content-Type: application/x', 'Content-Transfer-Encoding: base64'], ...lines)),
        )
        const part = open(letter, '1')
        const whole = Buffer.from(decodeWhole(letter.bytes.subarray(part.start, part.end), 'base64'))
        const expected = whole.subarray(offset, length === 0 ? undefined : offset + length)
        assert.ok((await collect(part, letter.read, { offset, length })).equals(expected))
      },
    ),
  )
})

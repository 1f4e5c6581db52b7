import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  hasField,
  hasHidden,
  headerEnd,
  MAX_HEADER_BYTES,
  newField,
  parseHeader,
  valuesOf,
  withoutHidden,
  writeHeader,
} from './header.ts'
import { headerBytes, isEightBit, needsUtf8, splitMessage } from './split-message.ts'

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const all = async (chunks: AsyncIterable<Uint8Array>) => {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

const split = async (message: string | Buffer, size = 1000) => {
  const { fields, body } = await splitMessage(cut(Buffer.from(message), size))
  return { fields, body: await all(body) }
}

describe('a header', () => {
  test('is read field by field, folded ones unfolded', () => {
    const fields = parseHeader('To: a@x,\r\n b@x\r\nSubject: Hi\r\nX-Empty:\r\n')
    assert.deepEqual(
      fields.map(({ name, value }) => [name, value]),
      [
        ['to', 'a@x, b@x'],
        ['subject', 'Hi'],
        ['x-empty', ''],
      ],
    )
  })

  test('keeps its fields byte for byte', () => {
    const section = 'Subject:  =?utf-8?q?x?=\r\n\tfolded \r\nBROKEN\r\nX: \xe9\n'
    assert.equal(writeHeader(parseHeader(section)), `${section}\r\n`)
  })

  test('RFC 5322 §3.6.3: Bcc is hidden, whatever its case and however it is folded', () => {
    const fields = parseHeader(
      'To: a@x\r\nbCC: secret@x,\r\n other@x\r\nResent-Bcc: more@x\r\nX-Bcc: shown\r\n',
    )
    assert.equal(hasHidden(fields), true)
    assert.equal(writeHeader(withoutHidden(fields)), 'To: a@x\r\nX-Bcc: shown\r\n\r\n')
    assert.equal(hasHidden(parseHeader('To: a@x\r\n')), false)
  })

  test('a Bcc field with white space before its colon is hidden too (RFC 5322 §4.5)', () => {
    assert.equal(hasHidden(parseHeader('Bcc : secret@x\r\n')), true)
  })

  test('a field that is there without a value counts as missing', () => {
    assert.equal(hasField(parseHeader('Message-ID:\r\n'), 'message-id'), false)
    assert.equal(hasField(parseHeader('Message-ID: <a>\r\n'), 'message-id'), true)
    assert.deepEqual(valuesOf(parseHeader('To: a\r\nTo: b\r\n'), 'to'), ['a', 'b'])
    assert.equal(newField('X-Y', 'z').raw, 'X-Y: z\r\n')
  })

  test('ends after the first empty line, whatever the line ends', () => {
    assert.equal(headerEnd(Buffer.from('A: b\r\n\r\nbody')), 8)
    assert.equal(headerEnd(Buffer.from('A: b\n\nbody')), 6)
    assert.equal(headerEnd(Buffer.from('A: b\r\n')), undefined)
    assert.equal(headerEnd(Buffer.from('A: b\r\n \r\n\r\n')), 11)
  })
})

describe('a message split at its header', () => {
  test('is the same however it is cut', async () => {
    const message = 'A: b\r\nC: d\r\n\r\nbody\r\n\r\nmore'
    for (let size = 1; size <= message.length; size++) {
      const { fields, body } = await split(message, size)
      assert.equal(writeHeader(fields), 'A: b\r\nC: d\r\n\r\n')
      assert.equal(body.toString(), 'body\r\n\r\nmore')
    }
  })

  test('without a body it is a header alone', async () => {
    for (const message of ['A: b', 'A: b\r\n', 'A: b\r\n\r\n']) {
      const { fields, body } = await split(message)
      assert.equal(writeHeader(fields), 'A: b\r\n\r\n')
      assert.equal(body.length, 0)
    }
  })

  test('without a header it is a body alone', async () => {
    const { fields, body } = await split('\r\nbody', 1)
    assert.deepEqual(fields, [])
    assert.equal(body.toString(), 'body')
  })

  test('header and body together are its bytes, for any bytes with an empty line', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 50 }),
        async (bytes, size) => {
          const message = Buffer.concat([
            Buffer.from('A: b\r\n'),
            bytes.filter((byte) => byte !== 10),
            Buffer.from('\r\n\r\nbody'),
          ])
          const { fields, body } = await split(message, size)
          assert.deepEqual(Buffer.concat([headerBytes(fields), body]), message)
        },
      ),
    )
  })

  test(`a header over ${MAX_HEADER_BYTES} bytes is refused, and nothing more is read`, async () => {
    let read = 0
    async function* endless() {
      for (;;) {
        read += 1024
        yield Buffer.alloc(1024, 'x')
      }
    }
    await assert.rejects(splitMessage(endless()), { code: 'HEADER_TOO_LARGE' })
    assert.ok(read < MAX_HEADER_BYTES + 64 * 1024)
  })
})

test('RFC 6531: a header or an address with more than ASCII needs SMTPUTF8', () => {
  assert.equal(needsUtf8(parseHeader('To: a@x\r\n'), ['a@x']), false)
  assert.equal(needsUtf8(parseHeader('To: \xc3\xa9@x\r\n'), ['a@x']), true)
  assert.equal(needsUtf8(parseHeader('To: a@x\r\n'), ['é@x']), true)
})

test('RFC 6152: a body with bytes above 127 needs 8BITMIME', () => {
  assert.equal(isEightBit(Buffer.from('plain')), false)
  assert.equal(isEightBit(Buffer.from('é')), true)
})

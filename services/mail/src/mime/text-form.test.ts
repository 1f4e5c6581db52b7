import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { entity, message, messageOf, multipart, plainText, type TestMessage } from './message.fixture.ts'
import { mimeBody } from './mime-body.ts'
import { measure, rangeOf, textPieces } from './text-form.ts'
import { isFitText } from './utf8-text.ts'

const joined = async (pieces: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(pieces))

const latin = entity(
  ['Content-Type: text/plain; charset=iso-8859-1', 'Content-Transfer-Encoding: 8bit'],
  'Gr\xfc\xdfe',
)
const large = (part: string): TestMessage =>
  message(multipart('mixed', 'b', part, plainText('x'.repeat(400_000))))

const whole = (letter: TestMessage, asIs = false) => joined(textPieces({ ...letter, asIs }))

describe('a message as EAS carries it, piece by piece', () => {
  test('is what it is as a whole', async () => {
    for (const letter of [message(plainText('x')), large(plainText('y')), large(latin)]) {
      const { data } = await mimeBody({ ...letter, asIs: false, truncation: undefined })
      assert.ok((await whole(letter)).equals(Buffer.from(data!)))
    }
  })

  test('is as it is stored where that can be', async () => {
    const letter = messageOf(Buffer.from(plainText(`Grüße ${'x'.repeat(400_000)}`)))
    assert.ok((await whole(letter)).equals(letter.bytes))
  })

  test('keeps the structure of S/MIME, whatever its bytes', async () => {
    const letter = large(latin)
    const text = await whole(letter, true)
    assert.ok(isFitText(text))
    assert.equal(text.toString('utf8'), letter.bytes.toString('latin1'))
  })
})

describe('what a limit lets through', () => {
  test('ends between two characters', async () => {
    const letter = messageOf(Buffer.from(`Subject: x\r\n\r\n${'ä'.repeat(200_000)}`))
    for (const limit of [0, 1, 100_000, 100_001, 399_999, 1_000_000]) {
      const { total, length } = await measure(textPieces({ ...letter, asIs: false }), limit)
      assert.equal(total, letter.bytes.length)
      assert.ok(length <= limit && isFitText(letter.bytes.subarray(0, length)))
      assert.ok(limit >= total ? length === total : length > limit - 2)
    }
  })

  test('is what a body that is streamed says, and reading it gives just that', async () => {
    for (const letter of [large(plainText('Grüße')), large(latin)])
      for (const truncation of [undefined, 300_001]) {
        const body = await mimeBody({ ...letter, asIs: false, truncation, stream: true })
        const inline = await mimeBody({ ...letter, asIs: false, truncation })
        assert.deepEqual([body.data, body.truncated], [undefined, inline.truncated])
        const range = { offset: 0, length: body.streamLength }
        const read = await joined(rangeOf(textPieces({ ...letter, asIs: false }), range))
        assert.ok(read.equals(Buffer.from(inline.data!)))
      }
  })

  test('is inline where it is short', async () => {
    const body = await mimeBody({ ...large(latin), asIs: false, truncation: 1000, stream: true })
    assert.deepEqual([body.data!.length <= 1000, body.streamLength], [true, 0])
  })
})

test('a range of pieces is the range of the whole, however they are cut', async () => {
  async function* each(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
    yield* pieces
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 }),
      fc.nat(100),
      fc.nat(100),
      async (pieces, offset, length) => {
        const expected = Buffer.concat(pieces).subarray(offset, length === 0 ? undefined : offset + length)
        assert.deepEqual(await joined(rangeOf(each(pieces), { offset, length })), expected)
      },
    ),
  )
})

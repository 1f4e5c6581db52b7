import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BodyPreference } from '@relais/proto/mail/v1/mail.ts'
import { bodyOf } from './body-parts.ts'
import { corpus, withoutCorpus } from './corpus.fixture.ts'
import { htmlText } from './html-text.ts'
import { messageOf } from './message.fixture.ts'
import { MAX_LOOKED_THROUGH, renderPart } from './render-part.ts'
import { renderText } from './render-text.ts'

const PREFERENCE: BodyPreference = { type: 'part', truncation: undefined, allOrNone: false, preview: 0 }

const partOf = async (bytes: Uint8Array, preference: Partial<BodyPreference> = {}) => {
  const { structure, read } = messageOf(Buffer.from(bytes))
  return renderPart({ structure, read, preference: { ...PREFERENCE, ...preference } })
}

const letter = (type: string, text: string) =>
  Buffer.from(`From: a@x\r\nSubject: s\r\nContent-Type: ${type}; charset=utf-8\r\n\r\n${text}`)

const html = letter(
  'text/html',
  '<p>Grüße aus Köln</p><blockquote type="cite">what was said before</blockquote>',
)
const textIn = (data: Uint8Array | undefined) => htmlText(Buffer.from(data ?? []).toString(), 1000).trim()

describe('the part of a message that is new (MS-ASAIRS 2.2.2.10)', () => {
  test('is HTML, of plain text too', async () => {
    assert.equal(textIn((await partOf(html)).data), 'Grüße aus Köln')
    const plain = await partOf(
      letter('text/plain', 'Hello\r\n\r\nOn Monday, 5 May, Anna wrote:\r\n> before\r\n'),
    )
    assert.deepEqual([plain.type, textIn(plain.data)], ['html', 'Hello'])
  })

  test('has its own size, and is cut on a character', async () => {
    const whole = await partOf(html)
    assert.deepEqual([whole.truncated, whole.estimatedSize], [false, whole.data?.length])
    for (const truncation of [1, 5, 6, whole.data!.length - 1]) {
      const part = await partOf(html, { truncation })
      assert.equal(part.truncated, true)
      assert.equal(part.estimatedSize, whole.estimatedSize)
      assert.ok(part.data!.length <= truncation && part.data!.length > truncation - 2)
      assert.ok(!Buffer.from(part.data!).toString().includes('\ufffd'))
    }
    assert.equal((await partOf(html, { truncation: whole.data!.length })).truncated, false)
  })

  test('with a TruncationSize of 0, or AllOrNone that is too small, has no data', async () => {
    for (const preference of [{ truncation: 0 }, { truncation: 9, allOrNone: true }]) {
      const part = await partOf(html, preference)
      assert.deepEqual([part.data, part.truncated, part.unmade], [undefined, true, false])
    }
  })

  test('has a preview of its own words, as long as it is asked for', async () => {
    for (const [preview, text] of [
      [0, ''],
      [5, 'Grüße'],
      [255, 'Grüße aus Köln'],
    ] as const)
      assert.equal((await partOf(html, { preview })).preview, text)
  })

  test('is empty where the message is', async () => {
    const part = await partOf(letter('text/html', ''))
    assert.deepEqual([part.unmade, part.estimatedSize, part.truncated], [false, 0, false])
  })

  test("can't be made of a message without text, nor of one that is too long to be looked through", async () => {
    const sealed = await partOf(letter('application/pkcs7-mime', 'AAAA'))
    assert.deepEqual([sealed.unmade, sealed.data], [true, undefined])
    const long = await partOf(letter('text/html', 'x'.repeat(MAX_LOOKED_THROUGH + 1)))
    assert.deepEqual([long.unmade, long.data], [true, undefined])
    assert.ok(long.estimatedSize > MAX_LOOKED_THROUGH)
    const longest = await partOf(letter('text/html', 'x'.repeat(MAX_LOOKED_THROUGH)))
    assert.deepEqual([longest.unmade, longest.data?.length], [false, MAX_LOOKED_THROUGH])
  })
})

test('of real messages is never more than they say, and less where they quote', {
  skip: withoutCorpus,
}, async () => {
  let shorter = 0
  for (const { name, bytes } of corpus) {
    const { structure, read } = messageOf(bytes)
    const part = await renderPart({ structure, read, preference: PREFERENCE })
    const whole = await renderText({
      body: bodyOf(structure),
      format: 'html',
      read,
      wanted: MAX_LOOKED_THROUGH,
    })
    assert.ok(part.unmade || part.estimatedSize <= whole.bytes.length, name)
    if (!part.unmade && part.estimatedSize < whole.bytes.length) shorter++
  }
  assert.ok(shorter > 0)
})

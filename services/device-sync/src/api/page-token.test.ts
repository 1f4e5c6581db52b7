import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isCoded } from '@relais/service-kit'
import fc from 'fast-check'
import { formatPageToken, parsePageToken } from './page-token.ts'

describe('a page token', () => {
  test('says after which device the next page begins', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (account, device) => {
        assert.deepEqual(parsePageToken(formatPageToken({ account, device })), { account, device })
      }),
    )
  })
  test('that is empty begins at the first', () => {
    assert.deepEqual(parsePageToken(''), { account: '', device: '' })
  })
  test('that isn’t one of ours is refused', () => {
    const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    for (const token of [
      'x',
      '%%%',
      encoded({}),
      encoded([]),
      encoded(['a']),
      encoded(['a', 1]),
      encoded(['a', 'b', 'c']),
      encoded(null),
    ])
      assert.throws(
        () => parsePageToken(token),
        (error) => isCoded(error) && error.code === 'INVALID_ARGUMENT',
        token,
      )
  })
  test('any text is a place or refused', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          assert.equal(typeof parsePageToken(text).device, 'string')
        } catch (error) {
          assert.ok(isCoded(error))
        }
      }),
    )
  })
})

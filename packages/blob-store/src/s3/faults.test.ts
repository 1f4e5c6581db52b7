import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { codeIn, isFull, isPassing, needsAnOperator, refused, unreachable } from './faults.ts'
import { pauseBefore } from './pause.ts'

const error = (code: string) => Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`)

test('the code of an answer is that of its XML, and nothing where there is none', () => {
  assert.equal(codeIn(error('NoSuchKey')), 'NoSuchKey')
  assert.equal(codeIn(new Uint8Array()), '')
  assert.equal(codeIn(Buffer.from('<html><body>502 Bad Gateway</body>')), '')
  assert.equal(codeIn(error('x'.repeat(5000))).length, 100)
})

test('whatever a body is, looking for its code throws nothing', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void codeIn(bytes)))
})

test('5xx, 429 and 409 may pass, as may what was damaged or stuck on its way', () => {
  for (const status of [500, 502, 503, 504, 429, 409])
    assert.equal(isPassing({ status, code: 'SlowDown' }), true, String(status))
  for (const code of ['RequestTimeout', 'BadDigest', 'XAmzContentSHA256Mismatch', 'IncompleteBody'])
    assert.equal(isPassing({ status: 400, code }), true, code)
})

test('no other 4xx passes by itself, nor does 501', () => {
  for (const status of [400, 401, 403, 404, 405, 411, 412, 413, 416, 501])
    assert.equal(isPassing({ status, code: 'AccessDenied' }), false, String(status))
})

test('a store without room is BLOB_STORE_FULL and is not asked again at once', () => {
  for (const refusal of [
    { status: 507, code: '' },
    { status: 507, code: 'XMinioStorageFull' },
    { status: 403, code: 'QuotaExceeded' },
  ]) {
    assert.equal(isFull(refusal), true)
    assert.equal(isPassing(refusal), false)
    assert.equal(refused(refusal).code, 'BLOB_STORE_FULL')
    assert.equal(refused(refusal).retryable, true)
  }
})

test('every other refusal is BLOB_STORE_UNAVAILABLE and says what to look at', () => {
  const told = refused({ status: 403, code: 'AccessDenied' })
  assert.deepEqual([told.code, told.retryable], ['BLOB_STORE_UNAVAILABLE', true])
  assert.match(told.message, /403 AccessDenied: access is refused: check the access key/)
  assert.match(refused({ status: 404, code: 'NoSuchBucket' }).message, /there is no such bucket/)
  assert.match(refused({ status: 503, code: 'SlowDown' }).message, /503 SlowDown/)
})

test('an operator is needed for access and for the bucket, not for what passes', () => {
  for (const status of [301, 400, 401, 403, 404]) assert.equal(needsAnOperator({ status, code: '' }), true)
  for (const status of [409, 429, 500, 503]) assert.equal(needsAnOperator({ status, code: '' }), false)
})

test('no answer is BLOB_STORE_UNAVAILABLE with the code of what happened', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const told = unreachable(cause)
  assert.deepEqual([told.code, told.retryable, told.cause], ['BLOB_STORE_UNAVAILABLE', true, cause])
  assert.match(told.message, /ECONNREFUSED/)
})

test('pauses grow to two seconds and are spread down to none', () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((tried) => pauseBefore(tried, 1)),
    [50, 100, 200, 400],
  )
  assert.equal(pauseBefore(1000, 1), 2000)
  assert.equal(pauseBefore(5, 0), 0)
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (tried, random) => {
        const pause = pauseBefore(tried, random)
        assert.ok(pause >= 0 && pause <= 2000)
      },
    ),
  )
})

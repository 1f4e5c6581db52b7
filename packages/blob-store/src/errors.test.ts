import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RelaisError } from '@relais/service-kit/errors.ts'
import { blobDamaged, isMissing, storeError } from './errors.ts'

const systemError = (code: string) => Object.assign(new Error(code), { code, syscall: 'write' })

const told = (code: string) => storeError(systemError(code)) as RelaisError

test('no room is BLOB_STORE_FULL, and the same call may succeed later', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) {
    assert.equal(told(code).code, 'BLOB_STORE_FULL')
    assert.equal(told(code).retryable, true)
  }
})

test('what else the system says is BLOB_STORE_UNAVAILABLE, with its code in the reason', () => {
  for (const code of ['EACCES', 'EIO', 'EMFILE', 'EROFS', 'ENOTDIR']) {
    assert.equal(told(code).code, 'BLOB_STORE_UNAVAILABLE')
    assert.equal(told(code).retryable, true)
    assert.match(told(code).message, new RegExp(code))
  }
})

test("what isn't the system's stays what it is", () => {
  for (const error of [
    blobDamaged('00'),
    new TypeError('a bug'),
    new Error('no answer'),
    undefined,
    'text',
  ]) {
    assert.equal(storeError(error), error)
  }
})

test('only ENOENT means that a file is missing', () => {
  assert.equal(isMissing(systemError('ENOENT')), true)
  for (const other of [systemError('EACCES'), new Error('x'), undefined, null, 'ENOENT']) {
    assert.equal(isMissing(other), false)
  }
})

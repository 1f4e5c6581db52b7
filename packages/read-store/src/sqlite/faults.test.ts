import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RelaisError, terminal } from '@relais/service-kit/errors.ts'
import { isPassing } from '../errors.ts'
import { isDamage, storeFault } from './faults.ts'

const sqliteError = (errcode: unknown) =>
  Object.assign(new Error('sqlite'), { code: 'ERR_SQLITE_ERROR', errcode })

const codeOf = (errcode: unknown) => (storeFault(sqliteError(errcode)) as { code: string }).code

test('a full disk is STORE_FULL and may pass', () => {
  assert.equal(codeOf(13), 'STORE_FULL')
  assert.equal(codeOf(10 | (19 << 8)), 'STORE_FULL') // SQLITE_IOERR_SHMSIZE
  assert.equal(isPassing(storeFault(sqliteError(13))), true)
})

test('locks, I/O errors and files that can not be opened are STORE_UNAVAILABLE and may pass', () => {
  for (const code of [5, 6, 7, 8, 10, 14]) {
    assert.equal(codeOf(code), 'STORE_UNAVAILABLE')
    assert.equal(isPassing(storeFault(sqliteError(code))), true)
  }
})

test('extended codes are what their primary code is', () => {
  assert.equal(codeOf(10 | (3 << 8)), 'STORE_UNAVAILABLE')
  assert.equal(codeOf(5 | (2 << 8)), 'STORE_UNAVAILABLE')
  assert.equal(codeOf(11 | (1 << 8)), 'STORE_DAMAGED')
})

test('damage is STORE_DAMAGED and does not pass', () => {
  for (const code of [11, 26]) {
    const fault = storeFault(sqliteError(code))
    assert.equal(isDamage(fault), true)
    assert.equal(isPassing(fault), false)
  }
})

test('what the SQL did wrong stays as it is', () => {
  for (const error of [
    sqliteError(1),
    sqliteError(19),
    sqliteError('13'),
    new Error('mine'),
    undefined,
    'text',
  ]) {
    assert.equal(storeFault(error), error)
    assert.equal(isPassing(error), false)
    assert.equal(isDamage(error), false)
  }
})

test('an error of ours is not wrapped again', () => {
  const error = terminal('SCHEMA_INVALID', 'mine')
  assert.equal(storeFault(error), error)
  assert.ok(storeFault(sqliteError(13)) instanceof RelaisError)
})

test('what the file system says is told the same way', () => {
  const fileError = (code: string) => Object.assign(new Error('file'), { code, syscall: 'write', errno: -1 })
  const told = (code: string) => (storeFault(fileError(code)) as { code: string }).code
  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) assert.equal(told(code), 'STORE_FULL')
  for (const code of ['EACCES', 'ENOTDIR', 'EROFS', 'EIO', 'EMFILE'])
    assert.equal(told(code), 'STORE_UNAVAILABLE')
})

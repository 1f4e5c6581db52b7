import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPassing, storeClosed } from '../errors.ts'
import { isDamage, storeFault } from './faults.ts'

const serverError = (code: string) => Object.assign(new Error('from the server'), { code })

const codeOf = (error: unknown) => (storeFault(error) as { code?: string }).code

test('a full disk is STORE_FULL, which passes', () => {
  assert.equal(codeOf(serverError('53100')), 'STORE_FULL')
  assert.equal(isPassing(storeFault(serverError('53100'))), true)
})

test('what a server that stops, starts, or is a standby says is STORE_UNAVAILABLE, which passes', () => {
  for (const code of [
    '57P01',
    '57P02',
    '57P03',
    '08006',
    '53300',
    '58030',
    '40001',
    '40P01',
    '25006',
    '25P03',
  ]) {
    assert.equal(codeOf(serverError(code)), 'STORE_UNAVAILABLE', code)
    assert.equal(isPassing(storeFault(serverError(code))), true, code)
  }
})

test('a connection that is lost or never came is STORE_UNAVAILABLE', () => {
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE'])
    assert.equal(codeOf(serverError(code)), 'STORE_UNAVAILABLE')
  for (const message of [
    'Connection terminated unexpectedly',
    'Query read timeout',
    'Client was closed and is not queryable',
  ])
    assert.equal(codeOf(new Error(message)), 'STORE_UNAVAILABLE')
})

test('damaged pages are STORE_DAMAGED, which does not pass', () => {
  const fault = storeFault(serverError('XX001'))
  assert.equal(isDamage(fault), true)
  assert.equal(isPassing(fault), false)
})

test('what the SQL itself did wrong stays as it is', () => {
  for (const code of ['42P01', '23505', '22021', '42601']) {
    const error = serverError(code)
    assert.equal(storeFault(error), error)
  }
})

test('an error of ours stays as it is', () => {
  const error = storeClosed()
  assert.equal(storeFault(error), error)
})

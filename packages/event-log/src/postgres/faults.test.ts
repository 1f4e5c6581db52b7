import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConflictError, LogUnavailableError } from '../port.ts'
import { endsConnection, errorOf, isPassing, NoAnswerError, StandbyError } from './faults.ts'

const withCode = (code: string) => Object.assign(new Error(`failed with ${code}`), { code })

test('what ends with the connection, or on another server, may pass', () => {
  for (const code of [
    '08006',
    '57P01',
    '57P02',
    '57P03',
    '25006',
    '40001',
    '40P01',
    '55P03',
    '57014',
    'ECONNRESET',
    'ECONNREFUSED',
    'EPIPE',
    'ENOTFOUND',
  ])
    assert.equal(isPassing(withCode(code)), true, code)
  assert.equal(isPassing(new NoAnswerError('late')), true)
  assert.equal(isPassing(new StandbyError('a standby')), true)
  for (const message of [
    'Connection terminated unexpectedly',
    'Client has encountered a connection error and is not queryable',
  ])
    assert.equal(isPassing(new Error(message)), true, message)
})

test('what an operator or a programmer must mend does not pass by itself', () => {
  for (const code of ['28P01', '3D000', '42P01', '42601', '53100', '22021', '23505'])
    assert.equal(isPassing(withCode(code)), false, code)
  for (const error of [new Error('a mistake'), undefined, null, 'text', {}])
    assert.equal(isPassing(error), false)
})

test('a connection stays after a refused statement, and goes with everything else', () => {
  for (const code of ['42601', '40001', '53100', '57014'])
    assert.equal(endsConnection(withCode(code)), false, code)
  for (const error of [
    withCode('57P01'),
    withCode('25006'),
    withCode('ECONNRESET'),
    withCode('EPIPE'),
    new NoAnswerError('late'),
    new Error('x'),
  ])
    assert.equal(endsConnection(error), true)
})

test("what has a code of ours stays as it is, everything else is LOG_UNAVAILABLE with the server's code", () => {
  const conflict = new ConflictError(7)
  assert.equal(errorOf('append', conflict), conflict)
  const told = errorOf('append', withCode('57P01'))
  assert.ok(told instanceof LogUnavailableError)
  assert.equal(told.message, "can't append: 57P01")
})

test('a full disk is said to be full', () => {
  assert.equal(errorOf('append', withCode('53100')).message, "can't append: the disk is full")
})

test('what can not be made a text is told of all the same', () => {
  for (const thrown of [{ toString: false }, { code: { toString: false } }, Object.create(null), null])
    assert.match(errorOf('read', thrown).message, /^can't read: a thrown object$/)
})

test('whatever is thrown becomes an error that may be tried again', () => {
  fc.assert(
    fc.property(fc.anything(), (thrown) => {
      const told = errorOf('read', thrown) as LogUnavailableError
      assert.equal(told.retryable, true)
    }),
  )
})

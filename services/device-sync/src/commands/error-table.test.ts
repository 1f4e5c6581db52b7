import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RelaisError, retryable, terminal } from '@relais/service-kit'
import { ValueError, WbxmlError } from '../wbxml/errors.ts'
import { failureOf } from './error-table.ts'
import { StatusError } from './status-error.ts'

const of = (error: unknown, command = 'MoveItems') => {
  const { status, http } = failureOf(error, command)
  return [status, http]
}

describe('statuses that mean the same in every command, and what clients before 14.0 get', () => {
  const rows: readonly [code: string, status: number, http: number][] = [
    ['INVALID_CONTENT', 101, 400],
    ['DAMAGED_CODING', 102, 400],
    ['WRONG_ROOT', 103, 400],
    ['DEVICE_ID_INVALID', 108, 400],
    ['DEVICE_TYPE_INVALID', 109, 400],
    ['QUOTA_EXCEEDED', 113, 507],
    ['SEND_RATE_EXCEEDED', 115, 403],
    ['NO_RECIPIENTS', 119, 400],
    ['BODY_TOO_LARGE', 122, 507],
    ['MESSAGE_TOO_LARGE', 122, 507],
    ['ACCOUNT_NOT_FOUND', 125, 403],
    ['EAS_DISABLED', 126, 403],
    ['ACCOUNT_LOCKED', 126, 403],
    ['ACCOUNT_SUSPENDED', 126, 403],
    ['TENANT_SUSPENDED', 126, 403],
    ['DEVICE_BLOCKED', 129, 403],
    ['PERMISSION_DENIED', 130, 403],
    ['SENDER_NOT_ALLOWED', 130, 403],
    ['COMMAND_NOT_SUPPORTED', 137, 501],
    ['VERSION_NOT_SUPPORTED', 138, 400],
    ['TOO_MANY_DEVICES', 177, 403],
  ]
  for (const [code, status, http] of rows)
    test(`${status}: ${code} (HTTP ${http})`, () => assert.deepEqual(of(terminal(code, '')), [status, http]))
  test('110: what nobody foresaw', () => {
    for (const error of [new Error('x'), new TypeError('y'), 'text', undefined, terminal('BRAND_NEW', '')])
      assert.deepEqual(of(error), [110, 500])
  })
  test('111: what may work later, whatever its code', () => {
    for (const code of ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'LOG_UNAVAILABLE', 'CONFLICT', 'BRAND_NEW'])
      assert.deepEqual(of(retryable(code, '')), [111, 503])
  })
  test('102 and 103: a document that is none, or beyond bounds', () => {
    assert.deepEqual(of(new WbxmlError('WBXML_TAG', '', 0)), [102, 400])
    assert.deepEqual(of(new WbxmlError('WBXML_LIMIT', '', 0)), [103, 400])
  })
  test('103: an element’s value that can’t be, where a command has no status of its own for it', () => {
    assert.deepEqual(of(new ValueError('airsync:Wait', '')), [103, 400])
  })
  test('a command’s own status stands as it is', () => {
    assert.deepEqual(of(new StatusError(150, '')), [150, 400])
    assert.deepEqual(of(new StatusError(9, '', 500)), [9, 500])
  })
})

describe('told by HTTP alone, whatever the version', () => {
  for (const [code, http] of [
    ['MALFORMED_QUERY', 400],
    ['UNKNOWN_COMMAND', 501],
    ['BAD_CREDENTIALS', 401],
    ['BODY_TIMEOUT', 408],
    ['UNKNOWN_CODING', 415],
  ] as const)
    test(`${http}: ${code}`, () => assert.deepEqual(of(terminal(code, '')), [0, http]))
  test('503: overload and slowed sign-in, with the time to wait', () => {
    const wait = (error: RelaisError) => failureOf(error, '').retryAfterSeconds
    assert.deepEqual(of(retryable('OVERLOADED', '')), [0, 503])
    assert.equal(wait(retryable('SIGN_IN_SLOWED', '', { retryAfterSeconds: 7 })), 7)
    assert.equal(wait(retryable('OVERLOADED', '')), 30)
    assert.equal(wait(terminal('BAD_CREDENTIALS', '')), undefined)
  })
})

describe('what differs by command', () => {
  const invalid = new ValueError('x', '')
  for (const [command, malformed, broken] of [
    ['FolderSync', 10, 6],
    ['Sync', 4, 5],
    ['Ping', 4, 8],
    ['ItemOperations', 2, 3],
    ['Provision', 2, 3],
    ['Settings', 2, 4],
    ['SendMail', 103, 120],
    ['SmartReply', 103, 121],
    ['SmartForward', 103, 120],
  ] as const)
    test(`${command}: ${malformed} malformed, ${broken} broken`, () => {
      assert.equal(failureOf(invalid, command).status, malformed)
      assert.equal(failureOf(new Error('x'), command).status, broken)
    })
  test('150: the source of a reply or a forward isn’t there', () => {
    const error = terminal('MESSAGE_NOT_FOUND', '')
    assert.equal(failureOf(error, 'SmartReply').status, 150)
    assert.equal(failureOf(error, 'SmartForward').status, 150)
  })
  test('107: a message that can’t be sent as it is', () => {
    for (const code of ['INVALID_ARGUMENT', 'MESSAGE_EMPTY', 'HEADER_TOO_LARGE'])
      assert.equal(failureOf(terminal(code, ''), 'SendMail').status, 107)
  })
})

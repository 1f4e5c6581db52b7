import assert from 'node:assert/strict'
import test from 'node:test'
import { ErrorDetail } from '@relais/proto/common/v1/error.ts'
import fc from 'fast-check'
import { ClientError, Metadata, Status } from 'nice-grpc'
import { ERROR_TABLE } from '../error-table.ts'
import { RelaisError, retryable, terminal } from '../errors.ts'
import { fromClientError, toServerError } from './grpc-status.ts'

const PATH = '/relais.test.v1.Parcel/Ask'

/** An error as the other side gets it. */
const crossed = (error: RelaisError): RelaisError => {
  const trailer = Metadata()
  const { code, details } = toServerError(error, trailer)
  const told = fromClientError(new ClientError(PATH, code, details), trailer)
  assert.ok(told instanceof RelaisError)
  return told
}

const facts = ({ code, message, retryable, retryAfterSeconds }: RelaisError) => ({
  code,
  message,
  retryable,
  retryAfterSeconds,
})

test('any error comes out as it went in', () => {
  const error = fc.record({
    code: fc.stringMatching(/^[A-Z]{1,10}(_[A-Z]{1,10}){0,3}$/),
    reason: fc.string({ unit: 'grapheme', maxLength: 500 }),
    retryable: fc.boolean(),
    seconds: fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(error, ({ code, reason, retryable, seconds }) => {
      const sent = new RelaisError(code, reason, retryable, { retryAfterSeconds: seconds })
      assert.deepEqual(facts(crossed(sent)), facts(sent))
    }),
  )
})

test('part of a second to wait is a whole one', () => {
  assert.equal(crossed(retryable('OVERLOADED', '', { retryAfterSeconds: 0.2 })).retryAfterSeconds, 1)
})

for (const [code, { status, retryable }] of Object.entries(ERROR_TABLE)) {
  test(`${code} is ${status} to those who only know gRPC`, () => {
    const error = toServerError(new RelaisError(code, 'x', retryable), Metadata())
    assert.equal(Status[error.code], status)
    assert.equal(error.details, `${code}: x`)
  })
}

for (const [status, code, may] of [
  ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED', true],
  ['CANCELLED', 'CANCELLED', true],
  ['UNAVAILABLE', 'UNAVAILABLE', true],
  ['UNIMPLEMENTED', 'UNIMPLEMENTED', false],
  ['UNAUTHENTICATED', 'UNAUTHENTICATED', false],
  ['RESOURCE_EXHAUSTED', 'OVERLOADED', true],
  ['UNKNOWN', 'INTERNAL', true],
  ['INTERNAL', 'INTERNAL', true],
  ['DATA_LOSS', 'INTERNAL', true],
] as const) {
  test(`${status} from somebody who only knows gRPC is ${code}`, () => {
    const told = fromClientError(new ClientError(PATH, Status[status], 'details'), undefined)
    assert.ok(told instanceof RelaisError)
    assert.deepEqual([told.code, told.retryable], [code, may])
  })
}

for (const details of [
  'Received message larger than max (4194309 vs 4194304)',
  'Attempted to send message with a size larger than 4194304',
  'SERVER: Received message larger than max',
]) {
  test(`a message that is too large will always be: ${details}`, () => {
    const told = fromClientError(new ClientError(PATH, Status.RESOURCE_EXHAUSTED, details), Metadata())
    assert.deepEqual(
      [(told as RelaisError).code, (told as RelaisError).retryable],
      ['REQUEST_TOO_LARGE', false],
    )
  })
}

test('an error of our own passes unchanged', () => {
  const own = terminal('NOT_FOUND', 'x')
  assert.equal(fromClientError(own, undefined), own)
})

test('whatever bytes a server sends as its error, there is an error to tell', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const trailer = Metadata({ 'relais-error-bin': bytes })
      const told = fromClientError(new ClientError(PATH, Status.NOT_FOUND, 'details'), trailer)
      assert.ok(told instanceof RelaisError)
      assert.equal(typeof told.code, 'string')
    }),
  )
})

test('an error detail without a code is none', () => {
  const empty = ErrorDetail.encode(ErrorDetail.fromPartial({})).finish()
  const trailer = Metadata({ 'relais-error-bin': empty })
  const told = fromClientError(new ClientError(PATH, Status.UNAVAILABLE, 'details'), trailer)
  assert.equal((told as RelaisError).code, 'UNAVAILABLE')
})

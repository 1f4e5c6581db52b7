import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Commit } from '@relais/proto/common/v1/log.ts'
import fc from 'fast-check'
import { decodeCommit, encodeCommit } from './commit-record.ts'
import { commitOf, storedAs } from './contract/commits.ts'
import { CommitInvalidError, CommitTooLargeError, MAX_COMMIT_BYTES, type NewCommit } from './port.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((value) => !/\p{Cc}|\p{Cs}/u.test(value))
const whole = fc.maxSafeNat()
const plain = <T>(fields: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) =>
  fc.record<T>(fields, { noNullPrototype: true })

const anyCommit: fc.Arbitrary<NewCommit> = fc.record(
  {
    stream: plain({ tenant: name, account: name, service: name }),
    events: fc.array(plain({ type: text, version: fc.nat(), payload: fc.uint8Array({ maxLength: 50 }) }), {
      maxLength: 5,
    }),
    commandId: name,
    actor: plain({ kind: text, id: text, device: text }),
    principal: text,
    expected: whole,
    causation: whole,
    correlation: text,
    traceparent: text,
    at: whole,
    collections: fc.array(text, { maxLength: 5 }),
    syncKey: text,
  },
  { requiredKeys: ['stream', 'events', 'commandId', 'actor', 'principal', 'at'] },
)

test('a record holds all of a commit but its position', () => {
  fc.assert(
    fc.property(anyCommit, whole, (commit, position) => {
      assert.deepEqual(decodeCommit(position, encodeCommit(commit)), storedAs(commit, position))
    }),
  )
})

test('a record is the contract’s Commit: relais.common.v1', () => {
  const commit = commitOf({ expected: 0, collections: ['inbox'] })
  const decoded = Commit.decode(encodeCommit(commit))
  assert.equal(decoded.position, 0)
  assert.equal(decoded.expected, 0)
  assert.deepEqual(decoded.stream, commit.stream)
})

test('expecting an empty stream and expecting nothing are told apart', () => {
  assert.equal(decodeCommit(1, encodeCommit(commitOf({ expected: 0 }))).expected, 0)
  assert.equal(decodeCommit(1, encodeCommit(commitOf())).expected, undefined)
})

test('a commit that is too long only in bytes of UTF-8 is refused too', () => {
  const collections = ['✉'.repeat(MAX_COMMIT_BYTES / 2)]
  assert.throws(() => encodeCommit(commitOf({ collections })), CommitTooLargeError)
})

test('what is far too long is refused before it is encoded', () => {
  const payload = new Uint8Array(MAX_COMMIT_BYTES)
  const events = Array.from({ length: 8192 }, () => ({ type: 'Long', version: 1, payload }))
  assert.throws(() => encodeCommit(commitOf({ events })), /a commit of 8589967360 bytes/)
})

test('an error names the field, never its content', () => {
  assert.throws(
    () => encodeCommit(commitOf({ account: 'eva\n' })),
    (error) => {
      assert.ok(error instanceof CommitInvalidError)
      assert.equal(error.message, 'the account has control characters')
      return true
    },
  )
})

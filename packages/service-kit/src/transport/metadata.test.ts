import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import fc from 'fast-check'
import { Metadata } from 'nice-grpc'
import type { CallExtras } from '../call.ts'
import { Attempt, NOBODY } from './attempt.ts'
import { IDENTITY, statedIdentity, textOf, toMetadata } from './metadata.ts'

const outgoing = (context: TestContext, extras: CallExtras = {}, given?: Metadata, token?: string) => {
  const attempt = new Attempt(extras)
  context.after(() => attempt.close())
  return toMetadata(attempt, given, token)
}

const text = fc.string({ unit: 'grapheme' })
const plain = { noNullPrototype: true }
const actor = fc.record({ kind: text, id: text, device: text }, plain)
const identity = fc.record({ tenant: text, actor, principal: text }, plain)

test('any identity comes out as it went in', () => {
  fc.assert(
    fc.property(identity, (stated) => {
      const attempt = new Attempt({ identity: stated })
      attempt.close()
      assert.deepEqual(statedIdentity(toMetadata(attempt, undefined, undefined)), stated)
    }),
    { numRuns: 50 },
  )
})

test('who says nothing about itself is nobody', (context) => {
  assert.equal(outgoing(context).has(IDENTITY), false)
  assert.equal(statedIdentity(outgoing(context)), NOBODY)
})

test('an identity without an actor is nobody’s act', () => {
  const metadata = Metadata({ [IDENTITY]: Uint8Array.of(0x0a, 1, 0x61) })
  assert.deepEqual(statedIdentity(metadata), { tenant: 'a', actor: NOBODY.actor, principal: '' })
})

test('whatever bytes a peer sends as its identity, it is one or UNAUTHENTICATED', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        const { tenant, actor: who, principal } = statedIdentity(Metadata({ [IDENTITY]: bytes }))
        for (const text of [tenant, who.kind, who.id, who.device, principal])
          assert.equal(typeof text, 'string')
      } catch (error) {
        assert.equal((error as { code: string }).code, 'UNAUTHENTICATED')
      }
    }),
  )
})

for (const [ms, text] of [
  [1, '1m'],
  [1_500, '1500m'],
  [99_999_999, '99999999m'],
  [100_000_000, '100000S'],
  [1e15, '2000000S'],
] as const) {
  test(`a time-out of ${ms} ms travels as ${text}: at most eight digits and a unit`, (context) => {
    context.mock.timers.enable({ apis: ['Date', 'setTimeout'] })
    assert.equal(outgoing(context, { timeoutMs: ms }).get('grpc-timeout'), text)
  })
}

test('a token is the bearer’s', (context) => {
  assert.equal(outgoing(context, {}, undefined, 'secret').get('authorization'), 'Bearer secret')
  assert.equal(outgoing(context).has('authorization'), false)
})

test('what a caller puts into the metadata travels, but for what only we may say', (context) => {
  const given = Metadata({
    'x-own': 'kept',
    'x-bytes-bin': Uint8Array.of(1),
    'relais-identity-bin': Uint8Array.of(1),
    'relais-correlation': 'forged',
    'relais-deadline': '0',
    'grpc-timeout': '1n',
    traceparent: 'forged',
  })
  const metadata = outgoing(context, { correlation: 'mine' }, given)
  assert.equal(metadata.get('x-own'), 'kept')
  assert.deepEqual(metadata.get('x-bytes-bin'), Uint8Array.of(1))
  assert.equal(metadata.get('relais-correlation'), 'mine')
  for (const name of ['relais-identity-bin', 'relais-deadline', 'traceparent'])
    assert.equal(metadata.has(name), false)
  assert.match(String(metadata.get('grpc-timeout')), /^\d+m$/)
})

test('the metadata of a caller is left as it was', (context) => {
  const given = Metadata({ 'x-own': 'kept' })
  outgoing(context, {}, given, 'secret')
  assert.deepEqual(
    [...given].map(([name]) => name),
    ['x-own'],
  )
})

test('text is text: bytes and nothing are none', () => {
  const metadata = Metadata({ 'x-text': 'a', 'x-bytes-bin': Uint8Array.of(1) })
  assert.equal(textOf(metadata, 'x-text'), 'a')
  assert.equal(textOf(metadata, 'x-bytes-bin'), undefined)
  assert.equal(textOf(metadata, 'x-none'), undefined)
})

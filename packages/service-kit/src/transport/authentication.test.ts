import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { Metadata } from 'nice-grpc'
import { bearerAuthentication, nobodyIsTrusted, OPERATOR, peersAreTrusted } from './authentication.ts'

const TOKEN = 'q3Zr-0token'
const PEER = '192.0.2.1:4711'

const given = (authorization?: string) => Metadata(authorization === undefined ? {} : { authorization })

test('who holds the token is an operator of no tenant', () => {
  assert.equal(bearerAuthentication(TOKEN)(given(`Bearer ${TOKEN}`), PEER), OPERATOR)
})

test('any other text is refused with the same words', () => {
  const authenticate = bearerAuthentication(TOKEN)
  const printable = fc.stringMatching(/^[ -~]{0,60}$/)
  fc.assert(
    fc.property(printable, (text) => {
      assert.throws(() => authenticate(given(text), PEER), {
        code: 'UNAUTHENTICATED',
        message: "an administrator's token is needed",
        retryable: false,
      })
    }),
  )
})

for (const text of [
  undefined,
  '',
  TOKEN,
  `Basic ${TOKEN}`,
  `Bearer  ${TOKEN}`,
  `Bearer ${TOKEN}x`,
  `Bearer ${TOKEN.slice(0, -1)}`,
  `Bearer ${TOKEN}, Bearer ${TOKEN}`,
]) {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => bearerAuthentication(TOKEN)(given(text), PEER), { code: 'UNAUTHENTICATED' })
  })
}

test('a token given twice is refused: a proxy may have added the second', () => {
  const metadata = given(`Bearer ${TOKEN}`)
  metadata.append('authorization', 'Bearer other')
  assert.throws(() => bearerAuthentication(TOKEN)(metadata, PEER), { code: 'UNAUTHENTICATED' })
})

test('a refusal quotes nothing of what was given', () => {
  assert.throws(
    () => bearerAuthentication(TOKEN)(given('Bearer nearly-the-token'), PEER),
    (error: Error) => !error.message.includes('nearly'),
  )
})

test('a server that knows nobody refuses, one that only lets our own in trusts', () => {
  assert.throws(() => nobodyIsTrusted(given(), PEER), { code: 'UNAUTHENTICATED' })
  assert.equal(peersAreTrusted(given(), PEER), 'trusted')
})

test('the operator cannot be made somebody else', () => {
  assert.throws(() => {
    ;(OPERATOR as { tenant: string }).tenant = 'acme'
  }, TypeError)
  assert.throws(() => {
    ;(OPERATOR.actor as { kind: string }).kind = 'account'
  }, TypeError)
})

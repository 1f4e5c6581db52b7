import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFingerprints } from './fingerprint.ts'

const { credential, network } = createFingerprints(Buffer.alloc(32, 1))
const base = { tenant: 'acme', account: 'u_1', version: 7, scope: 'eas', password: 'secret' }

test('the same credential has the same fingerprint', () =>
  assert.deepEqual(credential(base), credential({ ...base })))

for (const [what, other] of [
  ['tenant', { tenant: 'other' }],
  ['account', { account: 'u_2' }],
  ['version', { version: 8 }],
  ['scope', { scope: 'submission' }],
  ['password', { password: 'Secret' }],
] as const)
  test(`another ${what} has another fingerprint`, () =>
    assert.notDeepEqual(credential({ ...base, ...other }), credential(base)))

test('where one field ends and the next begins matters', () =>
  assert.notDeepEqual(
    credential({ ...base, tenant: 'acmeu', account: '_1' }),
    credential({ ...base, tenant: 'acme', account: 'u_1' }),
  ))

test('another key makes other fingerprints', () =>
  assert.notDeepEqual(createFingerprints(Buffer.alloc(32, 2)).credential(base), credential(base)))

test('a network has a fingerprint for each account', () => {
  assert.notDeepEqual(network(base, '192.0.2'), network({ ...base, account: 'u_2' }, '192.0.2'))
  assert.notDeepEqual(network(base, '192.0.2'), network(base, '192.0.3'))
})

test('a key that is too short is refused at once', () => {
  assert.throws(() => createFingerprints(Buffer.alloc(16)), /32 bytes/)
  assert.throws(() => createFingerprints(Buffer.alloc(0)), /32 bytes/)
})

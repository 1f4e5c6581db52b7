import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MobilePolicy, parsePolicy } from '@relais/mobile-policy'
import fc from 'fast-check'
import type { EasVersion } from '../wbxml/code-page.ts'
import { currentPolicy, finalKey, temporaryKey } from './current-policy.ts'

const VERSIONS: readonly EasVersion[] = [120, 121, 140, 141, 160, 161]

const policyOf = (text: string): MobilePolicy => {
  const policy = parsePolicy(text)
  assert.ok(policy, text)
  return policy
}
const hashOf = (text: string, version: EasVersion) => currentPolicy(policyOf(text), version)?.hash

test('no rule is no policy, in every version', () => {
  for (const version of VERSIONS) assert.equal(currentPolicy(policyOf('strict'), version), undefined)
})

test('versions that can say the same have one hash: a phone that changes between them is not asked again', () => {
  assert.equal(hashOf('AllowCamera=0', 121), hashOf('AllowCamera=0', 161))
  assert.equal(hashOf('AllowCamera=0', 120), undefined)
})

test('what a version has no word for changes nothing for it (GR#26)', () => {
  const [one, other] = [8, 4].map((n) => `AllowCamera=0; MaxDevicePasswordFailedAttempts=${n}`)
  assert.equal(hashOf(one!, 161), hashOf(other!, 161))
  assert.notEqual(hashOf(one!, 160), hashOf(other!, 160))
})

test('another value, another rule and another strictness are another policy', () => {
  const hashes = [
    'AllowCamera=0',
    'AllowCamera=1',
    'AllowCamera=0; AllowWiFi=0',
    'AllowCamera=0; strict',
  ].map((text) => hashOf(text, 141))
  assert.equal(new Set(hashes).size, 4)
})

test('the order in which it is written is not', () => {
  assert.equal(hashOf('AllowWiFi=0; AllowCamera=0', 141), hashOf('AllowCamera=0; AllowWiFi=0', 141))
})

test('keys are of the device and the policy: 32 bits, never 0, the temporary one another than the final one', () => {
  const policy = currentPolicy(policyOf('AllowCamera=0'), 161)!
  fc.assert(
    fc.property(fc.string(), fc.string(), (device, other) => {
      const keys = [temporaryKey(device, policy), finalKey(device, policy)]
      for (const key of keys) assert.ok(Number.isInteger(key) && key > 0 && key <= 0xffffffff)
      assert.deepEqual(keys, [temporaryKey(device, policy), finalKey(device, policy)])
      assert.notEqual(keys[0], keys[1])
      if (device !== other) assert.notEqual(finalKey(other, policy), keys[1])
    }),
  )
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parsePolicy } from './policy.ts'
import { RULES } from './rules.ts'

/** MS-ASPROV 2.2.2: the least and the most of every number; what stands between and is none of it. */
const NUMBERS: Readonly<Record<string, readonly [least: number, most: number, not?: readonly number[]]>> = {
  MinDevicePasswordLength: [1, 16],
  MaxInactivityTimeDeviceLock: [0, 0xffffffff],
  MaxDevicePasswordFailedAttempts: [4, 16],
  MaxAttachmentSize: [0, 0xffffffff],
  DevicePasswordExpiration: [0, 0xffffffff],
  DevicePasswordHistory: [0, 0xffffffff],
  MinDevicePasswordComplexCharacters: [1, 4],
  AllowBluetooth: [0, 2],
  MaxCalendarAgeFilter: [0, 7, [1, 2, 3]],
  MaxEmailAgeFilter: [0, 5],
  MaxEmailBodyTruncationSize: [-1, 0x7fffffff],
  MaxEmailHTMLBodyTruncationSize: [-1, 0x7fffffff],
  RequireSignedSMIMEAlgorithm: [0, 1],
  RequireEncryptionSMIMEAlgorithm: [0, 4],
  AllowSMIMEEncryptionAlgorithmNegotiation: [0, 2],
}

const takes = (name: string, value: number | string) => parsePolicy(`${name}=${value}`) !== undefined

describe('a number of a policy', () => {
  for (const [name, [least, most, not = []]] of Object.entries(NUMBERS))
    test(`${name} is from ${least} to ${most}`, () => {
      assert.deepEqual(
        [least, most].map((value) => takes(name, value)),
        [true, true],
      )
      const others = [least - 1, most + 1, ...not]
      assert.deepEqual(
        others.filter((value) => takes(name, value)),
        [],
      )
    })
  test('is one of these: there is no other', () => {
    const numbers = [...RULES].filter(([, { kind }]) => kind === 'number').map(([name]) => name)
    assert.deepEqual(numbers.toSorted(), Object.keys(NUMBERS).toSorted())
  })
})

test('every other rule is 0 or 1, or a list of a hundred at most', () => {
  for (const [name, { kind }] of RULES) {
    if (kind === 'boolean')
      assert.deepEqual(
        ['0', '1', '2', '-1'].filter((value) => takes(name, value)),
        ['0', '1'],
      )
    if (kind === 'list') {
      assert.equal(takes(name, `${'x,'.repeat(99)}x`), true)
      assert.equal(takes(name, `${'x,'.repeat(100)}x`), false)
    }
  }
})

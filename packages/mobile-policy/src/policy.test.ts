import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePolicy } from './policy.ts'
import { RULES } from './rules.ts'

const shown = (text: string) => parsePolicy(text)?.entries.map(({ name, values }) => [name, ...values])

test('nothing written is no policy', () => {
  for (const text of ['', ' ', ';', ' ; ;'])
    assert.deepEqual(parsePolicy(text), { entries: [], strict: false })
})

test('rules are told in the order of the schema, whatever order they are written in', () => {
  assert.deepEqual(shown('MinDevicePasswordLength=6; AllowCamera=0 ;DevicePasswordEnabled=1'), [
    ['DevicePasswordEnabled', '1'],
    ['MinDevicePasswordLength', '6'],
    ['AllowCamera', '0'],
  ])
})

test('strict says that a device must keep to all of it', () => {
  assert.equal(parsePolicy('AllowCamera=0; strict')?.strict, true)
  assert.equal(parsePolicy('AllowCamera=0')?.strict, false)
})

test('lists have members separated by commas', () => {
  assert.deepEqual(shown('UnapprovedInROMApplicationList=a.exe, b c.exe'), [
    ['UnapprovedInROMApplicationList', 'a.exe', 'b c.exe'],
  ])
})

for (const [text, why] of [
  ['DevicePasswordEnable=1', 'a name that is none'],
  ['constructor=1', 'a name that every object has'],
  ['DevicePasswordEnabled', 'no value'],
  ['DevicePasswordEnabled=', 'an empty value'],
  ['DevicePasswordEnabled=true', 'a boolean that is neither 0 nor 1'],
  ['DevicePasswordEnabled=1; DevicePasswordEnabled=0', 'a name twice'],
  ['MinDevicePasswordLength=0', 'a length under 1'],
  ['MinDevicePasswordLength=17', 'a length over 16'],
  ['MinDevicePasswordLength=06', 'a number with a zero before it'],
  ['MaxDevicePasswordFailedAttempts=3', 'under four attempts'],
  ['MaxEmailAgeFilter=6', 'a filter that mail has not'],
  ['MaxCalendarAgeFilter=1', 'a filter that the calendar has not'],
  ['MaxEmailBodyTruncationSize=-2', 'less than all'],
  ['MaxAttachmentSize=4294967296', 'more than 32 bits'],
  ['AllowBluetooth=3', 'a choice that is none'],
  ['ApprovedApplicationList=', 'a list without members'],
  [`ApprovedApplicationList=${'x,'.repeat(101)}x`, 'a list of more than a hundred'],
  [`ApprovedApplicationList=${'x'.repeat(9000)}`, 'too long a text'],
  ['AllowCamera=0\0', 'a control character'],
] as const)
  test(`${why} is refused`, () => assert.equal(parsePolicy(text), undefined))

const written = fc.uniqueArray(fc.constantFrom(...RULES.keys()), { maxLength: 12 }).chain((names) =>
  fc.tuple(
    ...names.map((name) => {
      const { kind, accepts } = RULES.get(name)!
      const value =
        kind === 'number'
          ? fc.integer({ min: -1, max: 20 }).filter(accepts).map(String)
          : fc.constantFrom('0', '1')
      return value.map((text) => `${name}=${text}`)
    }),
  ),
)

test('whatever rules are written in whatever order, the policy is the same and has them all', () => {
  fc.assert(
    fc.property(written, (statements) => {
      const forwards = shown(statements.join(';'))
      assert.deepEqual(shown([...statements].reverse().join(' ; ')), forwards)
      assert.deepEqual(forwards?.map(([name, value]) => `${name}=${value}`).sort(), [...statements].sort())
    }),
  )
})

test('whatever arrives is judged without an error', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
      assert.doesNotThrow(() => parsePolicy(text))
    }),
  )
})

test('every rule is said in some version, and none before 12.0', () => {
  for (const [name, { from, to }] of RULES) assert.ok(from >= 120 && to >= from && to <= 161, name)
})

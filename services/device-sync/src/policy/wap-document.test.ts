import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type MobilePolicy, parsePolicy } from '@relais/mobile-policy'
import { SaxesParser } from 'saxes'
import { wapDocument } from './wap-document.ts'

const policy = (text: string): MobilePolicy => {
  const parsed = parsePolicy(text)
  assert.ok(parsed, text)
  return parsed
}

/** Values by the path of their characteristics. */
const valuesIn = (xml: string): Readonly<Record<string, string>> => {
  const values: Record<string, string> = {}
  const path: string[] = []
  const parser = new SaxesParser({})
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'characteristic') path.push(String(attributes.type).split('\\').at(-1)!)
    if (name === 'parm') values[`${path.join('/')}:${attributes.name}`] = String(attributes.value)
  })
  parser.on('closetag', ({ name }) => name === 'characteristic' && path.pop())
  parser.write(xml).close()
  return values
}

const said = (text: string) => valuesIn(wapDocument(policy(text)) ?? assert.fail('there is no document'))

describe('a policy of 2.5', () => {
  test('says whether there must be a password', () => {
    assert.deepEqual(said('DevicePasswordEnabled=1'), { 'SecurityPolicy:4131': '0' })
    assert.deepEqual(said('DevicePasswordEnabled=0'), { 'SecurityPolicy:4131': '1' })
  })
  test('says what its password is like, and when the device locks and wipes itself', () => {
    const text =
      'DevicePasswordEnabled=1; MinDevicePasswordLength=6; AlphanumericDevicePasswordRequired=1; MaxInactivityTimeDeviceLock=301; MaxDevicePasswordFailedAttempts=8'
    assert.deepEqual(said(text), {
      'SecurityPolicy:4131': '0',
      'Registry/{50C13377-C66D-400C-889E-C316FC4AB374}:AEFrequencyType': '1',
      'Registry/{50C13377-C66D-400C-889E-C316FC4AB374}:AEFrequencyValue': '6',
      'Registry/LASSD:DeviceWipeThreshold': '8',
      'Registry/lap_pw:MinimumPasswordLength': '6',
      'Registry/lap_pw:PasswordComplexity': '0',
    })
  })
  test('never locks where 9999 seconds or more are asked for', () => {
    const values = said('DevicePasswordEnabled=1; MaxInactivityTimeDeviceLock=9999')
    assert.equal(values['Registry/{50C13377-C66D-400C-889E-C316FC4AB374}:AEFrequencyType'], '0')
  })
  test('has no rules about a password that needn’t be', () => {
    assert.equal(Object.keys(said('DevicePasswordEnabled=0; MinDevicePasswordLength=6')).length, 1)
  })
  test('is none where it would have nothing to say', () => {
    assert.equal(wapDocument(policy('AllowCamera=0')), undefined)
    assert.equal(wapDocument(policy('')), undefined)
  })
})

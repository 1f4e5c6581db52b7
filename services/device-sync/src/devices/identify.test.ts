import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isCoded } from '@relais/service-kit'
import { requireDevice } from './identify.ts'

const code = (deviceId: string, deviceType = 'iPhone'): string => {
  try {
    requireDevice({ deviceId, deviceType })
    return ''
  } catch (error) {
    assert.ok(isCoded(error))
    return error.code
  }
}

describe('what a device calls itself', () => {
  for (const id of [
    'APPLF17L2KX1',
    'androidc259148960',
    'validate',
    '6F24CAD599A5BF1A690246B8C68FAE8D',
    '{0011-22}',
    'a'.repeat(64),
  ])
    test(`"${id.slice(0, 20)}" is taken`, () => assert.equal(code(id), ''))
  for (const id of ['', 'a'.repeat(65), 'a,b', 'a b', 'a/b', 'a\\b', "a'b", 'a"b', 'a\u0000b', 'ä', '\n'])
    test(`${JSON.stringify(id.slice(0, 20))} is refused`, () => assert.equal(code(id), 'DEVICE_ID_INVALID'))
  test('its type may have blanks, and must be printable', () => {
    assert.equal(code('x', 'Smart Phone'), '')
    for (const type of ['', 'a\tb', 'ä', 'x'.repeat(65)]) assert.equal(code('x', type), 'DEVICE_TYPE_INVALID')
  })
  test('its id is looked at first', () => assert.equal(code('', ''), 'DEVICE_ID_INVALID'))
})

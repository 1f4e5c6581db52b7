import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clientOf } from './client-network.ts'

for (const [text, address, network] of [
  ['192.0.2.7', '192.0.2.7', '192.0.2'],
  ['::ffff:192.0.2.7', '192.0.2.7', '192.0.2'],
  ['::FFFF:192.0.2.7', '192.0.2.7', '192.0.2'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2', '2001:db8:1'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2', '2001:db8:1'],
  ['2001:db8::1', '2001:db8:0:0', '2001:db8:0'],
  ['::1', '0:0:0:0', '0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0', 'fe80:0:0'],
  ['1::', '1:0:0:0', '1:0:0'],
] as const)
  test(`${text} is slowed as ${address} and recognised as ${network}`, () =>
    assert.deepEqual(clientOf(text), { address, network }))

for (const text of [
  '',
  'localhost',
  '192.0.2',
  '192.0.2.7:80',
  '[::1]',
  'a'.repeat(1000),
  '1:2:3:4:5:6:7:8:9',
])
  test(`${JSON.stringify(text.slice(0, 20))} is no address`, () =>
    assert.deepEqual(clientOf(text), { address: '', network: '' }))

test('two spellings of an IPv6 address are one client', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      assert.deepEqual(clientOf(address.toUpperCase()), clientOf(address.toLowerCase()))
    }),
  )
})

test('every address is in its own network', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const { address, network } = clientOf(text)
      assert.ok(address.startsWith(network) && network !== '')
    }),
  )
})

test('whatever arrives is a client or not known', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      const { address, network } = clientOf(text)
      assert.equal(address === '', network === '')
    }),
  )
})

import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { inUrl, networkAddresses } from './addresses.ts'

const entry = (address: string, internal = false): NetworkInterfaceInfo =>
  address.includes(':')
    ? { address, internal, family: 'IPv6', netmask: '', mac: '', cidr: null, scopeid: 0 }
    : { address, internal, family: 'IPv4', netmask: '', mac: '', cidr: null }

test('addresses that other machines reach are named, IPv4 first', () => {
  const addresses = networkAddresses({
    lo: [entry('127.0.0.1', true), entry('::1', true)],
    eth0: [entry('2001:db8::7'), entry('192.0.2.7')],
  })
  assert.deepEqual(addresses, ['192.0.2.7', '2001:db8::7'])
})

test('link-local addresses are left out: a phone can not type their zone', () => {
  assert.deepEqual(networkAddresses({ eth0: [entry('fe80::1'), entry('169.254.3.4'), entry('febf::2')] }), [])
})

test('an address on two interfaces is named once', () => {
  assert.deepEqual(networkAddresses({ a: [entry('192.0.2.7')], b: [entry('192.0.2.7')] }), ['192.0.2.7'])
})

test('a machine without a network has no addresses', () => {
  assert.deepEqual(networkAddresses({ none: undefined }), [])
})

test('an IPv6 address stands in brackets in a URL', () => {
  assert.equal(inUrl('2001:db8::7'), '[2001:db8::7]')
  assert.equal(inUrl('192.0.2.7'), '192.0.2.7')
  assert.equal(inUrl('relais.example'), 'relais.example')
})

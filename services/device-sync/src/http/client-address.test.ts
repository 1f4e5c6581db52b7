import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, test } from 'node:test'
import { clientAddress, comesFromProxy, trustedProxies } from './client-address.ts'

const from = (remoteAddress: string | undefined, forwarded?: string): IncomingMessage =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as never

const none = trustedProxies([])
const proxies = trustedProxies(['10.0.0.0/8', '127.0.0.1', 'fd00::/8'])

describe('the client’s address', () => {
  const cases: [
    name: string,
    peer: string,
    forwarded: string | undefined,
    trusted: typeof none,
    address: string,
  ][] = [
    ['is the peer’s without a proxy', '192.0.2.7', undefined, none, '192.0.2.7'],
    ['isn’t what an untrusted peer claims', '192.0.2.7', '203.0.113.9', none, '192.0.2.7'],
    [
      'isn’t what an untrusted peer claims, with proxies elsewhere',
      '192.0.2.7',
      '10.0.0.1',
      proxies,
      '192.0.2.7',
    ],
    ['is what a trusted proxy says', '10.1.2.3', '203.0.113.9', proxies, '203.0.113.9'],
    [
      'is the rightmost that no proxy of ours has',
      '10.1.2.3',
      '1.1.1.1, 203.0.113.9, 10.9.9.9',
      proxies,
      '203.0.113.9',
    ],
    ['is the proxy’s where it says nothing', '10.1.2.3', undefined, proxies, '10.1.2.3'],
    [
      'is the last believable one where nonsense stands before it',
      '10.1.2.3',
      'evil, 10.0.0.2',
      proxies,
      '10.0.0.2',
    ],
    ['is IPv4 where the socket says IPv6', '::ffff:192.0.2.7', undefined, none, '192.0.2.7'],
    ['trusts a proxy that comes as IPv4 in IPv6', '::ffff:127.0.0.1', '203.0.113.9', proxies, '203.0.113.9'],
    ['may be IPv6 in brackets with a port', 'fd00::1', '[2001:db8::5]:4711', proxies, '2001:db8::5'],
    ['may have a port', '10.0.0.1', '203.0.113.9:4711', proxies, '203.0.113.9'],
    ['has no zone', 'fe80::1%eth0', undefined, none, 'fe80::1'],
  ]
  for (const [name, peer, forwarded, trusted, address] of cases)
    test(name, () => assert.equal(clientAddress(from(peer, forwarded), trusted), address))

  test('of a socket that is gone is empty', () => {
    assert.equal(clientAddress(from(undefined), proxies), '')
  })
  test('looks at the last twenty hops only', () => {
    const hops = ['203.0.113.9', ...new Array(50).fill('10.0.0.1')].join(',')
    assert.equal(clientAddress(from('10.0.0.1', hops), proxies), '10.0.0.1')
  })
})

describe('trusted proxies', () => {
  test('are addresses and networks of both families', () => {
    assert.ok(comesFromProxy(from('10.255.0.1'), proxies))
    assert.ok(comesFromProxy(from('fd12::1'), proxies))
    assert.ok(!comesFromProxy(from('11.0.0.1'), proxies))
    assert.ok(!comesFromProxy(from('127.0.0.2'), proxies))
  })
  test('that aren’t addresses are refused when they are configured', () => {
    assert.throws(() => trustedProxies(['localhost']), TypeError)
    assert.throws(() => trustedProxies(['10.0.0.0/99']))
  })
})

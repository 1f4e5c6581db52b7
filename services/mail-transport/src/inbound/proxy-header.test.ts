import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { proxyHeader } from './proxy-header.ts'

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const v2 = (command: number, family: number, payload: Buffer) => {
  const head = Buffer.from([command, family, payload.length >> 8, payload.length & 255])
  return Buffer.concat([SIGNATURE, head, payload])
}
const TCP4 = Buffer.from([192, 0, 2, 7, 10, 0, 0, 1, 0x30, 0x39, 0, 25])
const TCP6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000007', 'hex'),
  Buffer.alloc(16),
  Buffer.from([1, 2, 0, 25]),
])

const sourceOf = (bytes: Buffer | string) => {
  const found = proxyHeader(Buffer.from(bytes))
  return found.kind === 'header' ? (found.source ?? 'the peer') : found.kind
}

describe('version 1', () => {
  const cases = [
    ['IPv4', 'PROXY TCP4 192.0.2.7 10.0.0.1 12345 25\r\n', '192.0.2.7'],
    ['IPv6', 'PROXY TCP6 2001:db8::7 2001:db8::1 12345 25\r\n', '2001:db8::7'],
    ['an unknown family', 'PROXY UNKNOWN\r\n', 'the peer'],
    ['an unknown family with more', 'PROXY UNKNOWN a b c d\r\n', 'the peer'],
    ['a name in place of an address', 'PROXY TCP4 mail.example 10.0.0.1 12345 25\r\n', 'bad'],
    ['IPv6 that says that it is IPv4', 'PROXY TCP4 2001:db8::7 10.0.0.1 12345 25\r\n', 'bad'],
    ['another family', 'PROXY UDP4 192.0.2.7 10.0.0.1 12345 25\r\n', 'bad'],
    ['fields missing', 'PROXY TCP4 192.0.2.7\r\n', 'bad'],
    ['fields too many', 'PROXY TCP4 192.0.2.7 10.0.0.1 12345 25 x\r\n', 'bad'],
    ['small letters', 'proxy TCP4 192.0.2.7 10.0.0.1 12345 25\r\n', 'bad'],
    ['an end without CR', 'PROXY TCP4 192.0.2.7 10.0.0.1 12345 25\n', 'more'],
    ['a line longer than the protocol’s 107 bytes', `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`, 'bad'],
    ['a line without end', `PROXY ${'x'.repeat(5000)}`, 'bad'],
    ['no header at all', 'EHLO client.example\r\n', 'bad'],
  ] as const
  for (const [what, text, wanted] of cases)
    test(`${what}: ${wanted}`, () => assert.equal(sourceOf(text), wanted))

  test('the longest line that the protocol has is read', () =>
    assert.equal(sourceOf(`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`), 'the peer'))
})

describe('version 2', () => {
  const cases = [
    ['IPv4', v2(0x21, 0x11, TCP4), '192.0.2.7'],
    ['IPv6', v2(0x21, 0x21, TCP6), '2001:db8::7'],
    [
      'IPv4 with more behind the addresses',
      v2(0x21, 0x11, Buffer.concat([TCP4, Buffer.alloc(500)])),
      '192.0.2.7',
    ],
    ['the proxy’s own connection', v2(0x20, 0, Buffer.alloc(0)), 'the peer'],
    ['the proxy’s own connection, with addresses', v2(0x20, 0x11, TCP4), 'the peer'],
    ['a socket of Unix', v2(0x21, 0x31, Buffer.alloc(216)), 'the peer'],
    ['addresses cut short', v2(0x21, 0x11, TCP4.subarray(1)), 'bad'],
    ['IPv6 with IPv4’s length', v2(0x21, 0x21, TCP4), 'bad'],
    ['another version', v2(0x31, 0x11, TCP4), 'bad'],
    ['another command', v2(0x22, 0x11, TCP4), 'bad'],
    ['a length that nobody needs', v2(0x21, 0x11, Buffer.alloc(2049)), 'bad'],
  ] as const
  for (const [what, bytes, wanted] of cases)
    test(`${what}: ${wanted}`, () => assert.equal(sourceOf(bytes), wanted))
})

const headers = fc.constantFrom(
  Buffer.from('PROXY TCP4 192.0.2.7 10.0.0.1 12345 25\r\n'),
  v2(0x21, 0x11, TCP4),
  v2(0x21, 0x21, TCP6),
)

test('a header that is cut anywhere needs more, and what comes behind it isn’t read', () => {
  fc.assert(
    fc.property(headers, fc.uint8Array({ maxLength: 64 }), fc.nat(), (header, rest, cut) => {
      const found = proxyHeader(Buffer.concat([header, rest]))
      assert.ok(found.kind === 'header' && found.length === header.length)
      assert.equal(proxyHeader(header.subarray(0, cut % header.length)).kind, 'more')
    }),
  )
})

test('whatever comes, reading it never throws, and never waits for more than it bounds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), headers, fc.boolean(), (noise, header, isLikeOne) => {
      const bytes = Buffer.concat([isLikeOne ? header.subarray(0, 14) : Buffer.alloc(0), noise])
      assert.match(proxyHeader(bytes).kind, /^(more|bad|header)$/)
      assert.notEqual(proxyHeader(Buffer.concat([bytes, Buffer.alloc(4096)])).kind, 'more')
    }),
  )
})

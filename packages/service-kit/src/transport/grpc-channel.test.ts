import assert from 'node:assert/strict'
import test from 'node:test'
import { connectionOf } from './client-tls.ts'
import { addressOf } from './grpc-channel.ts'

for (const [host, address] of [
  ['127.0.0.1', '127.0.0.1:25'],
  ['localhost', 'localhost:25'],
  ['::1', '[::1]:25'],
  ['[::1]', '[::1]:25'],
  ['::', '[::]:25'],
] as const) {
  test(`${host} with a port is ${address}`, () => {
    assert.equal(addressOf(host, 25), address)
  })
}

const NAME = 'grpc.ssl_target_name_override'

for (const [address, sent] of [
  ['mail.example:443', 'mail.example'],
  ['127.0.0.1:443', 'localhost'],
  ['[::1]:443', 'localhost'],
] as const) {
  test(`RFC 6066 3: in a handshake with ${address} the name ${sent} is sent`, () => {
    assert.equal(connectionOf(address, {}).options[NAME], sent)
  })
}

test('a name that is expected goes before that of the address', () => {
  assert.equal(connectionOf('127.0.0.1:443', { serverName: 'mail.example' }).options[NAME], 'mail.example')
})

test('without TLS no name is sent', () => {
  assert.deepEqual(connectionOf('mail.example:80', undefined).options, {})
})

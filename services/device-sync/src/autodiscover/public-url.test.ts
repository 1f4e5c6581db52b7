import assert from 'node:assert/strict'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { describe, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { isCoded } from '@relais/service-kit'
import { trustedProxies } from '../http/client-address.ts'
import { autodiscoverUrl, endpointUrl } from './public-url.ts'

const PATH = '/Microsoft-Server-ActiveSync'

const request = (headers: IncomingHttpHeaders, remoteAddress = '192.0.2.1'): IncomingMessage =>
  ({ headers, socket: { remoteAddress } }) as unknown as IncomingMessage

const secure = (headers: IncomingHttpHeaders): IncomingMessage => {
  const socket = new TLSSocket(
    new Duplex({ read: () => undefined, write: (_c, _e, done) => done() }) as never,
  )
  return { headers, socket } as unknown as IncomingMessage
}

const none = { publicUrl: '', proxies: trustedProxies([]) }
const behindProxy = { publicUrl: '', proxies: trustedProxies(['192.0.2.0/24']) }

describe('the URL by which phones reach us', () => {
  test('is what the request’s Host says', () => {
    assert.equal(endpointUrl(request({ host: 'mail.example.org' }), none), `http://mail.example.org${PATH}`)
    assert.equal(
      endpointUrl(request({ host: 'mail.example.org:8080' }), none),
      `http://mail.example.org:8080${PATH}`,
    )
    assert.equal(endpointUrl(request({ host: '192.0.2.9:443' }), none), `http://192.0.2.9:443${PATH}`)
    assert.equal(endpointUrl(request({ host: '[2001:db8::1]:443' }), none), `http://[2001:db8::1]:443${PATH}`)
  })
  test('is secure where the connection is', () => {
    assert.equal(endpointUrl(secure({ host: 'mail.example.org' }), none), `https://mail.example.org${PATH}`)
  })
  test('is the configured one before all', () => {
    const configured = { ...behindProxy, publicUrl: 'https://mx.example.org' }
    const headers = { host: 'a', 'x-forwarded-host': 'b', 'x-forwarded-proto': 'http' }
    assert.equal(endpointUrl(request(headers), configured), `https://mx.example.org${PATH}`)
    assert.equal(endpointUrl(request({}), configured), `https://mx.example.org${PATH}`)
    assert.equal(
      endpointUrl(request({}), { ...configured, publicUrl: 'https://mx.example.org///' }),
      `https://mx.example.org${PATH}`,
    )
  })
  test('is what a trusted proxy was asked for', () => {
    const headers = {
      host: 'inside',
      'x-forwarded-host': 'mail.example.org, other',
      'x-forwarded-proto': 'HTTPS, http',
    }
    assert.equal(endpointUrl(request(headers), behindProxy), `https://mail.example.org${PATH}`)
    assert.equal(endpointUrl(request(headers, '203.0.113.1'), behindProxy), `http://inside${PATH}`)
  })
  test('keeps what a proxy leaves out', () => {
    assert.equal(
      endpointUrl(request({ host: 'h', 'x-forwarded-proto': 'https' }), behindProxy),
      `https://h${PATH}`,
    )
    assert.equal(endpointUrl(request({ host: 'h', 'x-forwarded-host': 'm' }), behindProxy), `http://m${PATH}`)
    assert.equal(
      endpointUrl(request({ host: 'h', 'x-forwarded-proto': 'gopher' }), behindProxy),
      `http://h${PATH}`,
    )
  })
  for (const host of [
    '',
    'a b',
    'a/b',
    'a@b',
    'a"b',
    'a<b',
    'a:port',
    'a:123456',
    '[::1',
    'ä.example',
    'a\\b',
    'a?b',
    'a#b',
  ])
    test(`isn’t made of "${host}"`, () => {
      for (const headers of [{ host }, { host: 'h', 'x-forwarded-host': host || '?' }])
        assert.throws(
          () => endpointUrl(request(headers), behindProxy),
          (error) => isCoded(error) && error.code === 'MALFORMED_QUERY',
        )
    })
  test('of Autodiscover has the same base', () => {
    assert.equal(autodiscoverUrl(request({ host: 'h' }), none), 'http://h/autodiscover/autodiscover.xml')
  })
})

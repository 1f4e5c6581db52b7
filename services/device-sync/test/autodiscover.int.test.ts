import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { XmlDocument } from 'libxml2-wasm'
import type { EasClientOptions } from './eas-client.ts'
import { rawHttp } from './raw-http.ts'
import { sharedTestService, startTestService } from './test-service.ts'
import { validateXml } from './validate-against-schema.ts'

const MOBILE_SYNC = 'http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006'
const OUTLOOK = 'http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a'

const request = (address = 'mike@example.org', schema: string | undefined = MOBILE_SYNC) =>
  Buffer.from(
    `<?xml version="1.0"?><Autodiscover xmlns="x"><Request><EMailAddress>${address}</EMailAddress>${
      schema ? `<AcceptableResponseSchema>${schema}</AcceptableResponseSchema>` : ''
    }</Request></Autodiscover>`,
  )

const shared = sharedTestService({ config: { trustedProxies: ['127.0.0.1'] } })

const ask = async (
  body: Uint8Array,
  {
    path = '/autodiscover/autodiscover.xml',
    headers = {},
    phone = {},
  }: { path?: string; headers?: Record<string, string>; phone?: Partial<EasClientOptions> } = {},
) => {
  const response = await shared()
    .phone(phone)
    .request(path, { method: 'POST', body, headers: { 'Content-Type': 'text/xml', ...headers } })
  const xml = response.bytes.toString()
  if (response.status === 200) validateXml(xml, 'AutodiscoverResponse.xsd')
  return { ...response, xml }
}

const value = (xml: string, name: string): string | undefined => {
  const document = XmlDocument.fromString(xml)
  const found = document.get(`//*[local-name()='${name}']`)
  const text = found ? found.content : undefined
  document.dispose()
  return text
}

describe('Autodiscover in XML', () => {
  test('tells a phone its server', async () => {
    const { status, headers, xml } = await ask(request(), { headers: { Host: 'mail.example.org' } })
    assert.equal(status, 200)
    assert.match(String(headers['content-type']), /^text\/xml/)
    assert.equal(value(xml, 'Culture'), 'en:us')
    assert.equal(value(xml, 'DisplayName'), 'Mike')
    assert.equal(value(xml, 'EMailAddress'), 'mike@example.org')
    assert.equal(value(xml, 'Type'), 'MobileSync')
    assert.equal(value(xml, 'Url'), 'http://mail.example.org/Microsoft-Server-ActiveSync')
    assert.equal(value(xml, 'Name'), value(xml, 'Url'))
  })
  test('is found at any case of its path', async () => {
    for (const path of [
      '/Autodiscover/Autodiscover.xml',
      '/AUTODISCOVER/AUTODISCOVER.XML',
      '/autodiscover/autodiscover.xml',
    ])
      assert.equal((await ask(request(), { path })).status, 200)
  })
  test('without a schema means MobileSync: broken clients leave it out', async () => {
    const { xml } = await ask(request('mike@example.org', ''))
    assert.equal(value(xml, 'Type'), 'MobileSync')
  })
  test('600: for the schema of Outlook, cleanly', async () => {
    const { status, xml } = await ask(request('mike@example.org', OUTLOOK))
    assert.deepEqual(
      [status, value(xml, 'ErrorCode'), value(xml, 'Message')],
      [200, '600', 'Invalid Request'],
    )
  })
  test('600: for what isn’t a request', async () => {
    for (const body of [
      '',
      'x',
      '<a>',
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      `<a>${'x'.repeat(20_000)}</a>`,
    ]) {
      const { status, xml } = await ask(Buffer.from(body))
      assert.deepEqual([status, value(xml, 'ErrorCode')], [200, '600'], body.slice(0, 20))
    }
  })
  test('600: for a GET', async () => {
    const { status, bytes } = await shared()
      .phone()
      .request('/autodiscover/autodiscover.xml', { method: 'GET' })
    assert.deepEqual([status, value(bytes.toString(), 'ErrorCode')], [200, '600'])
  })
  test('401: without credentials', async () => {
    const { status, headers } = await ask(request(), { phone: { password: 'no' } })
    assert.equal(status, 401)
    assert.match(String(headers['www-authenticate']), /^Basic/)
  })
  test('somebody else’s address is answered with one’s own', async () => {
    const { xml } = await ask(request('boss@example.org'))
    assert.equal(value(xml, 'EMailAddress'), 'mike@example.org')
  })
  test('an alias is answered as it is', async (t) => {
    const service = await startTestService(t)
    service.directory.aliases = ['mk@example.org']
    const { bytes } = await service
      .phone()
      .request('/autodiscover/autodiscover.xml', { method: 'POST', body: request('MK@example.org') })
    assert.equal(value(bytes.toString(), 'EMailAddress'), 'mk@example.org')
  })
  test('names are text, whatever is in them', async (t) => {
    const service = await startTestService(t)
    service.directory.displayName = '<b>"Mike" & Co</b>\u0001'
    const { bytes } = await service
      .phone()
      .request('/autodiscover/autodiscover.xml', { method: 'POST', body: request() })
    assert.equal(value(bytes.toString(), 'DisplayName'), '<b>"Mike" & Co</b>')
  })
})

describe('the URL that is given', () => {
  const url = async (headers: Record<string, string>) => value((await ask(request(), { headers })).xml, 'Url')

  test('is what a trusted proxy says of the client’s', async () => {
    const headers = {
      Host: 'inside:8080',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'mail.example.org',
    }
    assert.equal(await url(headers), 'https://mail.example.org/Microsoft-Server-ActiveSync')
  })
  test('isn’t what anybody else says', async (t) => {
    const service = await startTestService(t)
    const headers = {
      Host: 'mail.example.org',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil.example.net',
    }
    const { bytes } = await service
      .phone()
      .request('/autodiscover/autodiscover.xml', { method: 'POST', body: request(), headers })
    assert.equal(value(bytes.toString(), 'Url'), 'http://mail.example.org/Microsoft-Server-ActiveSync')
  })
  test('is the configured one, whatever the request says', async (t) => {
    const service = await startTestService(t, { config: { publicUrl: 'https://mx.example.org/' } })
    const { bytes } = await service
      .phone()
      .request('/autodiscover/autodiscover.xml', { method: 'POST', body: request() })
    assert.equal(value(bytes.toString(), 'Url'), 'https://mx.example.org/Microsoft-Server-ActiveSync')
  })
  for (const host of ['a b', 'evil.org/path', '"><script>', 'x@y', ''])
    test(`400: not made of the Host "${host}"`, async () => {
      const text = await rawHttp(
        shared().port,
        `GET /autodiscover/autodiscover.json?Protocol=ActiveSync HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      )
      assert.match(text, /^HTTP\/1\.1 400 /)
    })
})

describe('Autodiscover in JSON (v2)', () => {
  const get = async (path: string) => {
    const { status, headers, bytes } = await shared()
      .phone()
      .request(path, { method: 'GET', headers: { Host: 'mail.example.org' } })
    return {
      status,
      type: String(headers['content-type']),
      json: JSON.parse(bytes.toString()) as Record<string, string>,
    }
  }
  for (const path of [
    '/autodiscover/autodiscover.json?Email=mike%40example.org&Protocol=ActiveSync',
    '/Autodiscover/Autodiscover.JSON/v1.0/mike@example.org?protocol=activesync&RedirectCount=1',
  ])
    test(`${path} gives the server`, async () => {
      const { status, type, json } = await get(path)
      assert.equal(status, 200)
      assert.match(type, /^application\/json/)
      assert.deepEqual(json, {
        Protocol: 'ActiveSync',
        Url: 'http://mail.example.org/Microsoft-Server-ActiveSync',
      })
    })
  test('gives the XML form for AutodiscoverV1', async () => {
    const { json } = await get('/autodiscover/autodiscover.json?Email=a@b&Protocol=AutodiscoverV1')
    assert.equal(json.Url, 'http://mail.example.org/autodiscover/autodiscover.xml')
  })
  test('needs no credentials, and says the same to everybody', async () => {
    const ask = (address: string) =>
      rawHttp(
        shared().port,
        `GET /autodiscover/autodiscover.json?Email=${address}&Protocol=ActiveSync HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
      )
    const body = (text: string) => text.slice(text.indexOf('\r\n\r\n'))
    const known = await ask('mike@example.org')
    assert.match(known, /^HTTP\/1\.1 200 /)
    assert.equal(body(await ask('nobody@nowhere.example')), body(known))
  })
  test('400: for other protocols, or none', async () => {
    const other = await get('/autodiscover/autodiscover.json?Email=a@b&Protocol=Ews')
    assert.deepEqual([other.status, other.json.ErrorCode], [400, 'InvalidProtocol'])
    const none = await get('/autodiscover/autodiscover.json?Email=a@b')
    assert.deepEqual([none.status, none.json.ErrorCode], [400, 'MandatoryParameterMissing'])
  })
})

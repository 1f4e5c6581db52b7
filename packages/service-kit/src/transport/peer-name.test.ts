import assert from 'node:assert/strict'
import test, { describe } from 'node:test'
import fc from 'fast-check'
import { namesService, servicesIn, serviceUri } from './peer-name.ts'

describe('the services that a certificate names', () => {
  const cases: ReadonlyArray<readonly [string, string | undefined, readonly string[]]> = [
    ['no alternative names', undefined, []],
    ['none among its names', 'DNS:mail, IP Address:127.0.0.1', []],
    ['one', 'DNS:localhost, URI:urn:relais:service:mail', ['mail']],
    ['two', 'URI:urn:relais:service:mail, URI:urn:relais:service:directory', ['mail', 'directory']],
    ['another scheme', 'URI:spiffe://relais/mail, URI:urn:other:service:mail', []],
    ['the URI as a host name', 'DNS:urn:relais:service:mail', []],
    ['capital letters', 'URI:URN:RELAIS:SERVICE:mail, URI:urn:relais:service:Mail', []],
    ['an empty name', 'URI:urn:relais:service:', []],
    ['a space in it', 'URI:urn:relais:service:mail x', []],
    ['one hidden between quotes', 'DNS:"a, URI:urn:relais:service:mail, b"', []],
    ['one as a host’s name', 'DNS:localhost, DNS:mail.service.relais.internal', ['mail']],
    [
      'one by both, and another',
      'DNS:mail.service.relais.internal, URI:urn:relais:service:directory',
      ['mail', 'directory'],
    ],
    ['a host below a service’s name', 'DNS:a.mail.service.relais.internal', []],
    ['a host beside it', 'DNS:mail.service.relais.internal.example', []],
    ['all hosts', 'DNS:*.service.relais.internal', []],
    ['the domain alone', 'DNS:service.relais.internal, DNS:.service.relais.internal', []],
    ['a host’s name as a URI', 'URI:mail.service.relais.internal', []],
    ['a long one', `URI:urn:relais:service:${'m'.repeat(64)}`, []],
  ]
  for (const [what, text, wanted] of cases)
    test(`${what}: ${wanted.join(', ') || 'nobody'}`, () => assert.deepEqual(servicesIn(text), wanted))

  test('a URI made for a service names it and no other', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/)
    fc.assert(
      fc.property(name, name, (one, other) => {
        const text = `DNS:localhost, URI:${serviceUri(one)}`
        assert.equal(namesService(text, one), true)
        assert.equal(namesService(text, other), one === other)
      }),
    )
  })

  test('whatever a certificate says, reading it never throws and gives well-formed names', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const name of servicesIn(text)) assert.match(name, /^[a-z][a-z0-9-]*$/)
      }),
    )
  })
})

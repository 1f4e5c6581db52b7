import assert from 'node:assert/strict'
import { test } from 'node:test'
import { smarthostOf } from './smarthost-url.ts'

test('no URL is no smarthost', () => {
  assert.equal(smarthostOf('', 'mx'), undefined)
})

test('smtp is port 587 with STARTTLS that must be, smtps is port 465', () => {
  assert.deepEqual(smarthostOf('smtp://mail.example', 'mx'), {
    host: 'mail.example',
    port: 587,
    secure: false,
    requireTls: true,
    insecureCertificate: false,
    name: 'mx',
  })
  const secure = smarthostOf('smtps://mail.example', 'mx')
  assert.deepEqual([secure?.port, secure?.secure, secure?.requireTls], [465, true, false])
})

test('name and password may have any character', () => {
  const { user, password } = smarthostOf('smtp://me%40x.example:p%3Aw@mail.example:25', 'mx') ?? {}
  assert.deepEqual([user, password], ['me@x.example', 'p:w'])
})

test('on this machine TLS may be missing', () => {
  for (const url of ['smtp://127.0.0.1:25', 'smtp://localhost', 'smtp://[::1]:25']) {
    const options = smarthostOf(url, 'mx')
    assert.equal(options?.requireTls, false)
    assert.ok(!options?.host.includes('['))
  }
})

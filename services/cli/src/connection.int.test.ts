import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { endpointOf } from './connection.ts'
import { UsageError } from './usage-error.ts'

const folder = (t: TestContext, running?: string) => {
  const path = mkdtempSync(join(tmpdir(), 'relais-cli-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  if (running !== undefined) writeFileSync(join(path, 'running.json'), running)
  return path
}

const complaint = (pattern: RegExp) => (error: unknown) =>
  error instanceof UsageError && pattern.test(error.message)

test('a data folder says where its Relais runs and how to sign in', (t) => {
  const data = folder(t, JSON.stringify({ admin: 'http://127.0.0.1:8090', token: 'secret' }))
  assert.deepEqual(endpointOf({ data }), { url: 'http://127.0.0.1:8090', token: 'secret', ca: undefined })
})

test('what is given goes before what the data folder says', (t) => {
  const data = folder(t, JSON.stringify({ admin: 'http://127.0.0.1:8090', token: 'secret' }))
  assert.equal(endpointOf({ data, server: 'https://mail.example' }).url, 'https://mail.example')
  assert.equal(endpointOf({ data, token: 'other' }).token, 'other')
})

test('a server and a token need no data folder', () => {
  const endpoint = endpointOf({ data: '/nowhere', server: 'https://mail.example:8090', token: 'x' })
  assert.equal(endpoint.url, 'https://mail.example:8090')
})

test('a folder on which nothing runs is said in one line', (t) => {
  assert.throws(() => endpointOf({ data: folder(t) }), complaint(/no Relais runs on the data folder/))
})

test('a damaged file and a bad URL are named', (t) => {
  assert.throws(() => endpointOf({ data: folder(t, '{}') }), complaint(/doesn't say where/))
  assert.throws(() => endpointOf({ data: folder(t, 'rubbish') }), complaint(/running\.json/))
  assert.throws(() => endpointOf({ data: '', server: 'ftp://x', token: 'x' }), complaint(/isn't a URL/))
  assert.throws(() => endpointOf({ data: '', server: 'mail.example', token: 'x' }), complaint(/isn't a URL/))
})

test('a certificate to trust that is not there is named', () => {
  assert.throws(
    () => endpointOf({ data: '', server: 'https://x', token: 'x', ca: '/nowhere.pem' }),
    complaint(/nowhere\.pem/),
  )
})

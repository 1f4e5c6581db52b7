import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect, createServer } from 'node:tls'
import { StartError } from '../start-error.ts'
import { generatedCertificate, watchCertificate } from './certificate-source.ts'
import { generateCertificate } from './generate.ts'

const now = new Date()

const folder = (t: TestContext) => {
  const path = mkdtempSync(join(tmpdir(), 'relais-cert-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const given = async (path: string, host: string) => {
  const files = { cert: join(path, 'tls.crt'), key: join(path, 'tls.key') }
  const made = await generateCertificate([host], now)
  writeFileSync(`${files.cert}.new`, made.cert)
  writeFileSync(`${files.key}.new`, made.key)
  renameSync(`${files.key}.new`, files.key)
  renameSync(`${files.cert}.new`, files.cert)
  return files
}

test('a generated certificate names every host and address, as a server, for at most 397 days', async () => {
  const { cert } = await generateCertificate(['relais.example', '192.0.2.7', '2001:db8::7'], now)
  const parsed = new X509Certificate(cert)
  assert.equal(parsed.checkHost('relais.example'), 'relais.example')
  assert.equal(parsed.checkIP('192.0.2.7'), '192.0.2.7')
  assert.ok(parsed.checkIP('2001:db8::7'))
  assert.equal(parsed.checkHost('other.example'), undefined)
  assert.equal(parsed.ca, false)
  assert.ok(Date.parse(parsed.validTo) - Date.parse(parsed.validFrom) <= 398 * 86_400_000)
})

test('a TLS client that trusts the generated certificate talks to the server that has it', async (t) => {
  const made = await generateCertificate(['localhost'], now)
  const server = createServer(made, (socket) => socket.end('hello')).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const client = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: made.cert,
  })
  const [greeting] = await once(client, 'data')
  assert.equal(String(greeting), 'hello')
})

test('the generated certificate is kept from start to start while it fits', async (t) => {
  const path = folder(t)
  const first = await generatedCertificate(path, ['localhost', '192.0.2.7'], now)
  assert.deepEqual(await generatedCertificate(path, ['192.0.2.7'], now), first)
})

test('a new one is generated when the machine has a new address, or the old one is about to expire', async (t) => {
  const path = folder(t)
  const first = await generatedCertificate(path, ['192.0.2.7'], now)
  const second = await generatedCertificate(path, ['192.0.2.8'], now)
  assert.notEqual(second.cert, first.cert)
  const nearItsEnd = new Date(now.getTime() + 380 * 86_400_000)
  assert.notEqual((await generatedCertificate(path, ['192.0.2.8'], nearItsEnd)).cert, second.cert)
})

test('a damaged generated certificate is replaced', async (t) => {
  const path = folder(t)
  await generatedCertificate(path, ['localhost'], now)
  writeFileSync(join(path, 'generated.crt'), 'damage')
  assert.match((await generatedCertificate(path, ['localhost'], now)).cert, /BEGIN CERTIFICATE/)
})

test('a given certificate that is missing or does not fit its key is named in one line', async (t) => {
  const path = folder(t)
  const files = await given(path, 'a.example')
  const missing = { ...files, cert: join(path, 'nowhere.crt') }
  assert.throws(
    () => watchCertificate(missing, assert.fail),
    (error) => error instanceof StartError && /nowhere\.crt can't be read/.test(error.message),
  )
  writeFileSync(files.key, (await generateCertificate(['b.example'], now)).key)
  assert.throws(
    () => watchCertificate(files, assert.fail),
    (error) => error instanceof StartError && /can't be used together/.test(error.message),
  )
})

test('a given certificate that changes is read again', async (t) => {
  const path = folder(t)
  const source = watchCertificate(await given(path, 'old.example'), assert.fail)
  t.after(() => source.close())
  const changed = new Promise<string>((resolve) => source.onChange(({ cert }) => resolve(cert)))
  const files = await given(path, 'new.example')
  assert.equal(await changed, readFileSync(files.cert, 'utf8'))
  assert.equal(new X509Certificate(source.current().cert).checkHost('new.example'), 'new.example')
})

test('a certificate that is replaced by rubbish is complained about, and the present one stays', async (t) => {
  const path = folder(t)
  const files = await given(path, 'old.example')
  const complaint = new Promise<string>((resolve) => {
    const source = watchCertificate(files, resolve)
    t.after(() => source.close())
    t.after(() =>
      assert.equal(new X509Certificate(source.current().cert).checkHost('old.example'), 'old.example'),
    )
  })
  writeFileSync(files.cert, 'rubbish')
  assert.match(await complaint, /can't be used together/)
})

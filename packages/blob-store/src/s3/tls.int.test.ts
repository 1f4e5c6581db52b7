import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pinnedProgram } from '@relais/servers/pinned-program.ts'
import { startS3 } from '@relais/servers/s3.ts'
import { createAuthority } from '@relais/testing/authority.ts'
import { bytesOf, plain } from '../contract/bytes.ts'
import { openS3Blobs } from './open-s3-blobs.ts'
import { optionsOf } from './s3.fixture.ts'

const skip = await pinnedProgram('versitygw').then(
  () => false,
  (error: Error) => error.message,
)

test('over TLS a server is trusted by the authority that is given, and by no other', {
  skip,
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-s3-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const authority = await createAuthority('tests')
  const { certificate, key } = await authority.issue('127.0.0.1')
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  writeFileSync(certFile, certificate)
  writeFileSync(keyFile, key)
  const server = await startS3({ folder, tls: { certFile, keyFile } })
  context.after(() => server.kill())
  const open = (ca: string) => {
    const blobs = openS3Blobs({ ...optionsOf(server), tls: { ca }, attempts: 1 })
    context.after(() => blobs.close())
    return blobs
  }
  const blobs = open(authority.ca)
  const { id } = await blobs.put('acme', bytesOf(100_000))
  assert.deepEqual(plain(await blobs.get('acme', id)), bytesOf(100_000))
  const stranger = open((await createAuthority('stranger')).ca)
  await assert.rejects(stranger.get('acme', id), { code: 'BLOB_STORE_UNAVAILABLE', retryable: true })
})

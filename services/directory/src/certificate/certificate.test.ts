import assert from 'node:assert/strict'
import { hash, X509Certificate } from 'node:crypto'
import { before, describe, test } from 'node:test'
import { createAuthority } from '@relais/testing'
import fc from 'fast-check'
import { MAX_CERTIFICATE_BYTES, parseCertificate } from './certificate.ts'

const issued = async (uris: readonly string[] = []) => {
  const { certificate } = await (await createAuthority('Authority')).issue('mike@acme.example', { uris })
  return { pem: certificate, der: new X509Certificate(certificate).raw }
}

/** A name that makes the certificate so long. */
const long = (length: number) => [`urn:${'x'.repeat(length)}`]

describe('a certificate', () => {
  let pem = ''
  let der = Buffer.alloc(0)
  before(async () => ({ pem, der } = await issued()))

  test('is DER or PEM, and known by the SHA-256 of its DER', () => {
    const fingerprint = hash('sha256', der)
    for (const given of [der, Buffer.from(pem), Buffer.from(`subject=mike\r\n${pem}\r\n`)])
      assert.deepEqual(parseCertificate(given), { fingerprint, der: Uint8Array.from(der) })
  })
  test('has at most 8 KiB, whatever its form', async () => {
    const empty = (await issued(long(1))).der.length
    const fitting = await issued(long(MAX_CERTIFICATE_BYTES - empty - 20))
    assert.ok(fitting.der.length > MAX_CERTIFICATE_BYTES - 40 && fitting.der.length <= MAX_CERTIFICATE_BYTES)
    assert.ok(parseCertificate(fitting.der))
    assert.ok(parseCertificate(Buffer.from(fitting.pem)))
    const tooLong = await issued(long(MAX_CERTIFICATE_BYTES))
    assert.equal(parseCertificate(tooLong.der), undefined)
    assert.equal(parseCertificate(Buffer.from(tooLong.pem)), undefined)
    assert.equal(parseCertificate(Buffer.alloc(10_000_000, 0x30)), undefined)
  })
  test('is one: two, one with something behind it, or a part of one are none', () => {
    for (const given of [
      Buffer.from(pem + pem),
      Buffer.concat([der, Buffer.from([0])]),
      der.subarray(0, der.length - 1),
      Buffer.from(pem.slice(0, pem.length / 2)),
      Buffer.alloc(0),
      Buffer.from('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'),
      Buffer.from('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
    ])
      assert.equal(parseCertificate(given), undefined)
  })
  test('is never thrown about, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(), (bytes, at) => {
        parseCertificate(bytes)
        const spoiled = Buffer.from(der)
        spoiled.set(bytes.subarray(0, 8), at % (spoiled.length - 8))
        parseCertificate(spoiled)
      }),
      { numRuns: 300 },
    )
  })
})

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { temporaryFolder } from '@relais/testing'
import fc from 'fast-check'
import {
  createRoot,
  issue,
  MAIL_PURPOSE,
  type Particulars,
  SERVER_PURPOSE,
  type TestCertificate,
} from '../../test/test-certificates.ts'
import { MAX_CHECKS, parseCertificate, trustStoreOf, validateCertificate } from './certificate-path.ts'
import { certificatesIn, readTrustedCertificates, trustedCertificates } from './trusted-certificates.ts'

let root: TestCertificate
let middle: TestCertificate
let stranger: TestCertificate
before(async () => {
  root = await createRoot('Root')
  middle = await issue(root, 'Middle', { ca: true })
  stranger = await createRoot('Stranger')
})

type Asked = {
  chain?: TestCertificate[]
  trusted?: TestCertificate[]
  now?: number
  checkRevocation?: boolean
  checks?: { left: number }
}

const statusOf = ({ node }: TestCertificate, asked: Asked = {}) => {
  const { chain = [middle], trusted = [root], now = Date.now(), checkRevocation = false } = asked
  const { checks = { left: MAX_CHECKS } } = asked
  return validateCertificate(node, {
    ...{ chain: chain.map((one) => one.node), trust: trustStoreOf(trusted.map((one) => one.node)) },
    ...{ now, checkRevocation, checks },
  })
}

const leaf = (particulars: Particulars & { signer?: TestCertificate } = {}, issuer = middle) =>
  issue(issuer, 'anna@acme.example', particulars)

describe('a certificate of mail', () => {
  test('1: is believed through the authorities between it and a trusted one', async () => {
    assert.equal(statusOf(await leaf()), 1)
    assert.equal(statusOf(await leaf({}, root), { chain: [] }), 1)
    assert.equal(statusOf(await leaf({ purposes: [SERVER_PURPOSE, MAIL_PURPOSE] })), 1)
    assert.equal(statusOf(stranger, { trusted: [stranger] }), 1)
  })
  test('3: bears the name of an authority that didn’t sign it', async () => {
    assert.equal(statusOf(await leaf({ signer: stranger })), 3)
  })
  test('4: comes from nobody who is trusted', async () => {
    assert.equal(statusOf(await leaf({}, stranger)), 4)
    assert.equal(statusOf(stranger), 4)
    assert.equal(statusOf(await leaf(), { trusted: [] }), 4)
    assert.equal(statusOf(await leaf(), { chain: [] }), 4)
  })
  test('5: comes through one that is no authority, or whose time is over', async () => {
    const person = await issue(root, 'Mallory')
    assert.equal(statusOf(await leaf({}, person), { chain: [person] }), 5)
    const old = await issue(root, 'Old', { ca: true, from: -20, to: -1 })
    assert.equal(statusOf(await leaf({}, old), { chain: [old] }), 5)
  })
  test('6: is for something else than mail', async () => {
    assert.equal(statusOf(await leaf({ purposes: [SERVER_PURPOSE] })), 6)
  })
  test('7: is over, or not yet', async () => {
    assert.equal(statusOf(await leaf({ from: -5, to: -1 })), 7)
    assert.equal(statusOf(await leaf({ from: 1, to: 5 })), 7)
  })
  test('16: nobody can tell whether it was revoked, where that is asked; nothing else is said of a bad one', async () => {
    assert.equal(statusOf(await leaf(), { checkRevocation: true }), 16)
    assert.equal(statusOf(stranger, { checkRevocation: true }), 4)
  })
})

describe('hostile chains', () => {
  test('that lead in circles end', async () => {
    const a = await createRoot('Ring A')
    const b = await issue(a, 'Ring B', { ca: true })
    const again = await issue(b, 'Ring A', { ca: true, signer: b })
    const one = await issue(b, 'leaf')
    assert.notEqual(statusOf(one, { chain: [a, b, again] }), 1)
  })
  test('of many that bear one name are not followed for ever', async () => {
    const crossed: TestCertificate[] = []
    for (let level = 0; level < 4; level++)
      for (let n = 0; n < 8; n++)
        crossed.push(
          level === 0
            ? await createRoot('Level 0')
            : await issue(crossed[(level - 1) * 8]!, `Level ${level}`, { ca: true }),
        )
    const one = await issue(crossed.at(-1)!, 'leaf')
    const checks = { left: 2 }
    assert.notEqual(statusOf(one, { chain: crossed, checks }), 1)
    assert.ok(checks.left <= 0)
  })
  test('longer than any real one are no chain', async () => {
    let issuer = root
    const chain: TestCertificate[] = []
    for (let n = 0; n < 12; n++) {
      issuer = await issue(issuer, `Level ${n}`, { ca: true })
      chain.push(issuer)
    }
    assert.equal(statusOf(await issue(issuer, 'leaf'), { chain }), 5)
  })
})

test('bytes that are no certificate are none', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => parseCertificate(bytes) === undefined))
  const cut = Buffer.from(root.base64, 'base64').subarray(0, 100)
  assert.equal(parseCertificate(cut), undefined)
})

describe('trusted certificates', () => {
  test('are those of a PEM text, and nobody else', async () => {
    const trust = trustedCertificates(`# ours\n${root.node.toString()}\n${stranger.node.toString()}`)()
    assert.ok(trust.has(root.node) && trust.has(stranger.node))
    assert.ok(!trust.has(middle.node))
    assert.equal(trust.named(root.node.subject).length, 1)
  })
  test('are those that Node comes with, where none are given', () => {
    const trust = trustedCertificates(undefined)()
    assert.ok(!trust.has(root.node))
  })
  test('are read from a file, if there is one', async (t) => {
    const file = join(await temporaryFolder(t), 'trusted.pem')
    writeFileSync(file, root.node.toString())
    assert.ok(trustedCertificates(readTrustedCertificates(file))().has(root.node))
    assert.equal(readTrustedCertificates(undefined), undefined)
    assert.equal(readTrustedCertificates(''), undefined)
    assert.throws(() => readTrustedCertificates(`${file}x`), { code: 'TLS_FILE_UNREADABLE' })
  })
  test('must be certificates', () => {
    for (const pem of ['', 'nothing', '-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----'])
      assert.throws(() => certificatesIn(pem), { code: 'CONFIGURATION_INVALID' })
  })
})

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { childrenNamed, textChild } from '../src/wbxml/read.ts'
import { createRoot, issue, type TestCertificate } from './test-certificates.ts'
import { startTestService, type TestService } from './test-service.ts'

let root: TestCertificate
let middle: TestCertificate
let leaf: TestCertificate
let service: TestService
const ends: (() => void | Promise<void>)[] = []
before(async () => {
  root = await createRoot('Root')
  middle = await issue(root, 'Middle', { ca: true })
  leaf = await issue(middle, 'anna@acme.example')
  const trustedCertificates = root.node.toString()
  service = await startTestService({ after: (end) => ends.push(end) }, { trustedCertificates })
})
after(async () => {
  for (const end of ends.reverse()) await end()
})

const certificate = (content: string | Uint8Array) => el('validatecert:Certificate', content)
const validate = async (...children: WbxmlNode[]) => {
  const { root: answer } = await service
    .phone()
    .post('ValidateCert', el('validatecert:ValidateCert', children))
  return {
    status: textChild(answer, 'validatecert:Status'),
    certificates: childrenNamed(answer!, 'validatecert:Certificate').map((one) =>
      textChild(one, 'validatecert:Status'),
    ),
  }
}
const certificates = (...contents: (string | Uint8Array)[]) =>
  el('validatecert:Certificates', contents.map(certificate))
const chain = (...contents: string[]) => el('validatecert:CertificateChain', contents.map(certificate))

describe('ValidateCert', () => {
  test('says of each certificate what it is worth', async () => {
    const stranger = await createRoot('Stranger')
    const found = await validate(
      chain(middle.base64),
      certificates(leaf.base64, stranger.base64, 'bm90aGluZw=='),
    )
    assert.deepEqual(found, { status: '1', certificates: ['1', '4', '10'] })
  })
  test('takes bytes as well as their base64', async () => {
    const bytes = Buffer.from(leaf.base64, 'base64')
    assert.deepEqual((await validate(chain(middle.base64), certificates(bytes))).certificates, ['1'])
  })
  test('passes over what is no certificate in a chain', async () => {
    const found = await validate(chain('AAAA', middle.base64), certificates(leaf.base64))
    assert.deepEqual(found.certificates, ['1'])
  })
  test('16: it is asked whether they were revoked', async () => {
    const crl = el('validatecert:CheckCRL', 1)
    assert.deepEqual((await validate(chain(middle.base64), certificates(leaf.base64), crl)).certificates, [
      '16',
    ])
    const no = el('validatecert:CheckCRL', 0)
    assert.deepEqual((await validate(chain(middle.base64), certificates(leaf.base64), no)).certificates, [
      '1',
    ])
  })
  test('takes a hundred, and refuses more with 2, as none', async () => {
    const many = (count: number) => certificates(...Array.from({ length: count }, () => leaf.base64))
    assert.equal((await validate(many(100))).certificates.length, 100)
    assert.deepEqual(await validate(many(101)), { status: '2', certificates: [] })
    assert.deepEqual(await validate(), { status: '2', certificates: [] })
    assert.equal((await validate(certificates('x'.repeat(70_000)))).status, '2')
  })
})

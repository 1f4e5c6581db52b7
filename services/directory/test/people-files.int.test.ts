import assert from 'node:assert/strict'
import { hash, X509Certificate } from 'node:crypto'
import { before, describe, test } from 'node:test'
import { createLogger } from '@relais/service-kit'
import { createAuthority, temporaryFolder } from '@relais/testing'
import { sweepPictures } from '../src/picture-sweeping/picture-sweeper.ts'
import {
  createAccounts,
  fileScope,
  localClient,
  person,
  type Started,
  service,
  startDirectory,
  startFor,
  withMike,
} from './start-directory.ts'
import { jpeg, png } from './test-pictures.ts'

const scope = fileScope()

const certificateOf = async (name: string): Promise<Buffer> => {
  const { certificate } = await (await createAuthority('Authority')).issue(name)
  return new X509Certificate(certificate).raw
}

describe('pictures and certificates of people', () => {
  let started: Started
  let [mike, zoe, eve] = ['', '', '']
  before(async () => {
    started = await startDirectory(await temporaryFolder(scope))
    scope.after(() => started.stop())
    const { admin } = started
    await admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
    await admin.createTenant({ name: 'Evil', domains: ['evil.example'] })
    ;[mike = '', zoe = ''] = await createAccounts(started, 'acme', [
      { address: 'mike@acme.example' },
      { address: 'zoe@acme.example' },
    ])
    ;[eve = ''] = await createAccounts(started, 'evil', [{ address: 'eve@evil.example' }])
  })
  const asMike = () => localClient(started.directory, person('acme', mike))
  const asEve = () => localClient(started.directory, person('evil', eve))

  test('are set by operators, and read by people of the tenant', async () => {
    const { admin } = started
    const picture = jpeg(100, 80, { fill: 5000 })
    await admin.setPicture({ tenant: 'acme', account: zoe, content: picture })
    const { pictures } = await asMike().getPictures({ tenant: 'acme', accounts: [mike, zoe] })
    assert.deepEqual(
      pictures.map(({ account, size, content }) => [account, size, Buffer.from(content).equals(picture)]),
      [[zoe, picture.length, true]],
    )
    const der = await certificateOf('zoe@acme.example')
    const { fingerprint } = await admin.addCertificate({ tenant: 'acme', account: zoe, certificate: der })
    assert.equal(fingerprint, hash('sha256', der))
    const { certificates } = await asMike().getCertificates({ tenant: 'acme', accounts: [zoe, mike] })
    assert.deepEqual(
      certificates.map(({ account, fingerprint, certificate }) => [
        account,
        fingerprint,
        Buffer.from(certificate),
      ]),
      [[zoe, fingerprint, der]],
    )
    for (const call of [
      asMike().setPicture({ tenant: 'acme', account: mike, content: picture }),
      asMike().removePicture({ tenant: 'acme', account: zoe }),
      asMike().addCertificate({ tenant: 'acme', account: mike, certificate: der }),
      asMike().removeCertificate({ tenant: 'acme', account: zoe, fingerprint }),
    ])
      await assert.rejects(call, { code: 'PERMISSION_DENIED' })
  })

  test('never cross tenants, neither by the tenant’s name nor by an account’s id nor by a blob', async () => {
    const { admin, blobs } = started
    const content = png(20, 20, 4000)
    await admin.setPicture({ tenant: 'acme', account: mike, content })
    await admin.addCertificate({
      tenant: 'acme',
      account: mike,
      certificate: await certificateOf('mike@acme.example'),
    })
    for (const call of [
      asEve().getPictures({ tenant: 'acme', accounts: [mike] }),
      asEve().getCertificates({ tenant: 'acme', accounts: [mike] }),
      localClient(started.directory, service('evil')).getPictures({ tenant: 'acme', accounts: [mike] }),
    ])
      await assert.rejects(call, { code: 'PERMISSION_DENIED' })
    assert.deepEqual(await asEve().getPictures({ tenant: 'evil', accounts: [mike, zoe, eve] }), {
      pictures: [],
    })
    assert.deepEqual(await asEve().getCertificates({ tenant: 'evil', accounts: [mike, zoe, eve] }), {
      certificates: [],
    })
    const blob = hash('sha256', content)
    assert.ok(await blobs.stat('acme.directory', blob))
    for (const space of ['evil.directory', 'evil', 'acme'])
      assert.equal(await blobs.stat(space, blob), undefined, space)
  })

  test('pictures beyond a size or a number come without content', async () => {
    const { admin } = started
    await admin.setPicture({ tenant: 'acme', account: mike, content: png(20, 20, 1000) })
    await admin.setPicture({ tenant: 'acme', account: zoe, content: png(20, 20, 3000) })
    const sizes = async (bounds: { maxBytes?: number; maxPictures?: number }) => {
      const { pictures } = await asMike().getPictures({ tenant: 'acme', accounts: [zoe, mike], ...bounds })
      return pictures.map(({ size, content }) => [size, content.length])
    }
    const [large, small] = [3024, 1024]
    assert.deepEqual(await sizes({}), [
      [large, large],
      [small, small],
    ])
    assert.deepEqual(await sizes({ maxBytes: large }), [
      [large, large],
      [small, small],
    ])
    assert.deepEqual(await sizes({ maxBytes: large - 1 }), [
      [large, 0],
      [small, small],
    ])
    assert.deepEqual(await sizes({ maxPictures: 1 }), [
      [large, large],
      [small, 0],
    ])
    assert.deepEqual(await sizes({ maxPictures: 1, maxBytes: small }), [
      [large, 0],
      [small, small],
    ])
    assert.deepEqual(await sizes({ maxPictures: 0 }), [
      [large, 0],
      [small, 0],
    ])
  })

  test('are read for a hundred accounts at a time', async () => {
    const accounts = Array.from({ length: 100 }, (_, n) => `u_${n}`)
    assert.deepEqual((await asMike().getPictures({ tenant: 'acme', accounts })).pictures, [])
    for (const call of [
      asMike().getPictures({ tenant: 'acme', accounts: [...accounts, 'one more'] }),
      asMike().getCertificates({ tenant: 'acme', accounts: [...accounts, 'one more'] }),
    ])
      await assert.rejects(call, { code: 'INVALID_ARGUMENT' })
  })

  test('a picture that is none writes no blob', async () => {
    const content = Buffer.from('<svg onload="x()"/>')
    const call = started.admin.setPicture({ tenant: 'acme', account: mike, content })
    await assert.rejects(call, { code: 'INVALID_ARGUMENT' })
    assert.equal(await started.blobs.stat('acme.directory', hash('sha256', content)), undefined)
  })
})

test('the rows of pictures and certificates are made anew without looking at any blob', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  const key = { tenant: 'acme', account }
  await started.admin.setPicture({ ...key, content: png(9, 9) })
  const { fingerprint } = await started.admin.addCertificate({
    ...key,
    certificate: await certificateOf('mike@acme.example'),
  })
  await started.admin.addCertificate({ ...key, certificate: await certificateOf('mike@acme.example') })
  await started.admin.removeCertificate({ ...key, fingerprint })
  // What the log makes has no blobs to look at.
  assert.deepEqual(await started.differences(), [])
})

test('a picture that nobody has any more is swept: replaced, removed, of an erased account', async (t) => {
  const started = await startFor(t)
  const mike = await withMike(started)
  const [zoe = '', anna = ''] = await createAccounts(started, 'acme', [
    { address: 'zoe@acme.example' },
    { address: 'anna@acme.example' },
  ])
  const { admin, blobs, log } = started
  const pictures = [1, 2, 3, 4].map((n) => png(n, n))
  const [replaced, kept, removed, erased] = pictures.map((one) => hash('sha256', one))
  const set = (account: string, n: number) =>
    admin.setPicture({ tenant: 'acme', account, content: pictures[n]! })
  await set(mike, 0)
  await set(mike, 1)
  await set(zoe, 2)
  await set(anna, 3)
  await admin.removePicture({ tenant: 'acme', account: zoe })
  await admin.deleteAccount({ tenant: 'acme', account: anna })
  const letter = await blobs.put('acme', Buffer.from('a letter'))
  const projector = { store: started.rows(), waitFor: async () => {}, fault: () => undefined }
  const deps = { log, blobs, projector: projector as never, clock: Date.now }
  assert.equal(await sweepPictures(deps, { space: 'acme.directory' }), 0, 'those of the last day stay')
  assert.equal(await sweepPictures(deps, { space: 'acme.directory', olderThanMs: -60_000 }), 3)
  for (const blob of [replaced, removed, erased])
    assert.equal(await blobs.stat('acme.directory', blob!), undefined)
  assert.ok(await blobs.stat('acme.directory', kept!))
  assert.equal(
    await sweepPictures(deps, { space: 'acme', olderThanMs: -60_000 }),
    0,
    'mail is not the directory’s',
  )
  assert.ok(await blobs.stat('acme', letter.id))
})

test('a picture that is lost or damaged is told, and those of others are shown', async (t) => {
  const lines: string[] = []
  const logger = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } })
  const started = await startFor(t, { logger })
  const mike = await withMike(started)
  const [zoe = ''] = await createAccounts(started, 'acme', [{ address: 'zoe@acme.example' }])
  const content = png(7, 7)
  await started.admin.setPicture({ tenant: 'acme', account: mike, content: png(8, 8) })
  await started.admin.setPicture({ tenant: 'acme', account: zoe, content })
  await started.blobs.sweep('acme.directory', async () => new Set([hash('sha256', content)]), -60_000)
  const { pictures } = await started.admin.getPictures({ tenant: 'acme', accounts: [mike, zoe] })
  assert.deepEqual(
    pictures.map(({ account, content }) => [account, content.length]),
    [
      [mike, 0],
      [zoe, content.length],
    ],
  )
  assert.equal(lines.filter((line) => line.includes("a picture can't be read")).length, 1)
})

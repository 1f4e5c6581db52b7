import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect as connectTo, createServer } from 'node:net'
import test, { before, describe, type TestContext } from 'node:test'
import {
  CertificateSource,
  type Context,
  createGrpcClient,
  createGrpcServer,
  createHealthProbe,
  MAX_MESSAGE_BYTES,
  MAX_PEER_MESSAGE_BYTES,
  serve,
  serviceAuthentication,
  serviceUri,
} from '@relais/service-kit'
import { type Authority, type Credentials, createAuthority } from '@relais/testing'
import { Metadata } from 'nice-grpc'
import { latch, type Parcel, ParcelDefinition, parcel } from './parcel-service.ts'

const identity = {
  tenant: 'acme',
  actor: { kind: 'account', id: 'u_1', device: '' },
  principal: 'u_1',
}
/** No test waits for it: a machine that is busy only takes longer. */
const PATIENCE_MS = 60_000

const answering = parcel({ ask: async () => ({ tenant: 'acme' }) })

let ours: Authority
let theirs: Authority
before(async () => {
  ours = await createAuthority('ours')
  theirs = await createAuthority('theirs')
})

const of = (service: string, authority = ours, validForMs?: number) =>
  authority.issue(service, { uris: [serviceUri(service)], validForMs })

const sourceOf = ({ certificate, key }: Credentials, { ca } = ours) =>
  new CertificateSource({ certificate, key, clientCa: ca })

type Served = { readonly implementation?: Parcel; readonly credentials?: Credentials }

/** The service "mail", which lets in device-sync. */
const serving = async (context: TestContext, { implementation = answering, credentials }: Served = {}) => {
  const certificates = sourceOf(credentials ?? (await of('mail')))
  const server = createGrpcServer({
    services: [serve(ParcelDefinition, implementation)],
    certificates,
    authenticate: serviceAuthentication(['device-sync']),
    maxMessageBytes: MAX_PEER_MESSAGE_BYTES,
  })
  const { port } = await server.listen('127.0.0.1', 0)
  context.after(() => server.drain(0))
  const address = `127.0.0.1:${port}`
  const connect = (own: CertificateSource, service = 'mail') => {
    const client = createGrpcClient(ParcelDefinition, address, {
      tls: { certificates: own, service },
      timeoutMs: PATIENCE_MS,
      maxMessageBytes: MAX_PEER_MESSAGE_BYTES,
    })
    context.after(() => client.close())
    return client
  }
  return { server, certificates, address, connect }
}

/** Takes connections at once and answers nothing for so long: a peer whose processor is busy. */
const busyFor = async (context: TestContext, address: string, ms: number): Promise<string> => {
  const [host, port] = address.split(':')
  const listener = createServer((socket) => {
    const peer = connectTo(Number(port), host)
    socket.on('error', () => peer.destroy())
    peer.on('error', () => socket.destroy())
    peer.pipe(socket)
    setTimeout(() => socket.pipe(peer), ms)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  context.after(() => listener.close())
  return `127.0.0.1:${(listener.address() as AddressInfo).port}`
}

describe('services that call each other over mutual TLS', () => {
  test('one that may call is let in, and its word about the identity is taken', async (context) => {
    const seen = latch<Context>()
    const implementation = parcel({
      ask: async (_request, context) => {
        seen.resolve(context)
        return { tenant: 'acme' }
      },
    })
    const { connect } = await serving(context, { implementation })
    await connect(sourceOf(await of('device-sync'))).ask({}, { identity })
    assert.deepEqual((await seen.promise).identity, identity)
  })

  test('one that is too busy to shake hands within a second is waited for', async (context) => {
    const { address } = await serving(context)
    const client = createGrpcClient(ParcelDefinition, await busyFor(context, address, 1_000), {
      tls: { certificates: sourceOf(await of('device-sync')), service: 'mail' },
      timeoutMs: PATIENCE_MS,
    })
    context.after(() => client.close())
    assert.equal((await client.ask({})).tenant, 'acme')
  })

  test('a service that has no business here is refused', async (context) => {
    const { connect } = await serving(context)
    await assert.rejects(connect(sourceOf(await of('mail-transport'))).ask({}), {
      code: 'PERMISSION_DENIED',
      retryable: false,
    })
  })

  test('a certificate of our authority that names no service is refused', async (context) => {
    const { connect } = await serving(context)
    const nobody = sourceOf(await ours.issue('device-sync'))
    await assert.rejects(connect(nobody).ask({}), { code: 'PERMISSION_DENIED' })
  })

  test('what a caller writes into the metadata names nobody', async (context) => {
    const { connect } = await serving(context)
    const metadata = Metadata({ 'relais-peer-services': 'device-sync' })
    await assert.rejects(connect(sourceOf(await of('mail-transport'))).ask({}, { metadata }), {
      code: 'PERMISSION_DENIED',
    })
  })

  test('a certificate of another authority is not even connected', async (context) => {
    const { connect } = await serving(context)
    const foreign = sourceOf(await of('device-sync', theirs))
    await assert.rejects(connect(foreign).ask({}), { code: 'UNAVAILABLE', retryable: true })
  })

  test('an expired certificate is not even connected', async (context) => {
    const { connect } = await serving(context)
    const expired = sourceOf(await of('device-sync', ours, -1000))
    await assert.rejects(connect(expired).ask({}), { code: 'UNAVAILABLE' })
  })

  test('a server of another authority is not spoken to', async (context) => {
    const { connect } = await serving(context, { credentials: await of('mail', theirs) })
    await assert.rejects(connect(sourceOf(await of('device-sync'))).ask({}), { code: 'UNAVAILABLE' })
  })

  test('a server whose certificate has expired is not spoken to', async (context) => {
    const { connect } = await serving(context, { credentials: await of('mail', ours, -1000) })
    await assert.rejects(connect(sourceOf(await of('device-sync'))).ask({}), { code: 'UNAVAILABLE' })
  })

  test('a server that is another service than the one called is not spoken to', async (context) => {
    const { connect } = await serving(context)
    await assert.rejects(connect(sourceOf(await of('device-sync')), 'directory').ask({}), {
      code: 'UNAVAILABLE',
    })
  })

  test('a caller without a certificate is not even connected', async (context) => {
    const { address } = await serving(context)
    const client = createGrpcClient(ParcelDefinition, address, {
      tls: { ca: ours.ca, serverName: 'localhost' },
      timeoutMs: PATIENCE_MS,
    })
    context.after(() => client.close())
    await assert.rejects(client.ask({}), { code: 'UNAVAILABLE' })
  })

  test('new certificates of a new authority are taken over on both sides while they run', async (context) => {
    const { certificates, connect } = await serving(context)
    const own = sourceOf(await of('device-sync'))
    await connect(own).ask({})
    const both = `${ours.ca}\n${theirs.ca}`
    const renewed = await of('mail', theirs)
    certificates.replace({ ...renewed, clientCa: both })
    own.replace({ ...(await of('device-sync', theirs)), clientCa: theirs.ca })
    assert.equal((await connect(own).ask({})).tenant, 'acme')
    await assert.rejects(connect(sourceOf(await of('device-sync'))).ask({}), { code: 'UNAVAILABLE' })
  })

  test('a message of 50 MB passes, and one over the bound is refused', async (context) => {
    const implementation = parcel({ ask: async ({ login }) => ({ displayName: login }) })
    const { connect } = await serving(context, { implementation })
    const client = connect(sourceOf(await of('device-sync')))
    const large = 'x'.repeat(50_000_000)
    assert.ok(large.length > MAX_MESSAGE_BYTES)
    assert.equal((await client.ask({ login: large }, { timeoutMs: PATIENCE_MS })).displayName, large)
    await assert.rejects(client.ask({ login: 'x'.repeat(MAX_PEER_MESSAGE_BYTES) }), {
      code: 'REQUEST_TOO_LARGE',
    })
  })

  test('any of ours may ask whether a service serves, and nobody else', async (context) => {
    const { server, address } = await serving(context)
    const probeOf = (certificates: CertificateSource) => {
      const probe = createHealthProbe(address, { certificates, service: 'mail' })
      context.after(() => probe.close())
      return probe
    }
    const probe = probeOf(sourceOf(await of('mail-transport')))
    await probe.check(PATIENCE_MS)
    server.setHealth('', 'NOT_SERVING')
    await assert.rejects(probe.check(PATIENCE_MS), { code: 'UNAVAILABLE', retryable: true })
    await assert.rejects(probeOf(sourceOf(await of('mail-transport', theirs))).check(PATIENCE_MS), {
      code: 'UNAVAILABLE',
    })
  })
})

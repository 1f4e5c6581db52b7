import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import { createServer as createTcpServer } from 'node:net'
import test, { describe, type TestContext } from 'node:test'
import { Identity as WireIdentity } from '@relais/proto/common/v1/identity.ts'
import {
  bearerAuthentication,
  type Context,
  createGrpcClient,
  createGrpcServer,
  type GrpcClientOptions,
  type GrpcServerOptions,
  MAX_MESSAGE_BYTES,
  OPERATOR,
  serve,
  terminal,
} from '@relais/service-kit'
import { type Authority, createAuthority } from '@relais/testing'
import { service as HealthDefinition } from 'grpc-health-check'
import { createChannel, createClient, Metadata } from 'nice-grpc'
import { chunk, chunkOf, latch, type Parcel, ParcelDefinition, parcel } from './parcel-service.ts'
import { recordingLogger } from './recording-logger.ts'

const TOKEN = 'correct horse battery staple'

const identity = {
  tenant: 'acme',
  actor: { kind: 'account', id: 'u_1', device: '' },
  principal: 'u_1',
}

const answering = parcel({ ask: async () => ({ tenant: 'acme' }) })

/** A listening server, drained when the test is over. */
const serving = async (
  context: TestContext,
  implementation: Parcel,
  options: Partial<GrpcServerOptions> = {},
) => {
  const server = createGrpcServer({
    services: [serve(ParcelDefinition, implementation)],
    authenticate: () => 'trusted',
    ...options,
  })
  const { port } = await server.listen('127.0.0.1', 0)
  context.after(() => server.drain(0))
  const connect = (clientOptions: GrpcClientOptions = {}) => {
    const client = createGrpcClient(ParcelDefinition, `127.0.0.1:${port}`, clientOptions)
    context.after(() => client.close())
    return client
  }
  return { server, port, connect }
}

const seenBy = () => {
  const seen = latch<Context>()
  const service = parcel({
    ask: async (_request, context) => {
      seen.resolve(context)
      return {}
    },
  })
  return { seen: seen.promise, service }
}

describe('who a caller is', () => {
  test('a server that has no way to know its callers refuses them all', async (context) => {
    const { connect } = await serving(context, answering, { authenticate: undefined })
    await assert.rejects(connect().ask({}), { code: 'UNAUTHENTICATED', retryable: false })
  })

  test("the administrators' token makes an operator, whatever identity the call states", async (context) => {
    const { seen, service } = seenBy()
    const { connect } = await serving(context, service, { authenticate: bearerAuthentication(TOKEN) })
    await connect({ token: TOKEN, identity }).ask({})
    assert.deepEqual((await seen).identity, OPERATOR)
    assert.equal(OPERATOR.tenant, '')
    assert.equal(OPERATOR.actor.kind, 'operator')
  })

  for (const token of [undefined, '', 'correct horse', `${TOKEN} `, TOKEN.toUpperCase()]) {
    test(`the token ${JSON.stringify(token)} is refused`, async (context) => {
      const { connect } = await serving(context, answering, { authenticate: bearerAuthentication(TOKEN) })
      await assert.rejects(connect({ token }).ask({}), { code: 'UNAUTHENTICATED' })
    })
  }

  test('the scheme of the token may be written in any case', async (context) => {
    const { connect } = await serving(context, answering, { authenticate: bearerAuthentication(TOKEN) })
    const metadata = Metadata({ authorization: `bearer ${TOKEN}` })
    assert.equal((await connect().ask({}, { metadata })).tenant, 'acme')
  })

  test('a refused caller is refused before its stream is read', async (context) => {
    const { connect } = await serving(context, parcel({}), { authenticate: bearerAuthentication(TOKEN) })
    async function* endless() {
      for (;;) yield { part: { $case: 'chunk' as const, value: Buffer.alloc(65_536) } }
    }
    await assert.rejects(connect().gather(endless()), { code: 'UNAUTHENTICATED' })
  })

  test('an identity in the metadata that a caller makes itself is not sent as one', async (context) => {
    const { seen, service } = seenBy()
    const { connect } = await serving(context, service)
    const forged = WireIdentity.encode({ ...identity, tenant: 'other' }).finish()
    const metadata = Metadata({ 'relais-identity-bin': forged, 'relais-deadline': '1' })
    await connect({ identity }).ask({}, { metadata })
    assert.deepEqual((await seen).identity, identity)
  })

  test('an identity that a peer states is not believed when the peer is known to be somebody', async (context) => {
    const { seen, service } = seenBy()
    const known = { ...identity, tenant: 'known' }
    const { connect } = await serving(context, service, { authenticate: () => known })
    await connect({ identity }).ask({})
    assert.deepEqual((await seen).identity, known)
  })

  test("an identity that can't be read is refused", async (context) => {
    const { port } = await serving(context, answering)
    const channel = createChannel(`127.0.0.1:${port}`)
    context.after(() => channel.close())
    const raw = createClient(ParcelDefinition, channel)
    const metadata = Metadata({ 'relais-identity-bin': Uint8Array.of(0x0a, 0xff) })
    await assert.rejects(raw.ask({}, { metadata }), /UNAUTHENTICATED/)
  })

  test('an authentication that breaks down lets nobody in, and is in the log', async (context) => {
    const { logger, entries } = recordingLogger()
    const { connect } = await serving(context, answering, {
      logger,
      authenticate: () => {
        throw new TypeError('secret')
      },
    })
    await assert.rejects(connect().ask({}, { correlation: 'c-3' }), (error: Error) => {
      assert.equal((error as { code?: string }).code, 'INTERNAL')
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
    assert.deepEqual(
      entries().map(({ msg, correlation }) => [msg, correlation]),
      [['call failed', 'c-3']],
    )
  })

  test('an authentication that takes too long ends with the call', async (context) => {
    const { connect } = await serving(context, parcel({}), { authenticate: () => new Promise(() => {}) })
    await assert.rejects(connect().ask({}, { timeoutMs: 200 }), { code: 'DEADLINE_EXCEEDED' })
  })

  test('the identity of a client stands where a call says none', async (context) => {
    const { seen, service } = seenBy()
    const { connect } = await serving(context, service)
    await connect({ identity }).ask({}, { identity: undefined })
    assert.deepEqual((await seen).identity, identity)
  })
})

describe('what a call costs at most', () => {
  test('a request over 4 MiB is REQUEST_TOO_LARGE, and terminal', async (context) => {
    const { connect } = await serving(context, parcel({}))
    const login = 'x'.repeat(MAX_MESSAGE_BYTES)
    await assert.rejects(connect().ask({ login }), { code: 'REQUEST_TOO_LARGE', retryable: false })
  })

  test('an answer over 4 MiB is REQUEST_TOO_LARGE, and terminal', async (context) => {
    const { connect } = await serving(
      context,
      parcel({ ask: async () => ({ displayName: 'x'.repeat(MAX_MESSAGE_BYTES) }) }),
    )
    await assert.rejects(connect().ask({}), { code: 'REQUEST_TOO_LARGE', retryable: false })
  })

  test('the server itself refuses what is over 4 MiB', async (context) => {
    const { port } = await serving(context, parcel({}))
    const channel = createChannel(`127.0.0.1:${port}`, undefined, { 'grpc.max_send_message_length': -1 })
    context.after(() => channel.close())
    const raw = createClient(ParcelDefinition, channel)
    await assert.rejects(raw.ask({ login: 'x'.repeat(MAX_MESSAGE_BYTES) }), /RESOURCE_EXHAUSTED/)
  })

  test('a time-out of a caller that is not ours is kept', async (context) => {
    const { seen, service } = seenBy()
    const { port } = await serving(context, service)
    const channel = createChannel(`127.0.0.1:${port}`)
    context.after(() => channel.close())
    const before = Date.now()
    await createClient(ParcelDefinition, channel).ask({}, { metadata: Metadata({ 'grpc-timeout': '2M' }) })
    const { deadline } = await seen
    assert.ok(deadline >= before + 110_000 && deadline <= Date.now() + 120_000)
  })
})

describe('a server that goes away', () => {
  test('no server: UNAVAILABLE, and worth another try', async (context) => {
    const client = createGrpcClient(ParcelDefinition, '127.0.0.1:1')
    context.after(() => client.close())
    await assert.rejects(client.ask({}), { code: 'UNAVAILABLE', retryable: true })
  })

  test('draining lets a running call end, and takes no new one', async (context) => {
    const called = latch()
    const finish = latch()
    const { server, connect } = await serving(
      context,
      parcel({
        ask: async () => {
          called.resolve()
          await finish.promise
          return { tenant: 'done' }
        },
      }),
    )
    const client = connect()
    const running = client.ask({})
    await called.promise
    const drained = server.drain(10_000)
    await assert.rejects(client.ask({}, { timeoutMs: 5_000 }), { code: 'UNAVAILABLE' })
    finish.resolve()
    assert.equal((await running).tenant, 'done')
    await drained
  })

  test('when the grace is over running calls are cancelled', async (context) => {
    const called = latch<AbortSignal>()
    const { server, connect } = await serving(
      context,
      parcel({
        ask: (_request, { signal }) => {
          called.resolve(signal)
          return new Promise(() => {})
        },
      }),
    )
    const running = connect().ask({})
    const signal = await called.promise
    await Promise.all([server.drain(10), assert.rejects(running)])
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve())
    })
  })

  test('draining a server that nobody called ends at once, twice too', async (context) => {
    const { server } = await serving(context, answering)
    await server.drain(60_000)
    await server.drain(60_000)
  })

  test('a busy port is one clear error', async (context) => {
    const taken = createTcpServer().listen(0, '127.0.0.1')
    context.after(() => taken.close())
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const server = createGrpcServer({ services: [] })
    await assert.rejects(server.listen('127.0.0.1', port), {
      code: 'LISTEN_FAILED',
      message: new RegExp(`${port}`),
    })
  })

  test('a client that dies in the middle of a stream: the handler never takes the part for the whole', async (context) => {
    const first = latch()
    const outcome = latch<unknown>()
    const { port } = await serving(
      context,
      parcel({
        gather: async (request) => {
          try {
            for await (const message of request) if (chunkOf(message).length > 0) first.resolve()
            outcome.resolve('whole')
            return {}
          } catch (error) {
            outcome.resolve(error)
            throw error
          }
        },
      }),
    )
    // Not our client: it announces no mark, so all there is to see is the connection.
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    const stream = session.request({
      ':method': 'POST',
      ':path': '/relais.test.v1.Parcel/Gather',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    session.on('error', () => {})
    stream.on('error', () => {})
    const message = ParcelDefinition.methods.gather.requestType.encode(
      ParcelDefinition.methods.gather.requestType.fromPartial(chunk(1)),
    )
    const payload = message.finish()
    stream.write(Buffer.from([0, 0, 0, 0, payload.length, ...payload]))
    await first.promise
    session.socket.destroy()
    assert.ok((await outcome.promise) instanceof Error)
  })
})

describe('health', () => {
  const health = (context: TestContext, port: number) => {
    const channel = createChannel(`127.0.0.1:${port}`)
    context.after(() => channel.close())
    return createClient(HealthDefinition, channel) as unknown as {
      Check(request: { service: string }): Promise<{ status: string }>
      List(request: object): Promise<{ statuses: Record<string, { status: string }> }>
      Watch(
        request: { service: string },
        options?: { signal: AbortSignal },
      ): AsyncIterable<{ status: string }>
    }
  }
  const full = ParcelDefinition.fullName

  test('the server and each of its services are SERVING, told without authentication', async (context) => {
    const { port } = await serving(context, answering, { authenticate: bearerAuthentication(TOKEN) })
    const client = health(context, port)
    assert.deepEqual(await client.Check({ service: '' }), { status: 'SERVING' })
    assert.deepEqual(await client.Check({ service: full }), { status: 'SERVING' })
    assert.deepEqual(Object.keys((await client.List({})).statuses), ['', full])
  })

  test("a service that isn't here is NOT_FOUND to a check and SERVICE_UNKNOWN to a watch", async (context) => {
    const { port } = await serving(context, answering)
    const client = health(context, port)
    await assert.rejects(client.Check({ service: 'other' }), /NOT_FOUND/)
    for await (const { status } of client.Watch({ service: 'other' })) {
      assert.equal(status, 'SERVICE_UNKNOWN')
      break
    }
  })

  test('a watch tells every change, and the drain', async (context) => {
    const { server, port } = await serving(context, answering)
    const told: string[] = []
    const drained = latch()
    const next = [
      () => server.setHealth(full, 'NOT_SERVING'),
      () => server.setHealth(full, 'SERVING'),
      () => drained.resolve(server.drain(60_000)),
    ]
    for await (const { status } of health(context, port).Watch({ service: full })) {
      told.push(status)
      next.shift()?.()
    }
    await drained.promise
    assert.deepEqual(told, ['SERVING', 'NOT_SERVING', 'SERVING', 'NOT_SERVING'])
  })
})

describe('TLS', async () => {
  const authority = await createAuthority('Relais test')
  const stranger = await createAuthority('Somebody else')
  const secured = async (context: TestContext, from: Authority, options: Partial<GrpcServerOptions> = {}) =>
    serving(context, answering, { tls: await from.issue('server'), ...options })

  test('calls go over TLS to a server whose certificate the client knows', async (context) => {
    const { connect } = await secured(context, authority)
    assert.equal((await connect({ tls: { ca: authority.ca } }).ask({})).tenant, 'acme')
  })

  test('a server with a certificate of somebody else is UNAVAILABLE', async (context) => {
    const { connect } = await secured(context, stranger)
    await assert.rejects(connect({ tls: { ca: authority.ca } }).ask({}), { code: 'UNAVAILABLE' })
  })

  test('a client without TLS gets nothing', async (context) => {
    const { connect } = await secured(context, authority)
    await assert.rejects(connect().ask({}), { code: 'UNAVAILABLE' })
  })

  test('with mutual TLS a peer that shows its certificate is trusted with the identity it states', async (context) => {
    const { seen, service } = seenBy()
    const tls = { ...(await authority.issue('server')), clientCa: authority.ca }
    const { connect } = await serving(context, service, { tls, authenticate: undefined })
    const client = connect({ tls: { ca: authority.ca, ...(await authority.issue('mail')) }, identity })
    await client.ask({})
    assert.deepEqual((await seen).identity, identity)
  })

  test('with mutual TLS a peer without a certificate, or with one of somebody else, is not let in', async (context) => {
    const tls = { ...(await authority.issue('server')), clientCa: authority.ca }
    const { connect } = await serving(context, answering, { tls, authenticate: undefined })
    await assert.rejects(connect({ tls: { ca: authority.ca } }).ask({}), { code: 'UNAVAILABLE' })
    const foreign = await stranger.issue('mail')
    await assert.rejects(connect({ tls: { ca: authority.ca, ...foreign } }).ask({}), { code: 'UNAVAILABLE' })
  })

  test('a new certificate is for new connections: a running call and its connection stay', async (context) => {
    const called = latch()
    const finish = latch()
    const slow = parcel({
      ask: async () => ({ tenant: 'acme' }),
      async *scatter() {
        yield chunk(1)
        called.resolve()
        await finish.promise
        yield chunk(2)
      },
    })
    const { server, connect } = await serving(context, slow, { tls: await authority.issue('server') })
    const old = connect({ tls: { ca: authority.ca } })
    const answers = old.scatter({})[Symbol.asyncIterator]()
    await answers.next()
    const second = answers.next()
    await called.promise
    server.replaceCertificate(await stranger.issue('server'))
    const fresh = connect({ tls: { ca: stranger.ca } })
    assert.equal((await fresh.ask({})).tenant, 'acme')
    assert.equal((await old.ask({})).tenant, 'acme')
    finish.resolve()
    assert.deepEqual(chunkOf((await second).value), [2])
    assert.equal((await answers.next()).done, true)
  })

  for (const [what, certificate, key] of [
    ['text that is no certificate', 'no certificate', 'no key'],
    ['nothing', '', ''],
  ] as const) {
    test(`${what} is refused, and the present certificate stays`, async (context) => {
      const { server, connect } = await secured(context, authority)
      assert.throws(() => server.replaceCertificate({ certificate, key }), {
        code: 'TLS_CERTIFICATE_INVALID',
      })
      assert.equal((await connect({ tls: { ca: authority.ca } }).ask({})).tenant, 'acme')
    })
  }

  test("a certificate with another one's key is refused before a port is taken", async () => {
    const { certificate } = await authority.issue('one')
    const { key } = await authority.issue('two')
    assert.throws(() => createGrpcServer({ services: [], tls: { certificate, key } }), {
      code: 'TLS_CERTIFICATE_INVALID',
    })
  })
})

test('a method that a server does not know is UNIMPLEMENTED, and terminal', async (context) => {
  const { port } = await serving(context, answering)
  const later = {
    ...ParcelDefinition,
    methods: { ask: { ...ParcelDefinition.methods.ask, name: 'AskOfALaterVersion' } },
  } as const
  const client = createGrpcClient(later, `127.0.0.1:${port}`)
  context.after(() => client.close())
  await assert.rejects(client.ask({}), { code: 'UNIMPLEMENTED', retryable: false })
})

test('an implementation that lacks a method is found when the server is made', () => {
  const { ask: _, ...incomplete } = answering
  assert.throws(
    () => createGrpcServer({ services: [{ definition: ParcelDefinition, implementation: incomplete }] }),
    { code: 'UNIMPLEMENTED', message: /Parcel.*ask/ },
  )
})

test('an error that nobody can encode still answers', async (context) => {
  const { connect } = await serving(
    context,
    parcel({
      ask: async () => {
        throw terminal('NOT_FOUND', 'line one\nline two \u0000 ü \ud83d')
      },
    }),
  )
  await assert.rejects(connect().ask({}), { code: 'NOT_FOUND' })
})

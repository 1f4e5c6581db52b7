import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { createAuthority, waitUntil } from '@relais/testing'
import fc from 'fast-check'
import { createPhoneServer, type PhoneServer } from './phone-server.ts'
import { letConnectionsRest, rest } from './resting-connections.ts'

const authority = await createAuthority('phones')
const { certificate: cert, key } = await authority.issue('phones.example')

type Held = { readonly request: IncomingMessage; readonly response: ServerResponse }

const hasParser = ({ request }: Held): boolean => (request.socket as { parser?: unknown }).parser !== null

/** A client that says bytes as they are, and keeps all that it hears. */
type Client = { readonly socket: Socket; heard(): string; says(text: string): void }

const clientOf = (context: TestContext, socket: Socket): Client => {
  let heard = ''
  socket.setEncoding('latin1').on('data', (text) => {
    heard += text
  })
  socket.on('error', () => {})
  context.after(() => void socket.destroy())
  return { socket, heard: () => heard, says: (text) => void socket.write(text) }
}

const post = (path: string, body = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: phones.example\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** What of `text` comes how often. */
const times = (client: Client, text: string): number => client.heard().split(text).length - 1

/** Reads the request to its end, as the endpoint does before it lets it wait. */
const read = (request: IncomingMessage): Promise<Buffer> => buffer(request)

/** `/held…` waits, and its connection rests; whatever else is told its own body. */
const holding = () => {
  const held: Held[] = []
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await read(request)
    if (!request.url?.startsWith('/held')) {
      response.end(`(${body})`)
      return
    }
    await setImmediate()
    rest(request, response)
    held.push({ request, response })
  }
  const next = async (): Promise<Held> => {
    await waitUntil(() => held.length > 0, { what: 'a request waits' })
    return held.shift() as Held
  }
  return { listener, next }
}

const forms = { 'over TCP': false, 'over TLS': true }

const setUp = async (context: TestContext, tls: boolean) => {
  const { listener, next } = holding()
  const server: PhoneServer = createPhoneServer(listener, tls ? { cert, key } : undefined)
  const { port } = await server.listen('127.0.0.1', 0)
  context.after(() => {
    const drained = server.drain()
    server.close()
    return drained
  })
  const connect = async (): Promise<Client> => {
    const socket = tls ? connectTls({ port, rejectUnauthorized: false }) : connectTcp({ port })
    await once(socket, tls ? 'secureConnect' : 'connect')
    return clientOf(context, socket)
  }
  return { server, connect, next }
}

for (const [form, tls] of Object.entries(forms))
  describe(`a connection ${form} whose request waits`, () => {
    test('has no parser, and its request is answered', async (context) => {
      const { connect, next } = await setUp(context, tls)
      const client = await connect()
      client.says(post('/held', 'one'))
      const held = await next()
      assert.equal(hasParser(held), false)
      held.response.end('at last')
      await waitUntil(() => client.heard().endsWith('at last'), { what: 'the answer is there' })
      assert.match(client.heard(), /^HTTP\/1\.1 200 OK\r\n/)
    })

    test('is read again from its next request on, again and again', async (context) => {
      const { connect, next } = await setUp(context, tls)
      const client = await connect()
      for (let round = 1; round <= 5; round++) {
        client.says(post('/', `before ${round}`))
        await waitUntil(() => times(client, `(before ${round})`) === 1, { what: 'it is answered' })
        client.says(post('/held'))
        const held = await next()
        assert.equal(hasParser(held), false)
        held.response.end(`waited ${round};`)
        await waitUntil(() => times(client, `waited ${round};`) === 1, { what: 'what waited is answered' })
      }
      assert.equal(times(client, 'HTTP/1.1 200 OK'), 10)
    })

    test('rests again after a request that waits follows another at once', async (context) => {
      const { connect, next } = await setUp(context, tls)
      const client = await connect()
      for (let round = 0; round < 20; round++) {
        client.says(post('/held'))
        const held = await next()
        assert.equal(hasParser(held), false)
        held.response.end('.')
      }
      await waitUntil(() => times(client, 'HTTP/1.1 200 OK') === 20, { what: 'all are answered' })
    })

    test('keeps what its client says meanwhile for afterwards', async (context) => {
      const { connect, next } = await setUp(context, tls)
      const client = await connect()
      client.says(post('/held'))
      const held = await next()
      client.says(post('/', 'early'))
      client.says(post('/', 'earlier still'))
      await setImmediate()
      assert.equal(client.heard(), '')
      held.response.end('first')
      await waitUntil(() => client.heard().endsWith('(earlier still)'), { what: 'all are answered' })
      assert.deepEqual(client.heard().match(/first|\(.*?\)/g), ['first', '(early)', '(earlier still)'])
    })

    test('keeps of a client that doesn’t stop talking no more than a socket buffers, and answers it', async (context) => {
      const { connect, next } = await setUp(context, tls)
      const client = await connect()
      client.says(post('/held'))
      const { request, response } = await next()
      const { socket } = request
      client.socket.write(Buffer.alloc(20_000_000, 'x'))
      await waitUntil(() => socket.readableLength >= socket.readableHighWaterMark, { what: 'it is full' })
      for (let turn = 0; turn < 50; turn++) await setImmediate()
      assert.ok(socket.readableLength < 2 * socket.readableHighWaterMark, `${socket.readableLength} bytes`)
      response.end('first')
      await waitUntil(() => client.heard().includes('first'), { what: 'it is answered' })
      await waitUntil(() => socket.destroyed, { what: 'what isn’t HTTP ends the connection' })
    })

    test('doesn’t rest where its client has begun another request already, and loses nothing of it', async (context) => {
      const { connect, next } = await setUp(context, tls)
      const client = await connect()
      const other = post('/', 'the other one')
      client.says(`${post('/held')}${other.slice(0, 30)}`)
      const held = await next()
      assert.equal(hasParser(held), true)
      client.says(other.slice(30))
      held.response.end('first')
      await waitUntil(() => client.heard().endsWith('(the other one)'), { what: 'both are answered' })
    })

    test('doesn’t rest where whole requests follow, and answers in their order', async (context) => {
      const { connect, next } = await setUp(context, tls)
      const client = await connect()
      client.says(`${post('/held')}${post('/', 'second')}${post('/', 'third')}`)
      const held = await next()
      held.response.end('first')
      await waitUntil(() => client.heard().endsWith('(third)'), { what: 'all are answered' })
      assert.deepEqual(client.heard().match(/first|\(.*?\)/g), ['first', '(second)', '(third)'])
    })

    test('takes empty lines between requests, which some clients send (RFC 9112, 2.2)', async (context) => {
      const { connect, next } = await setUp(context, tls)
      const client = await connect()
      client.says(`${post('/held')}\r\n`)
      const held = await next()
      client.says('\r\n')
      held.response.end('first')
      client.says(post('/', 'second'))
      await waitUntil(() => client.heard().endsWith('(second)'), { what: 'both are answered' })
    })

    test('is gone when its client goes', async (context) => {
      const { connect, next } = await setUp(context, tls)
      for (const goes of ['end', 'destroy', ...(tls ? [] : ['resetAndDestroy' as const])] as const) {
        const client = await connect()
        client.says(post('/held'))
        const { response } = await next()
        const closed = once(response, 'close')
        client.socket[goes]()
        await closed
        assert.equal(response.writableFinished, false)
      }
    })

    test('is gone when its client goes after it was answered', async (context) => {
      const { server, connect, next } = await setUp(context, tls)
      const client = await connect()
      client.says(post('/held'))
      const held = await next()
      const { socket } = held.request
      held.response.end('first')
      await waitUntil(() => client.heard().endsWith('first'), { what: 'it is answered' })
      client.socket.end()
      await waitUntil(() => socket.destroyed, { what: 'it is closed' })
      await server.drain()
    })

    test('is answered with what is larger than its buffers', async (context) => {
      const { connect, next } = await setUp(context, tls)
      const client = await connect()
      const large = randomBytes(3_000_000).toString('hex')
      client.socket.pause()
      client.says(post('/held'))
      const { response } = await next()
      const drained = once(response, 'drain')
      assert.equal(response.write(large), false)
      client.socket.resume()
      await drained
      response.end('the end')
      await waitUntil(() => client.heard().includes('the end'), { what: 'it is there' })
      assert.ok(client.heard().includes(large))
      client.says(post('/', 'next'))
      await waitUntil(() => client.heard().endsWith('(next)'), { what: 'the next one is answered' })
    })

    test('ends with its answer where the server leaves, and says so', async (context) => {
      const { server, connect, next } = await setUp(context, tls)
      const client = await connect()
      client.says(post('/held'))
      const held = await next()
      server.leave()
      const closed = once(client.socket, 'close')
      held.response.writeHead(200).end('last')
      await closed
      assert.match(client.heard(), /\r\nConnection: close\r\n/i)
      assert.ok(client.heard().includes('last'))
    })

    test('is waited for by a server that drains, and closed once it only waits for its next request', async (context) => {
      const { server, connect, next } = await setUp(context, tls)
      const [one, other] = [await connect(), await connect()]
      one.says(post('/held'))
      const answered = await next()
      answered.response.end('first')
      await waitUntil(() => one.heard().endsWith('first'), { what: 'it is answered' })
      other.says(post('/held'))
      const held = await next()
      let over = false
      const gone = once(one.socket, 'close')
      const drained = server.drain().then(() => {
        over = true
      })
      await gone
      assert.equal(over, false)
      held.response.writeHead(200).end('last')
      await drained
      await waitUntil(() => other.heard().includes('last'), { what: 'it is answered' })
    })

    test('ends at once where the server does', async (context) => {
      const { server, connect, next } = await setUp(context, tls)
      const client = await connect()
      client.says(post('/held'))
      const { response } = await next()
      const closed = once(response, 'close')
      const drained = server.drain()
      server.close()
      await Promise.all([closed, drained])
    })

    test('is read as if it had never rested, however its requests are cut (property)', async (context) => {
      const { listener, next } = holding()
      const server = createPhoneServer(listener, tls ? { cert, key } : undefined)
      const { port } = await server.listen('127.0.0.1', 0)
      context.after(() => {
        const drained = server.drain()
        server.close()
        return drained
      })
      const requests = fc.array(fc.record({ held: fc.boolean(), size: fc.nat({ max: 3000 }) }), {
        minLength: 1,
        maxLength: 6,
      })
      const property = fc.asyncProperty(
        requests,
        fc.infiniteStream(fc.integer({ min: 1, max: 900 })),
        async (all, sizes) => {
          const socket = tls
            ? connectTls({ port, rejectUnauthorized: false })
            : connectTcp({ port, noDelay: true })
          await once(socket, tls ? 'secureConnect' : 'connect')
          const client = clientOf(context, socket)
          const bodies = all.map(({ size }, n) => `${n}`.padEnd(size + 1, '.'))
          let text = all.map(({ held }, n) => post(held ? '/held' : '/', bodies[n])).join('')
          const answers = (async () => {
            for (const { held } of all) if (held) (await next()).response.end('(held)')
          })()
          while (text) {
            const size = sizes.next().value as number
            socket.write(text.slice(0, size))
            text = text.slice(size)
            await setImmediate()
          }
          await answers
          const expected = all.map(({ held }, n) => (held ? '(held)' : `(${bodies[n]})`))
          await waitUntil(
            () =>
              times(client, 'HTTP/1.1 200 OK') === all.length &&
              client.heard().endsWith(expected.at(-1) ?? ''),
            { what: 'all are answered' },
          )
          assert.deepEqual(client.heard().match(/\(.*?\)/g), expected)
          socket.destroy()
        },
      )
      await fc.assert(property, { numRuns: 30 })
    })
  })

describe('times of a connection whose request waited', () => {
  const withTimes = async (context: TestContext, options: { keepAliveTimeout: number }) => {
    const { listener, next } = holding()
    const server: Server = createServer({ ...options, keepAliveTimeoutBuffer: 0 }, listener)
    const connections = letConnectionsRest(server, 'connection')
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    context.after(() => {
      server.close()
      server.closeAllConnections()
      connections.closeAll()
    })
    const connect = (): Client =>
      clientOf(context, connectTcp((server.address() as AddressInfo).port, '127.0.0.1'))
    return { connect, next }
  }

  test('it ends when its client asks nothing more for as long as any other', async (context) => {
    const { connect, next } = await withTimes(context, { keepAliveTimeout: 50 })
    const client = connect()
    client.says(post('/held'))
    const { response } = await next()
    const closed = once(client.socket, 'close')
    response.end('first')
    await closed
    assert.ok(client.heard().endsWith('first'))
  })

  test('that time doesn’t run while its next request waits', async (context) => {
    const { connect, next } = await withTimes(context, { keepAliveTimeout: 20_000 })
    const client = connect()
    client.says(post('/held'))
    const first = await next()
    first.response.end('first')
    await waitUntil(() => client.heard().endsWith('first'), { what: 'it is answered' })
    assert.equal(first.request.socket.timeout, 20_000)
    client.says(post('/held'))
    const second = await next()
    assert.equal(second.request.socket.timeout, 0)
    second.response.end('second')
    await waitUntil(() => client.heard().endsWith('second'), { what: 'it is answered' })
  })

  test('it ends where its client takes nothing of an answer for too long', async (context) => {
    const { connect, next } = await withTimes(context, { keepAliveTimeout: 20_000 })
    const client = connect()
    client.socket.pause()
    client.says(post('/held'))
    const { request, response } = await next()
    const closed = once(response, 'close')
    request.socket.setTimeout(50)
    response.write('x'.repeat(20_000_000))
    await closed
  })
})

test('a connection of a server whose connections don’t rest stays as it is', async (context) => {
  const { listener, next } = holding()
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const client = clientOf(context, connectTcp((server.address() as AddressInfo).port, '127.0.0.1'))
  client.says(post('/held'))
  const held = await next()
  assert.equal(hasParser(held), true)
  held.response.end('first')
  await waitUntil(() => client.heard().endsWith('first'), { what: 'it is answered' })
})

import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request as httpsRequest } from 'node:https'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls, createServer as createTlsServer, TLSSocket } from 'node:tls'
import { createAuthority } from '@relais/testing'
import fc from 'fast-check'
import { beginWithFirstWords } from './first-words.ts'
import { createPhoneServer } from './phone-server.ts'

const authority = await createAuthority('phones')
const { certificate: cert, key } = await authority.issue('phones.example')

/** A server over TLS that answers with the hash of what it was sent. */
const setUp = async (context: TestContext) => {
  const server = createPhoneServer(
    async (request, response) => {
      response.end(hash('sha256', await buffer(request)))
    },
    { cert, key },
  )
  const { port } = await server.listen('127.0.0.1', 0)
  context.after(async () => {
    const drained = server.drain()
    server.close()
    await drained
  })
  return { server, port }
}

const post = async (port: number, body: Buffer, agent = new Agent()): Promise<string> => {
  const request = httpsRequest({
    ...{ host: '127.0.0.1', port, agent, method: 'POST', rejectUnauthorized: false },
    headers: { 'Content-Length': body.length },
  })
  request.end(body)
  const [response] = await once(request, 'response')
  return (await buffer(response)).toString()
}

/** A TCP connection whose bytes leave in pieces of these sizes, the last one again and again. */
const inPieces = (port: number, sizes: readonly number[]): Duplex => {
  const socket = connectTcp({ host: '127.0.0.1', port, noDelay: true })
  let next = 0
  const write = async (bytes: Buffer): Promise<void> => {
    for (let rest = bytes; rest.length > 0; ) {
      const size = sizes[Math.min(next++, sizes.length - 1)] ?? 1
      socket.write(rest.subarray(0, size))
      rest = rest.subarray(size)
      await setImmediate()
    }
  }
  const duplex = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => void write(chunk).then(() => done()),
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    },
  })
  socket.on('data', (chunk) => duplex.push(chunk)).on('error', () => {})
  return duplex
}

describe('TLS that begins with what a client has said already', () => {
  for (const size of [1, 999, 1000, 1001, 1024, 16_384, 1_000_000])
    test(`takes a body of ${size} bytes as it is`, async (context) => {
      const { port } = await setUp(context)
      const body = randomBytes(size)
      assert.equal(await post(port, body), hash('sha256', body))
    })

  test('goes on with request after request of a connection, whatever their sizes', async (context) => {
    const { port } = await setUp(context)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (const size of [10, 100_000, 1000, 3_000_000, 1, 1024]) {
      const body = randomBytes(size)
      assert.equal(await post(port, body, agent), hash('sha256', body))
    }
    agent.destroy()
  })

  test('understands a client whose first bytes come one after the other', async (context) => {
    const { port } = await setUp(context)
    const socket = connectTls({ socket: inPieces(port, [1, 1, 3, 7, 1000]), rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello')
    const [answer] = await once(socket, 'data')
    socket.destroy()
    assert.match(String(answer), /^HTTP\/1\.1 200 /)
  })

  test('however a client’s bytes are cut, it is understood', async (context) => {
    const { port } = await setUp(context)
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 900, max: 1100 })), {
      minLength: 1,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(sizes, async (cuts) => {
        const socket = connectTls({ socket: inPieces(port, [...cuts, 1400]), rejectUnauthorized: false })
        await once(socket, 'secureConnect')
        socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello')
        const [answer] = await once(socket, 'data')
        socket.destroy()
        assert.match(String(answer), /^HTTP\/1\.1 200 /)
      }),
      { numRuns: 25 },
    )
  })

  test('a session is resumed', async (context) => {
    const { port } = await setUp(context)
    const agent = new Agent({ rejectUnauthorized: false })
    await post(port, Buffer.from('first'), agent)
    const request = httpsRequest({ host: '127.0.0.1', port, agent, rejectUnauthorized: false }).end()
    await once(request, 'response')
    assert.ok(request.socket instanceof TLSSocket && request.socket.isSessionReused())
  })

  for (const [what, words] of [
    ['plain HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['noise', randomBytes(5000)],
    ['a record that never ends', Buffer.from([0x16, 3, 1, 0x40, 0, ...randomBytes(1200)])],
  ] as const)
    test(`a client that speaks ${what} costs the others nothing`, async (context) => {
      const { port } = await setUp(context)
      const socket = connectTcp({ host: '127.0.0.1', port })
      socket.on('error', () => {}).write(words)
      const body = Buffer.from('another')
      assert.equal(await post(port, body), hash('sha256', body))
      socket.destroy()
    })

  test('clients that go without a word leave nothing behind', async (context) => {
    const { server, port } = await setUp(context)
    for (const leave of ['end', 'resetAndDestroy', 'destroy'] as const) {
      const socket = connectTcp({ host: '127.0.0.1', port })
      await once(socket, 'connect')
      socket.on('error', () => {})[leave]()
      await once(socket.resume(), 'close')
    }
    await server.drain()
  })

  test('the end of the server waits for nobody who has said nothing', async (context) => {
    const { server, port } = await setUp(context)
    const socket = connectTcp({ host: '127.0.0.1', port })
    await once(socket, 'connect')
    await post(port, Buffer.from('so that the silent one was taken too'))
    const closed = once(
      socket.on('error', () => {}),
      'close',
    )
    await server.drain()
    await closed
  })

  test('who says nothing for a while is cut off', async (context) => {
    const secure = createTlsServer({ cert, key })
    beginWithFirstWords(secure, 20)
    secure.listen(0, '127.0.0.1')
    context.after(() => secure.close())
    await once(secure, 'listening')
    const socket = connectTcp({ host: '127.0.0.1', port: (secure.address() as AddressInfo).port })
    await once(socket.resume(), 'close')
  })
})

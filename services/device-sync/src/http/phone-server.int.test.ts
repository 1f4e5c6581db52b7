import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { connect } from 'node:tls'
import { createAuthority } from '@relais/testing'
import { createPhoneServer } from './phone-server.ts'

const setUp = async (context: TestContext) => {
  const held: ServerResponse[] = []
  const server = createPhoneServer((request, response) => {
    if (request.url === '/held') held.push(response)
    else response.end('now')
  }, undefined)
  const { port } = await server.listen('127.0.0.1', 0)
  const agent = new Agent({ keepAlive: true })
  context.after(() => {
    agent.destroy()
    const drained = server.drain()
    server.close()
    return drained
  })
  const ask = async (path: string): Promise<string> => {
    const request = get({ host: '127.0.0.1', port, path, agent })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return (await response.toArray()).join('')
  }
  return { server, held, ask, at: { port, agent } }
}

describe('the end of the phones’ server', () => {
  test('comes when the last request that it holds is answered, and not before', async (context) => {
    const { server, held, ask } = await setUp(context)
    const answer = ask('/held')
    while (held.length === 0) await new Promise(setImmediate)
    let over = false
    const drained = server.drain().then(() => {
      over = true
    })
    await assert.rejects(ask('/'), { code: 'ECONNREFUSED' })
    assert.equal(over, false)
    held[0]?.end('at last')
    assert.equal(await answer, 'at last')
    await drained
  })

  test('waits for no connection that a phone only keeps', async (context) => {
    const { server, ask } = await setUp(context)
    assert.equal(await ask('/'), 'now')
    await server.drain()
  })

  test('takes with it what is still held after the grace period', async (context) => {
    const { server, held, ask } = await setUp(context)
    const answer = ask('/held')
    while (held.length === 0) await new Promise(setImmediate)
    const drained = server.drain()
    server.close()
    await assert.rejects(answer, { code: 'ECONNRESET' })
    await drained
  })
})

describe('before the end of the phones’ server', () => {
  /** What is said of the connection in the answer, once it is there. */
  const asked = async ({ port, agent }: { port: number; agent: Agent }, path: string) => {
    const request = get({ host: '127.0.0.1', port, path, agent })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    await response.toArray()
    return response.headers.connection
  }

  test('answers leave their connections open for the next request', async (context) => {
    const { at } = await setUp(context)
    assert.equal(await asked(at, '/'), 'keep-alive')
  })

  test('who is answered is told that the connection ends, and is served on another one (RFC 9112, 9.6)', async (context) => {
    const { server, at } = await setUp(context)
    assert.equal(await asked(at, '/'), 'keep-alive')
    server.leave()
    assert.equal(await asked(at, '/'), 'close')
    assert.equal(await asked(at, '/'), 'close')
  })

  test('who has waited since then is told the same', async (context) => {
    const { server, held, at } = await setUp(context)
    const answer = asked(at, '/held')
    while (held.length === 0) await new Promise(setImmediate)
    server.leave()
    held[0]?.end('at last')
    assert.equal(await answer, 'close')
  })
})

const authority = await createAuthority('phones')
const { certificate: cert, key } = await authority.issue('phones.example')

describe('the protocol inside TLS', () => {
  /** What a client that offers these comes to speak, or the error that it gets. */
  const agreed = async (context: TestContext, ALPNProtocols: string[] | undefined): Promise<unknown> => {
    const server = createPhoneServer((_, response) => response.end('now'), { cert, key })
    const { port } = await server.listen('127.0.0.1', 0)
    const socket = connect({ port, rejectUnauthorized: false, ALPNProtocols })
    context.after(() => {
      socket.destroy()
      return server.drain()
    })
    return await once(socket, 'secureConnect').then(
      () => socket.alpnProtocol,
      ({ code }: NodeJS.ErrnoException) => code,
    )
  }

  test('is HTTP/1.1 wherever a client offers that', async (context) => {
    assert.equal(await agreed(context, ['h2', 'http/1.1']), 'http/1.1')
    assert.equal(await agreed(context, ['http/1.1']), 'http/1.1')
  })

  test('needs no name', async (context) => {
    assert.equal(await agreed(context, undefined), false)
  })

  test('is refused to a client that speaks none of ours (RFC 7301, 3.2)', async (context) => {
    assert.equal(await agreed(context, ['h2']), 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
  })
})

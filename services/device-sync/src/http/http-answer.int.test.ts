import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { waitUntil } from '@relais/testing'
import { rawHttp } from '../../test/raw-http.ts'
import { StreamedContent } from '../wbxml/node.ts'
import { bytesInMemory, endIfStalled, type HttpAnswer, send } from './http-answer.ts'

let server: Server
let port = 0
let answer: HttpAnswer = { status: 200 }
let failures: unknown[] = []

before(async () => {
  server = createServer((incoming, outgoing) => {
    send(incoming, outgoing, answer).catch((error: unknown) => failures.push(error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
after(() => {
  server.close()
  server.closeAllConnections()
})

type Got = { status: number; headers: IncomingHttpHeaders; bytes: Buffer }

const get = (given: HttpAnswer, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> => {
  answer = given
  failures = []
  return new Promise((resolve, reject) => {
    const sent = request({ port, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes: Buffer.concat(chunks),
        }),
      )
    })
    sent.on('error', reject)
    sent.end()
  })
}

const streamed = (pieces: number, size: number, fails = false) => {
  const state = { given: 0, closed: false }
  const chunks = async function* () {
    try {
      for (let n = 0; n < pieces; n += 1) {
        if (fails && n === pieces - 1) throw new Error('broken')
        state.given += 1
        yield Buffer.alloc(size, n)
      }
    } finally {
      state.closed = true
    }
  }
  const content = new StreamedContent('opaque', pieces * size, chunks)
  const body = { length: 3 + content.length, segments: [Buffer.from('abc'), content] }
  return { state, answer: { status: 200, type: 'x/y', body } satisfies HttpAnswer }
}

const gzip = { 'Accept-Encoding': 'gzip' }

describe('an answer', () => {
  test('[HTTP 212]: without a body has length 0 and no type', async () => {
    const { status, headers, bytes } = await get({ status: 503, type: 'x/y', headers: { 'Retry-After': 5 } })
    assert.deepEqual(
      [status, headers['content-length'], headers['content-type'], bytes.length],
      [503, '0', undefined, 0],
    )
    assert.equal(headers['retry-after'], '5')
  })
  test('of bytes is these bytes', async () => {
    const { headers, bytes } = await get({ status: 200, type: 'x/y', body: Buffer.from('hello') })
    assert.deepEqual(
      [headers['content-length'], headers['content-type'], bytes.toString()],
      ['5', 'x/y', 'hello'],
    )
  })
  test('to HEAD is its headers', async () => {
    const { headers, bytes } = await get({ status: 200, type: 'x/y', body: Buffer.from('hello') }, {}, 'HEAD')
    assert.deepEqual([headers['content-length'], bytes.length], ['5', 0])
  })
  test('of several segments is all of them in order', async () => {
    const segments = ['a', 'b', 'c'].map((text) => Buffer.from(text))
    const { bytes } = await get({ status: 200, type: 'x/y', body: { length: 3, segments } })
    assert.equal(bytes.toString(), 'abc')
  })
})

describe('gzip', () => {
  const text = Buffer.from('many phones, '.repeat(1_000))

  test('is used where it was asked for and pays', async () => {
    const { headers, bytes } = await get({ status: 200, type: 'x/y', body: text }, gzip)
    assert.equal(headers['content-encoding'], 'gzip')
    assert.equal(headers.vary, 'Accept-Encoding')
    assert.equal(Number(headers['content-length']), bytes.length)
    assert.ok(gunzipSync(bytes).equals(text))
  })
  test('is used for several segments as one', async () => {
    const segments = [text.subarray(0, 100), text.subarray(100)]
    const { bytes } = await get({ status: 200, type: 'x/y', body: { length: text.length, segments } }, gzip)
    assert.ok(gunzipSync(bytes).equals(text))
  })
  for (const [name, given, headers] of [
    ['nobody asked', { status: 200, type: 'x/y', body: text }, {}],
    ['it is refused', { status: 200, type: 'x/y', body: text }, { 'Accept-Encoding': 'gzip;q=0' }],
    ['the body is small', { status: 200, type: 'x/y', body: text.subarray(0, 1_023) }, gzip],
  ] as const)
    test(`isn’t used where ${name}`, async () => {
      assert.equal((await get(given, headers)).headers['content-encoding'], undefined)
    })
  test('isn’t used for what is read while it is sent: its length is promised', async () => {
    const { answer: given } = streamed(10, 1_000)
    const { headers } = await get(given, gzip)
    assert.deepEqual([headers['content-encoding'], headers['content-length']], [undefined, '10003'])
  })
})

describe('content that is read while it is sent', () => {
  test('arrives whole', async () => {
    const { answer: given, state } = streamed(50, 10_000)
    const { bytes } = await get(given)
    assert.equal(bytes.length, 500_003)
    assert.ok(bytes.subarray(3, 10_003).every((byte) => byte === 0))
    assert.ok(bytes.subarray(-10_000).every((byte) => byte === 49))
    assert.ok(state.closed)
  })
  test('that fails cuts the connection short of its length', async () => {
    const { answer: given, state } = streamed(50, 10_000, true)
    await assert.rejects(get(given))
    assert.ok(state.closed)
  })
  test('is read no faster than the client takes it, and not at all when the client goes', async () => {
    const { answer: given, state } = streamed(5_000, 65_536)
    answer = given
    const text = await rawHttp(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', (sofar) => sofar.length > 1_000)
    assert.match(text, /^HTTP\/1\.1 200 /)
    await waitUntil(() => state.closed)
    assert.ok(state.given < 1_000, `${state.given} pieces were read`)
  })
})

describe('a client that takes nothing of a large answer', () => {
  test('is cut off after a while', async (t) => {
    const large = Buffer.alloc(64 * 1024 * 1024)
    const stalled = createServer((incoming, outgoing) => {
      endIfStalled(outgoing, 200)
      void send(incoming, outgoing, { status: 200, type: 'x/y', body: large })
    })
    await new Promise<void>((resolve) => stalled.listen(0, '127.0.0.1', resolve))
    t.after(() => stalled.close())
    const { port: at } = stalled.address() as AddressInfo
    const socket = connect(at, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
    const [cut] = await once(stalled, 'connection')
    await once(cut, 'close')
    socket.destroy()
  })

  test('is known by what of its answer is in memory', () => {
    const segments = [Buffer.alloc(100), new StreamedContent('opaque', 5_000, async function* () {})]
    assert.equal(bytesInMemory({ status: 200, body: { length: 5_100, segments } }), 100)
    assert.equal(bytesInMemory({ status: 200, body: Buffer.alloc(7) }), 7)
    assert.equal(bytesInMemory({ status: 503 }), 0)
  })
})

import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { HttpConnection } from './http-connection.ts'

const HELLO = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

/** A server that answers the n-th request of all as it is told. */
const answering = async (
  context: TestContext,
  answer: (socket: Socket, n: number) => void,
  maxBody?: number,
): Promise<HttpConnection> => {
  let n = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', () => answer(socket, n++))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const connection = new HttpConnection({
    host: '127.0.0.1',
    port,
    secure: false,
    ...(maxBody && { maxBody }),
  })
  context.after(() => {
    connection.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return connection
}

const REQUEST = Buffer.from('POST / HTTP/1.1\r\n\r\n')

test('an answer in pieces is one answer', async (context) => {
  const connection = await answering(context, (socket) => {
    for (const letter of HELLO) socket.write(letter)
  })
  for (let n = 0; n < 3; n++) {
    const { status, body } = await connection.send(REQUEST)
    assert.deepEqual([status, body.toString()], [200, 'hello'])
  }
})

test('a head without end, too large a body and chunks are refused, and the next request is another connection’s', async (context) => {
  const bad = [
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`,
    'HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ]
  const connection = await answering(context, (socket, n) => void socket.write(bad[n] ?? HELLO), 1000)
  await assert.rejects(connection.send(REQUEST), /the head of an answer has no end/)
  await assert.rejects(connection.send(REQUEST), /an answer of 1001 bytes/)
  await assert.rejects(connection.send(REQUEST), /without Content-Length/)
  assert.equal((await connection.send(REQUEST)).body.toString(), 'hello')
})

test('what is cut is told so, and the end of the old connection isn’t taken for the new one’s', async (context) => {
  const connection = await answering(context, (socket, n) => {
    if (n > 0) socket.write(HELLO)
    else connection.cut('its user came')
  })
  await assert.rejects(connection.send(REQUEST), /its user came/)
  assert.equal((await connection.send(REQUEST)).status, 200)
})

test('RFC 9112, 9.6: after Connection: close the next request takes another connection', async (context) => {
  const last = HELLO.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
  const connection = await answering(context, (socket) => void socket.end(last))
  for (let n = 0; n < 3; n++) assert.equal((await connection.send(REQUEST)).status, 200)
})

test('a server that goes away is an error, not a wait', async (context) => {
  const connection = await answering(context, (socket) => void socket.destroy())
  await assert.rejects(connection.send(REQUEST), /closed|ECONNRESET/)
})

test('a body in many pieces is whole, and what has none has none', async (context) => {
  const body = Buffer.from(Array.from({ length: 300_000 }, (_, n) => n % 251))
  const connection = await answering(context, (socket, n) => {
    if (n % 2 === 1) return void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`)
    for (let at = 0; at < body.length; at += 1000) socket.write(body.subarray(at, at + 1000))
  })
  for (let n = 0; n < 2; n++) {
    assert.deepEqual((await connection.send(REQUEST)).body, body)
    assert.equal((await connection.send(REQUEST)).body.length, 0)
  }
})

test('every status is an answer, whatever it is', async (context) => {
  const statuses = [200, 204, 401, 449, 503]
  const connection = await answering(
    context,
    (socket, n) =>
      void socket.write(`HTTP/1.1 ${statuses[n]} What\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n`),
  )
  for (const status of statuses) {
    const answer = await connection.send(REQUEST)
    assert.equal(answer.status, status)
    assert.match(answer.head, /^Retry-After: 7$/im)
  }
})

test('a connection that the server ended while nobody asked is made anew', async (context) => {
  const opened: Socket[] = []
  const connection = await answering(context, (socket) => {
    opened.push(socket)
    socket.write(HELLO)
  })
  assert.equal((await connection.send(REQUEST)).status, 200)
  const closed = new Promise((resolve) => opened[0]!.once('close', resolve))
  opened[0]!.end()
  await closed
  assert.equal((await connection.send(REQUEST)).status, 200)
  assert.notEqual(opened[0], opened[1])
})

test('a body that never comes to its end is an error once the connection ends', async (context) => {
  const connection = await answering(context, (socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')
  })
  await assert.rejects(connection.send(REQUEST), /closed|ECONNRESET/)
})

test('nobody listening is an error that says so', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const connection = new HttpConnection({ host: '127.0.0.1', port, secure: false })
  await assert.rejects(connection.send(REQUEST), /ECONNREFUSED/)
})

const ONE_LOOPBACK = process.platform !== 'linux' && 'this system has one address for itself'

test('a connection comes from the address that it is told', { skip: ONE_LOOPBACK }, async (context) => {
  const seen: (string | undefined)[] = []
  const server = createServer((socket) => {
    seen.push(socket.remoteAddress)
    socket.on('error', () => {})
    socket.on('data', () => socket.write(HELLO))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const connection = new HttpConnection({ host: '127.0.0.1', port, secure: false, from: '127.0.0.3' })
  context.after(() => {
    connection.close()
    server.close()
  })
  await connection.send(REQUEST)
  assert.deepEqual(seen, ['127.0.0.3'])
})

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

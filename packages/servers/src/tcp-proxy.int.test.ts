import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

/** A server that says everything back, behind a proxy; and what it was told. */
const proxied = async (context: TestContext) => {
  const heard: string[] = []
  const echo = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      heard.push(chunk.toString())
      socket.write(chunk)
    })
  }).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const proxy = await startTcpProxy((echo.address() as AddressInfo).port)
  context.after(async () => {
    await proxy.close()
    echo.close()
  })
  return { proxy, heard }
}

const client = async (context: TestContext, { port }: TcpProxy): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  context.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

const answer = async (socket: Socket): Promise<string> => {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString()
}

test('an open proxy passes bytes on in both directions', async (context) => {
  const { proxy } = await proxied(context)
  const socket = await client(context, proxy)
  socket.write('hello')
  assert.equal(await answer(socket), 'hello')
})

test('a cut proxy ends its connections and takes no new ones, until it is opened', async (context) => {
  const { proxy } = await proxied(context)
  const socket = await client(context, proxy)
  socket.write('hello')
  await answer(socket)
  proxy.become('cut')
  await once(socket, 'close')
  const refused = await client(context, proxy)
  await once(refused, 'close')
  proxy.become('open')
  const again = await client(context, proxy)
  again.write('again')
  assert.equal(await answer(again), 'again')
})

test('a stalled proxy keeps what is said until it is opened', async (context) => {
  const { proxy, heard } = await proxied(context)
  const socket = await client(context, proxy)
  socket.write('one')
  await answer(socket)
  proxy.become('stalled')
  socket.write('two')
  const late = answer(socket)
  assert.deepEqual(heard, ['one'])
  proxy.become('open')
  assert.equal(await late, 'two')
})

test('a deaf proxy passes on what the client says and loses the answer; opened, the connection ends', async (context) => {
  const { proxy, heard } = await proxied(context)
  const socket = await client(context, proxy)
  socket.write('one')
  await answer(socket)
  proxy.become('deaf')
  let answered = false
  socket.on('data', () => {
    answered = true
  })
  socket.write('two')
  while (heard.length < 2) await new Promise((resolve) => setImmediate(resolve))
  proxy.become('open')
  await once(socket, 'close')
  assert.equal(answered, false)
})

test('the end of a server ends the connections of its clients', async (context) => {
  const { proxy } = await proxied(context)
  const socket = await client(context, proxy)
  socket.write('x')
  await answer(socket)
  assert.equal(proxy.connections(), 1)
  await proxy.close()
  await once(socket, 'close')
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type Link, startNetwork } from './networks.ts'

/** A server that says back what it hears, behind a network of that kind; a connection to it. */
const behind = async (context: TestContext, link: Link, random?: () => number): Promise<Socket> => {
  const echo = createServer((socket) => void socket.on('error', () => {}).pipe(socket))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const network = await startNetwork(
    { host: '127.0.0.1', port: (echo.address() as AddressInfo).port },
    link,
    random,
  )
  const socket = connect({ host: '127.0.0.1', port: network.port })
  await once(socket, 'connect')
  context.after(async () => {
    socket.destroy()
    await network.close()
    echo.close()
  })
  return socket
}

const received = async (socket: Socket, length: number): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for (let got = 0; got < length; ) {
    const [chunk]: Buffer[] = await once(socket, 'data')
    chunks.push(chunk!)
    got += chunk!.length
  }
  return Buffer.concat(chunks)
}

test('everything comes, in order, and not before the network lets it', async (context) => {
  const socket = await behind(context, { latencyMs: [20, 20], bytesPerSecond: 400_000 })
  const sent = Buffer.from(Array.from({ length: 100_000 }, (_, n) => n % 251))
  const began = performance.now()
  socket.write(sent)
  assert.deepEqual(await received(socket, sent.length), sent)
  // 100,000 bytes at 400,000 a second, and 20 ms each way: at least so long, however fast the machine is.
  assert.ok(performance.now() - began >= 250)
})

test('the end of one side is the end of the other, after what was on its way', async (context) => {
  const socket = await behind(context, { latencyMs: [5, 5], bytesPerSecond: 1_000_000 })
  socket.end('last words')
  const ended = once(socket, 'end')
  assert.equal((await received(socket, 10)).toString(), 'last words')
  await ended
})

test('a network that cuts connections ends them', async (context) => {
  const socket = await behind(
    context,
    { latencyMs: [1, 1], bytesPerSecond: 1000, cutAfterSeconds: 0.05 },
    () => 0.5,
  )
  socket.on('error', () => {})
  await once(socket, 'close')
})

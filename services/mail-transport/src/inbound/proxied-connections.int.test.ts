import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { networksOf, readProxyHeaders } from './proxied-connections.ts'

/** A server that greets, says whom it sees, and gives back what it gets. */
const serverOf = async (context: TestContext, proxies: readonly string[]) => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(`${socket.remoteAddress} `)
    socket.pipe(socket)
  })
  readProxyHeaders(server, networksOf(proxies))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const clients: Socket[] = []
  context.after(() => {
    for (const client of clients) client.destroy()
    server.close()
  })
  return () => {
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.on('error', () => {})
    clients.push(client)
    return client
  }
}

const said = async (client: Socket, until: RegExp): Promise<string> => {
  let text = ''
  for await (const chunk of client) {
    text += chunk
    if (until.test(text)) return text
  }
  return `${text}ended`
}

test('a trusted proxy’s client is who is seen, and what it sends behind the header arrives', async (context) => {
  const client = (await serverOf(context, ['127.0.0.0/8']))()
  client.write('PROXY TCP4 192.0.2.7 10.0.0.1 12345 25\r\nEHLO me\r\n')
  assert.equal(await said(client, /EHLO me\r\n/), '192.0.2.7 EHLO me\r\n')
})

test('a header that comes in pieces is waited for', async (context) => {
  const client = (await serverOf(context, ['127.0.0.1']))()
  for (const piece of ['PRO', 'XY TCP4 192.0.2.7 10.0', '.0.1 12345 25\r', '\nhi!'])
    await new Promise((resolve) => client.write(piece, resolve))
  assert.equal(await said(client, /hi!/), '192.0.2.7 hi!')
})

test('a trusted proxy that sends no header is cut off without an answer', async (context) => {
  const client = (await serverOf(context, ['127.0.0.1']))()
  client.write('EHLO me\r\n')
  assert.equal(await said(client, /E/), 'ended')
})

test('a header from anybody else is no header: it is what the client says', async (context) => {
  const client = (await serverOf(context, ['10.0.0.0/8', 'fd00::/8']))()
  client.write('PROXY TCP4 192.0.2.7 10.0.0.1 12345 25\r\n')
  assert.match(await said(client, /\r\n/), /^127\.0\.0\.1 PROXY TCP4/)
})

test('a proxy that hangs up before its header harms nobody', async (context) => {
  const open = await serverOf(context, ['127.0.0.1'])
  const gone = open()
  await once(gone, 'connect')
  gone.resetAndDestroy()
  const client = open()
  client.write('PROXY UNKNOWN\r\nstill here')
  assert.equal(await said(client, /here/), '127.0.0.1 still here')
})

test('what is neither an address nor a network is refused by name', () =>
  assert.throws(() => networksOf(['10.0.0.0/8', 'edge.example']), /edge\.example/))

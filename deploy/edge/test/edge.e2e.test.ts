import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, type TestContext, test } from 'node:test'
import { freePorts } from '@relais/servers'
import { HttpConnection } from '../../../load-tests/phone/http-connection.ts'
import { message } from '../../../load-tests/phone/messages.ts'
import { changed, EDGES, type Edge, example, missing, startEdge } from './edges.ts'
import { ANNA, phoneThrough, startProduct } from './product.ts'

let product: Awaited<ReturnType<typeof startProduct>>
const endings: (() => void | Promise<void>)[] = []
before(async () => {
  product = await startProduct((end) => endings.push(end))
})
after(async () => {
  for (const end of endings) await end()
})

const through = (t: TestContext, edge: Edge, changes = {}) =>
  startEdge(t, edge, { folder: product.folder, relais: product.port, changes })

const request = (line: string, body: Buffer, type = 'message/rfc822') =>
  Buffer.concat([
    Buffer.from(
      [
        `${line} HTTP/1.1`,
        'Host: mail.example.org',
        `Authorization: Basic ${Buffer.from(`${ANNA.address}:${ANNA.password}`).toString('base64')}`,
        'MS-ASProtocolVersion: 12.1',
        `Content-Type: ${type}`,
        `Content-Length: ${body.length}`,
        '\r\n',
      ].join('\r\n'),
    ),
    body,
  ])

const command = (name: string, device: string) =>
  `POST /Microsoft-Server-ActiveSync?Cmd=${name}&User=${ANNA.address}&DeviceId=${device}&DeviceType=Test`

const ownLetter = (bytes: number): Buffer =>
  Buffer.concat([
    Buffer.from(`From: <${ANNA.address}>\r\nTo: <${ANNA.address}>\r\nSubject: large\r\n\r\n`),
    Buffer.from(`${'x'.repeat(70)}\r\n`.repeat(Math.ceil(bytes / 72))),
  ])

/** Sends one request by itself. */
const send = async (address: { host: string; port: number; secure: boolean }, bytes: Buffer) => {
  const connection = new HttpConnection(address)
  try {
    return await connection.send(bytes)
  } finally {
    connection.close()
  }
}

/** A server that says its name. */
const saying = async (t: TestContext, name: string): Promise<number> => {
  const server = createServer((_, response) => response.end(name)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

const signedIn = (user: string): Buffer =>
  Buffer.from(
    `OPTIONS /Microsoft-Server-ActiveSync HTTP/1.1\r\nHost: mail.example.org\r\nAuthorization: Basic ${btoa(`${user}:secret`)}\r\nContent-Length: 0\r\n\r\n`,
  )

for (const edge of EDGES) {
  const skip = await missing(edge)
  describe(edge.name, { skip }, () => {
    test('a Ping waits on where the same edge with a wait of a second has cut one, and mail answers it', async (t) => {
      const [whole, cut] = [await through(t, edge), await through(t, edge, edge.cut)]
      const phone = await phoneThrough(whole, 'EDGEWHOLE')
      const unlucky = await phoneThrough(whole, 'EDGECUT')
      const waiting = phone.ping(900)
      await assert.rejects(unlucky.ping(900, cut), /HTTP 50[34]/)
      await product.deliver()
      assert.equal(await waiting, '2')
    })

    test('a message of 3 MB leaves a phone', async (t) => {
      const whole = await through(t, edge)
      const letter = ownLetter(3_000_000)
      const { status } = await send(whole.address, request(command('SendMail', 'EDGELARGE'), letter))
      assert.equal(status, 200)
    })

    test('autodiscovery names the address that the phone came by', async (t) => {
      const whole = await through(t, edge)
      const schema = 'http://schemas.microsoft.com/exchange/autodiscover/mobilesync'
      const asked = `<Autodiscover xmlns="${schema}/requestschema/2006"><Request><EMailAddress>${ANNA.address}</EMailAddress><AcceptableResponseSchema>${schema}/responseschema/2006</AcceptableResponseSchema></Request></Autodiscover>`
      const line = 'POST /autodiscover/autodiscover.xml'
      const { status, body } = await send(whole.address, request(line, Buffer.from(asked), 'text/xml'))
      assert.equal(status, 200)
      assert.match(body.toString(), /https:\/\/mail\.example\.org\/Microsoft-Server-ActiveSync/)
    })

    test('its log has commands and no addresses', async (t) => {
      const whole = await through(t, edge)
      await phoneThrough(whole, 'EDGELOG')
      await whole.stop()
      assert.match(whole.log(), /POST \/Microsoft-Server-ActiveSync FolderSync 200/)
      assert.doesNotMatch(whole.log(), /anna|acme|EDGELOG/i)
    })

    test('of two servers each serves half of those who sign in, and the same ones when they come again', async (t) => {
      const [one, other] = [await saying(t, 'one'), await saying(t, 'other')]
      const { address } = await startEdge(t, edge, {
        ...{ folder: product.folder, relais: one, changes: edge.beside(other) },
      })
      const connection = new HttpConnection(address)
      t.after(() => connection.close())
      const servers = async () => {
        const names: string[] = []
        // An odd number: servers that take turns would come to everybody the other way round.
        for (let n = 0; n < 201; n++) names.push(String((await connection.send(signedIn(`u${n}`))).body))
        return names
      }
      const first = await servers()
      assert.deepEqual(await servers(), first)
      const ones = first.filter((name) => name === 'one').length
      assert.ok(ones > 60 && ones < 140, `${ones} of 201`)
    })

    test('where no Relais answers a phone is told 503 with Retry-After', async (t) => {
      const [nobody = 0] = await freePorts(1)
      const alone = await startEdge(t, edge, { folder: product.folder, relais: nobody })
      const { status, head } = await send(alone.address, request(command('Sync', 'EDGEALONE'), message(1)))
      assert.equal(status, 503)
      assert.match(head, /retry-after: 30/i)
    })
  })
}

const nginx = EDGES.find(({ name }) => name === 'nginx')!

test('nginx by itself refuses what the example lets through: 3 MB', {
  skip: await missing(nginx),
}, async (t) => {
  const small = await through(t, nginx, nginx.small)
  const letter = request(command('SendMail', 'EDGESMALL'), ownLetter(3_000_000))
  const { status } = await send(small.address, letter)
  assert.equal(status, 413)
})

test('a test changes lines that an example has, and no others', () => {
  assert.equal(changed('a 1\nb 2', { 'a 1': 'a 3' }), 'a 3\nb 2')
  assert.throws(() => changed('a 1', { 'a 2': 'a 3' }), /not exactly once/)
  assert.throws(() => changed('a 1 a 1', { 'a 1': 'a 3' }), /not exactly once/)
})

test('no example waits less than an hour for a request that waits', () => {
  assert.deepEqual(example('haproxy.cfg').match(/timeout (client|server) \S+/g), [
    'timeout client 65m',
    'timeout server 65m',
  ])
  assert.deepEqual(example('nginx.conf').match(/proxy_read_timeout \S+/g), ['proxy_read_timeout 65m;'])
})

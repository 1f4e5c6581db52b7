import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { Mailbox } from '@relais/proto/mail/v1/mail.ts'
import { encodeWbxml } from '../src/wbxml/encode.ts'
import { el } from '../src/wbxml/node.ts'
import { rawHttp } from './raw-http.ts'
import { mike, sharedTestService, type TestService } from './test-service.ts'

const shared = sharedTestService()

const basic = `Basic ${Buffer.from(`${mike.address}:${mike.password}`).toString('base64')}`
const folderSync = Buffer.from(
  encodeWbxml(el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')])),
)

type Wire = { readonly target?: string; readonly protocol?: string; readonly headers?: readonly string[] }

const TARGET = '/Microsoft-Server-ActiveSync?Cmd=FolderSync&User=m&DeviceId=WIRE1&DeviceType=x'

const requestOf = (
  { target = TARGET, protocol = 'HTTP/1.1', headers = [] }: Wire,
  body = folderSync,
): Buffer =>
  Buffer.concat([
    Buffer.from(
      [
        `POST ${target} ${protocol}`,
        ...(protocol === 'HTTP/1.1' ? ['Host: mail.example.org'] : []),
        `Authorization: ${basic}`,
        'MS-ASProtocolVersion: 14.1',
        'Content-Type: application/vnd.ms-sync.wbxml',
        ...headers,
        '',
        '',
      ].join('\r\n'),
      'latin1',
    ),
    body,
  ])

const length = `Content-Length: ${folderSync.length}`
const CLOSE = 'Connection: close'

const answers = (text: string): number => text.match(/HTTP\/1\.1 200 OK/g)?.length ?? 0

const bodyOf = (text: string): Buffer => Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1')

const manyFolders = (service: TestService) => {
  const mailboxes = Array.from({ length: 60 }, (_, n) =>
    Mailbox.fromPartial({ mailbox: `m${n}`, name: `Folder ${n}`, role: '' }),
  )
  service.mail.hierarchyOf = () => ({
    changes: mailboxes.map((mailbox) => ({ mailbox, added: true })),
    removed: [],
    position: 1,
    stale: false,
  })
}

/** Writes and goes away without a word. */
const leave = async (port: number, bytes: Buffer): Promise<void> => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()))
  socket.destroy()
  await once(socket, 'close')
}

describe('a request on the wire', () => {
  test('may be cut off after any byte: the server goes on, and nothing failed that nobody foresaw', async () => {
    const { port, logged } = shared()
    const whole = requestOf({ headers: [length] })
    for (let at = 1; at < whole.length; at += 7) await leave(port, whole.subarray(0, at))
    assert.equal(answers(await rawHttp(port, requestOf({ headers: [length, CLOSE] }))), 1)
    assert.deepEqual(
      logged.filter((line) => line.includes('a request failed')),
      [],
    )
  })
  test('may come byte by byte', async () => {
    const socket = connect(shared().port, '127.0.0.1')
    const got: Buffer[] = []
    socket.on('data', (chunk: Buffer) => got.push(chunk))
    for (const byte of requestOf({ headers: [length, CLOSE] }))
      await new Promise<void>((resolve) => socket.write(Buffer.from([byte]), () => resolve()))
    await once(socket, 'close')
    assert.equal(answers(Buffer.concat(got).toString('latin1')), 1)
  })
  test('may come with others behind it before the first is answered: they are answered in order', async () => {
    const { port } = shared()
    const query = (id: string) => TARGET.replace('WIRE1', id)
    const settings = Buffer.from(encodeWbxml(el('settings:Settings', [el('settings:UserInformation')])))
    const bytes = Buffer.concat([
      requestOf({ target: query('PIPE1'), headers: [length] }),
      requestOf({ target: query('PIPE2').replace('FolderSync', 'NoSuch'), headers: [length] }),
      requestOf(
        {
          target: query('PIPE3').replace('FolderSync', 'Settings'),
          headers: [`Content-Length: ${settings.length}`],
        },
        settings,
      ),
      requestOf({ target: query('PIPE4'), headers: [length, CLOSE] }),
    ])
    const text = await rawHttp(port, bytes)
    assert.deepEqual(
      [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
      ['200', '501', '200', '200'],
    )
  })
  test('without any length has no body (RFC 9112 §6.3)', async () => {
    const text = await rawHttp(shared().port, requestOf({ headers: [CLOSE] }, Buffer.alloc(0)))
    assert.match(text, /^HTTP\/1\.1 200 OK/)
    assert.ok(bodyOf(text).includes('101'))
  })
  test('in chunks may have extensions and trailers', async () => {
    const size = folderSync.length.toString(16)
    const body = Buffer.concat([
      Buffer.from(`${size};name=value\r\n`),
      folderSync,
      Buffer.from('\r\n0\r\nX-Trailer: x\r\n\r\n'),
    ])
    const headers = ['Transfer-Encoding: chunked', CLOSE]
    assert.equal(answers(await rawHttp(shared().port, requestOf({ headers }, body))), 1)
  })
  test('in chunks that break off ends with its connection, and nobody else’s', async () => {
    const { port } = shared()
    await leave(port, requestOf({ headers: ['Transfer-Encoding: chunked'] }, Buffer.from('ffff\r\nabc')))
    assert.equal(answers(await rawHttp(port, requestOf({ headers: [length, CLOSE] }))), 1)
  })
  test('of HTTP/1.0 needs no Host, and may keep its connection', async () => {
    const { port } = shared()
    const once = await rawHttp(port, requestOf({ protocol: 'HTTP/1.0', headers: [length] }))
    assert.equal(answers(once), 1)
    assert.match(once, /\r\nContent-Length: \d+\r\n/)
    assert.match(once, /\r\nConnection: close\r\n/)
    const kept = requestOf({ protocol: 'HTTP/1.0', headers: [length, 'Connection: keep-alive'] })
    assert.equal(answers(await rawHttp(port, Buffer.concat([kept, kept]), (text) => answers(text) === 2)), 2)
  })
  test('may name the whole URL (RFC 9112 §3.2.2)', async () => {
    const target = `http://mail.example.org${TARGET}`
    assert.equal(answers(await rawHttp(shared().port, requestOf({ target, headers: [length, CLOSE] }))), 1)
  })
  test('may spell its headers in any case', async () => {
    const bytes = requestOf({ headers: [length, CLOSE] })
      .toString('latin1')
      .replace('Authorization', 'AUTHORIZATION')
      .replace('MS-ASProtocolVersion', 'ms-asprotocolversion')
      .replace('Content-Length', 'cOnTeNt-LeNgTh')
    assert.equal(answers(await rawHttp(shared().port, Buffer.from(bytes, 'latin1'))), 1)
  })
})

describe('an answer on the wire', () => {
  test('is packed where the phone takes it, says so, and has the length of what is sent', async () => {
    const service = shared()
    manyFolders(service)
    const ask = (...headers: readonly string[]) =>
      rawHttp(service.port, requestOf({ headers: [length, CLOSE, ...headers] }))
    const plain = await ask()
    const packed = await ask('Accept-Encoding: gzip, deflate')
    assert.doesNotMatch(plain, /Content-Encoding/i)
    assert.match(packed, /\r\nContent-Encoding: gzip\r\n/)
    assert.match(packed, /\r\nVary: Accept-Encoding\r\n/)
    const lengthOf = (text: string) => Number(/\r\nContent-Length: (\d+)\r\n/.exec(text)?.[1])
    for (const text of [plain, packed]) assert.equal(bodyOf(text).length, lengthOf(text))
    assert.deepEqual(gunzipSync(bodyOf(packed)), bodyOf(plain))
    assert.ok(lengthOf(packed) < lengthOf(plain))
  })
  test('has the headers that clients look for, and no others of ours', async () => {
    const text = await rawHttp(shared().port, requestOf({ headers: [length, CLOSE] }))
    const names = [...text.slice(0, text.indexOf('\r\n\r\n')).matchAll(/^([\w-]+):/gm)].map(
      ([, name]) => name,
    )
    assert.deepEqual(names.toSorted(), [
      ...['Cache-Control', 'Connection', 'Content-Length', 'Content-Type', 'Date', 'MS-ASProtocolCommands'],
      ...['MS-ASProtocolVersions', 'MS-Server-ActiveSync', 'X-MS-RP'],
    ])
  })
  test('to OPTIONS in HTTP/1.0 lists the same', async () => {
    const text = await rawHttp(
      shared().port,
      `OPTIONS /Microsoft-Server-ActiveSync HTTP/1.0\r\nAuthorization: ${basic}\r\n\r\n`,
    )
    assert.match(text, /^HTTP\/1\.1 200 OK/)
    assert.match(text, /\r\nMS-ASProtocolVersions: 2\.5,12\.0,12\.1,14\.0,14\.1,16\.0,16\.1\r\n/)
    assert.match(text, /\r\nContent-Length: 0\r\n/)
  })
})

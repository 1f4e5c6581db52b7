import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { before, describe, test } from 'node:test'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { encodeWbxml } from '../src/wbxml/encode.ts'
import { el } from '../src/wbxml/node.ts'
import { child, textOf } from '../src/wbxml/read.ts'
import { rawHttp } from './raw-http.ts'
import { startTestService, type TestService } from './test-service.ts'

const scope = { after: (fn: () => void | Promise<void>) => ends.push(fn) }
const ends: (() => void | Promise<void>)[] = []

const userInformation = el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])])
const firstFolderSync = el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')])
const basic = `Basic ${Buffer.from('mike@example.org:secret').toString('base64')}`

describe('the endpoint over HTTP', () => {
  let service: TestService
  before(async () => {
    service = await startTestService(scope, {
      config: { maxRequestBytes: 64 * 1024, maxMessageBytes: 256 * 1024, maxRepeats: 0 },
    })
  })
  // Not node:test's own `after`: the helper wants to add to it while the suite runs.
  test.after(async () => {
    for (const end of ends.reverse()) await end()
  })

  describe('OPTIONS', () => {
    test('[HTTP 1107]: lists the versions and the commands that work', async () => {
      const { status, headers } = await service.phone().optionsRequest()
      assert.equal(status, 200)
      assert.equal(headers['ms-asprotocolversions'], '2.5,12.0,12.1,14.0,14.1,16.0,16.1')
      const commands = String(headers['ms-asprotocolcommands']).split(',')
      for (const served of [
        'SendMail',
        'SmartForward',
        'SmartReply',
        'FolderSync',
        'FolderCreate',
        'FolderUpdate',
        'FolderDelete',
        'Settings',
        'ItemOperations',
        'Provision',
      ])
        assert.ok(commands.includes(served), served)
      for (const absent of ['MeetingResponse', 'CreateCollection', 'MoveCollection'])
        assert.ok(!commands.includes(absent), absent)
      assert.equal(headers['content-length'], '0')
      assert.equal(headers['content-type'], undefined)
      assert.equal(headers.allow, 'OPTIONS,POST')
      assert.equal(headers.public, 'OPTIONS,POST')
    })
    test('[HTTP 2371]: needs credentials: 401 with a challenge, never 403', async () => {
      const { status, headers } = await service.phone({ password: 'mistaken' }).optionsRequest()
      assert.equal(status, 401)
      assert.match(String(headers['www-authenticate']), /^Basic realm="/)
      const bare = await rawHttp(service.port, 'OPTIONS /Microsoft-Server-ActiveSync HTTP/1.0\r\n\r\n')
      assert.match(bare, /^HTTP\/1\.1 401 /)
    })
  })

  describe('methods and paths', () => {
    const status = async (method: string, path: string) =>
      (await service.phone().request(path, { method })).status

    test('GET shows a person a page, also without credentials', async () => {
      const page = await rawHttp(service.port, 'GET /Microsoft-Server-ActiveSync HTTP/1.0\r\n\r\n')
      assert.match(page, /^HTTP\/1\.1 200 /)
      assert.match(page, /This address is for phones/)
    })
    test('HEAD answers as GET, without the page', async () => {
      const { status, headers, bytes } = await service
        .phone()
        .request('/Microsoft-Server-ActiveSync', { method: 'HEAD' })
      assert.deepEqual([status, bytes.length], [200, 0])
      assert.ok(Number(headers['content-length']) > 100)
    })
    test('the path is found in any case, with or without a slash at its end', async () => {
      assert.equal(await status('OPTIONS', '/microsoft-server-activesync'), 200)
      assert.equal(await status('OPTIONS', '/MICROSOFT-SERVER-ACTIVESYNC/'), 200)
    })
    test('other methods are 405, unknown ones 501', async () => {
      for (const method of ['PUT', 'DELETE', 'PATCH'])
        assert.equal(await status(method, '/Microsoft-Server-ActiveSync'), 405)
      assert.equal(await status('PROPFIND', '/Microsoft-Server-ActiveSync'), 501)
    })
    test('other paths are 404', async () => {
      for (const path of ['/', '/owa', '/Microsoft-Server-ActiveSync/x'])
        assert.equal(await status('POST', path), 404)
    })
  })

  describe('POST', () => {
    test('works the same with a plain and a base64 query', async () => {
      for (const query of ['plain', 'base64'] as const) {
        const { status, root } = await service.phone({ query }).post('Settings', userInformation)
        assert.equal(status, 200)
        assert.equal(textOf(child(root, 'settings:Status')!), '1')
      }
    })
    test('without credentials is 401 whatever it says', async () => {
      const { status, bytes } = await service.phone({ password: 'no' }).post('Sync')
      assert.deepEqual([status, bytes.length], [401, 0])
    })
    test('a malformed query is 400, an unknown command 501', async () => {
      const post = async (query: string) =>
        (await service.phone().request(`/Microsoft-Server-ActiveSync?${query}`, { method: 'POST' })).status
      assert.equal(await post(''), 400)
      assert.equal(await post('!!'), 400)
      assert.equal(await post(Buffer.from([141, 99, 9, 4, 1, 65, 0, 1, 65]).toString('base64')), 501)
      assert.equal(await post('Cmd=NoSuch&DeviceId=A&DeviceType=B'), 501)
    })
    test('137: a command that isn’t served is 501; one of another version a Status from 14.0 on', async () => {
      const meeting = el('meetingresponse:MeetingResponse', [el('meetingresponse:Request')])
      assert.equal((await service.phone().post('MeetingResponse', meeting)).status, 501)
      const find = el('find:Find', [el('find:SearchId', '1')])
      const { status, root } = await service.phone({ version: '14.1' }).post('Find', find)
      assert.equal(status, 200)
      assert.equal(textOf(child(root, 'find:Status')!), '137')
      assert.equal((await service.phone({ version: '12.1' }).post('Find', find)).status, 501)
    })
    test('without a version header a plain query is of version 2.5', async () => {
      const { status, root } = await service
        .phone({ version: '2.5' })
        .request('/Microsoft-Server-ActiveSync?Cmd=FolderSync&User=m&DeviceId=A1&DeviceType=B', {
          method: 'POST',
          body: encodeWbxml(firstFolderSync),
        })
      assert.equal(status, 200)
      assert.equal(textOf(child(root, 'folderhierarchy:Status')!), '1')
    })
    test('a version that never was is 400', async () => {
      const { status } = await service
        .phone()
        .post('FolderSync', firstFolderSync, { headers: { 'MS-ASProtocolVersion': '17.3' } })
      assert.equal(status, 400)
    })
    test('108: a device id that is missing, long or unusable', async () => {
      for (const deviceId of ['', 'x'.repeat(65), 'a b', 'a,b', 'ä', 'a/b', '../x']) {
        const { status, root } = await service.phone({ deviceId }).post('FolderSync', firstFolderSync)
        assert.equal(status, 200)
        assert.equal(textOf(child(root, 'folderhierarchy:Status')!), '108', deviceId)
      }
    })
    test('109: a device type that is missing or unusable', async () => {
      for (const deviceType of ['', 'x'.repeat(65), 'a\u0001b']) {
        const { root } = await service.phone({ deviceType }).post('FolderSync', firstFolderSync)
        assert.equal(textOf(child(root, 'folderhierarchy:Status')!), '109', deviceType)
      }
    })
  })

  describe('bodies', () => {
    const bytes = Buffer.from(encodeWbxml(userInformation))
    const settings = async (body: Uint8Array | undefined, headers = {}) =>
      service.phone().post('Settings', body, { headers })

    const statusOf = async (body: Uint8Array | undefined, headers = {}) => {
      const { status, root } = await settings(body, headers)
      assert.equal(status, 200)
      return textOf(child(root, 'settings:Status')!)
    }

    test('102: not WBXML', async () => assert.equal(await statusOf(Buffer.from('<xml/>')), '102'))
    test('102: cut off', async () => assert.equal(await statusOf(bytes.subarray(0, -1)), '102'))
    test('103: too deep', async () => {
      const deep = Buffer.concat([Buffer.from('03016a0000124500', 'hex'), Buffer.alloc(60, 0x47)])
      assert.equal(
        await statusOf(Buffer.concat([deep.subarray(0, 7), Buffer.alloc(60, 0x47), Buffer.alloc(61, 1)])),
        '103',
      )
    })
    test('103: another command’s document', async () => {
      assert.equal(await statusOf(encodeWbxml(firstFolderSync)), '103')
    })
    test('101: no body where one belongs', async () => assert.equal(await statusOf(undefined), '101'))
    test('[CMD 4813] 101: a message as it is, where WBXML belongs', async () => {
      const { root } = await service.phone().post('SendMail', Buffer.from('From: a\r\n\r\n'), {
        headers: { 'Content-Type': 'message/rfc822' },
      })
      assert.equal(textOf(child(root, 'composemail:Status')!), '101')
    })
    test('may come packed by gzip and by both kinds of deflate', async () => {
      assert.equal(await statusOf(gzipSync(bytes), { 'Content-Encoding': 'gzip' }), '1')
      assert.equal(await statusOf(gzipSync(bytes), { 'Content-Encoding': 'X-GZIP' }), '1')
      assert.equal(await statusOf(deflateSync(bytes), { 'Content-Encoding': 'deflate' }), '1')
      assert.equal(await statusOf(deflateRawSync(bytes), { 'Content-Encoding': 'deflate' }), '1')
      assert.equal(await statusOf(bytes, { 'Content-Encoding': 'identity' }), '1')
    })
    test('102: packed otherwise than they say', async () => {
      assert.equal(await statusOf(bytes, { 'Content-Encoding': 'gzip' }), '102')
      assert.equal(await statusOf(gzipSync(bytes).subarray(0, 20), { 'Content-Encoding': 'gzip' }), '102')
    })
    test('415: packed in a way we don’t know', async () => {
      assert.equal((await settings(bytes, { 'Content-Encoding': 'br' })).status, 415)
      assert.equal((await settings(bytes, { 'Content-Encoding': 'gzip, gzip' })).status, 415)
    })
    test('122: a bomb of a gigabyte is refused at the limit', async () => {
      const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
      assert.equal(await statusOf(bomb.subarray(0, 60_000), { 'Content-Encoding': 'gzip' }), '122')
    })
    test('122: a body over the limit, and the connection goes on', async () => {
      const phone = service.phone()
      const { root } = await phone.post('Settings', Buffer.alloc(65 * 1024))
      assert.equal(textOf(child(root, 'settings:Status')!), '122')
      assert.equal((await phone.post('Settings', userInformation)).status, 200)
    })
    test('507: the same to clients before 14.0', async () => {
      assert.equal(
        (await service.phone({ version: '12.1' }).post('Settings', Buffer.alloc(65 * 1024))).status,
        507,
      )
    })
    test('in chunks are read as well, and are bounded as well', async () => {
      const head = `POST /Microsoft-Server-ActiveSync?Cmd=Settings&User=m&DeviceId=CHUNK1&DeviceType=x HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic}\r\nMS-ASProtocolVersion: 16.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`
      const chunk = (data: Buffer) =>
        Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')])
      const end = Buffer.from('0\r\n\r\n')
      const good = Buffer.concat([
        Buffer.from(head),
        chunk(bytes.subarray(0, 5)),
        chunk(bytes.subarray(5)),
        end,
      ])
      assert.match(await rawHttp(service.port, good), /^HTTP\/1\.1 200 OK\r\n/)
      const large = Buffer.concat([Buffer.from(head), ...new Array(20).fill(chunk(Buffer.alloc(8_192))), end])
      const refused = await rawHttp(service.port, large)
      assert.match(refused, /^HTTP\/1\.1 200 OK\r\n/)
      assert.ok(refused.includes('122\0'))
    })
    test('that stop in the middle end with 408', async () => {
      const slow = await startTestService(scope, { config: { bodyIdleMs: 20 } })
      const head = `POST /Microsoft-Server-ActiveSync?Cmd=Settings&User=m&DeviceId=SLOW1&DeviceType=x HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic}\r\nMS-ASProtocolVersion: 16.1\r\nContent-Length: 100\r\n\r\nabc`
      assert.match(await rawHttp(slow.port, head, (text) => text.includes('\r\n\r\n')), /^HTTP\/1\.1 408 /)
    })
  })

  describe('answers', () => {
    test('[HTTP 212]: always with Content-Length, and with Content-Type only where there is content', async () => {
      const full = await service.phone().post('Settings', userInformation)
      assert.equal(full.headers['content-type'], 'application/vnd.ms-sync.wbxml')
      assert.equal(Number(full.headers['content-length']), full.bytes.length)
      const refused = await service.phone({ password: 'x' }).post('Settings', userInformation)
      assert.equal(refused.headers['content-type'], undefined)
      assert.equal(refused.headers['content-length'], '0')
    })
    test('are packed where the client takes it and it pays', async () => {
      service.mail.hierarchy.set(0, {
        changes: Array.from({ length: 100 }, (_, n) => ({
          added: true,
          mailbox: {
            mailbox: `m${n}`,
            role: '',
            name: `Folder ${n}`,
            parent: '',
            total: 0,
            unseen: 0,
            head: 1,
          },
        })),
        removed: [],
        position: 9,
        stale: false,
      })
      const plain = await service.phone().post('FolderSync', firstFolderSync)
      const packed = await service
        .phone()
        .post('FolderSync', firstFolderSync, { headers: { 'Accept-Encoding': 'gzip' } })
      assert.equal(plain.headers['content-encoding'], undefined)
      assert.equal(packed.headers['content-encoding'], 'gzip')
      assert.ok(Number(packed.headers['content-length']) < plain.bytes.length / 2)
      assert.deepEqual(packed.root, plain.root)
      const small = await service
        .phone()
        .post('Settings', userInformation, { headers: { 'Accept-Encoding': 'gzip' } })
      assert.equal(small.headers['content-encoding'], undefined)
    })
    test('to HTTP/1.0 clients end with the connection', async () => {
      const body = Buffer.from(encodeWbxml(userInformation))
      const head = `POST /Microsoft-Server-ActiveSync?Cmd=Settings&User=m&DeviceId=OLD1&DeviceType=x HTTP/1.0\r\nAuthorization: ${basic}\r\nMS-ASProtocolVersion: 14.1\r\nContent-Length: ${body.length}\r\n\r\n`
      const text = await rawHttp(service.port, Buffer.concat([Buffer.from(head), body]))
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n/)
      assert.match(text, /\r\nContent-Length: \d+\r\n/)
    })
  })

  describe('connections', () => {
    const head = (more = '') =>
      `POST /Microsoft-Server-ActiveSync?Cmd=Settings&User=m&DeviceId=CONN1&DeviceType=x HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic}\r\nMS-ASProtocolVersion: 16.1\r\n${more}`
    const body = Buffer.from(encodeWbxml(userInformation))
    const whole = (more = '') =>
      Buffer.concat([Buffer.from(`${head(more)}Content-Length: ${body.length}\r\n\r\n`), body])
    const answers = (text: string) => text.match(/HTTP\/1\.1 200 OK/g)?.length ?? 0

    test('stay open for the next request', async () => {
      const text = await rawHttp(service.port, whole(), (sofar) => answers(sofar) === 1)
      assert.match(text, /\r\nConnection: keep-alive\r\n/)
      assert.match(text, /\r\nKeep-Alive: timeout=75\r\n/)
    })
    test('may carry requests that don’t wait for each other’s answers', async () => {
      const three = Buffer.concat([whole(), whole(), whole('Connection: close\r\n')])
      assert.equal(answers(await rawHttp(service.port, three)), 3)
    })
    test('go on after an answer that came before its request was read', async () => {
      const refused = whole().toString('latin1').replace(basic, 'Basic bm86bm8=')
      const two = Buffer.concat([Buffer.from(refused, 'latin1'), whole('Connection: close\r\n')])
      const text = await rawHttp(service.port, two)
      assert.match(text, /^HTTP\/1\.1 401 /)
      assert.equal(answers(text), 1)
    })
    test('whose client asks before it sends its body is told to (RFC 9110 §10.1.1)', async () => {
      const text = await new Promise<string>((resolve, reject) => {
        let got = ''
        const socket = connect(service.port, '127.0.0.1', () =>
          socket.write(
            `${head('Expect: 100-continue\r\nConnection: close\r\n')}Content-Length: ${body.length}\r\n\r\n`,
          ),
        )
        socket.on('data', (chunk) => {
          got += chunk.toString('latin1')
          if (got === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write(body)
        })
        socket.on('close', () => resolve(got))
        socket.on('error', reject)
      })
      assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    })
    test('that come all at once are all served', async () => {
      const many = await Promise.all(
        Array.from({ length: 60 }, () => rawHttp(service.port, whole('Connection: close\r\n'))),
      )
      assert.ok(many.every((text) => answers(text) === 1))
    })
    test('whose headers are too long are refused', async () => {
      const text = await rawHttp(service.port, whole(`X-Long: ${'x'.repeat(17_000)}\r\n`))
      assert.match(text, /^HTTP\/1\.1 431 /)
    })
  })

  describe('overload', () => {
    test('is 503 with Retry-After before any work is done', async () => {
      const busy = await startTestService(scope, { config: { maxRequests: 0, maxRequestsInLine: 0 } })
      const { status, headers } = await busy.phone().optionsRequest()
      assert.equal(status, 503)
      const wait = Number(headers['retry-after'])
      assert.ok(wait >= 5 && wait < 30, String(wait))
      assert.equal(busy.directory.signIns.length, 0)
    })
  })

  test('nothing that a phone sends is logged but ids', async () => {
    const text = service.logged.join('\n')
    for (const secret of ['secret', 'mike@example.org', 'mistaken', basic])
      assert.ok(!text.includes(secret), secret)
  })
})

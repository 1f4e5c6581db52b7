import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { roots } from '../src/commands/roots.ts'
import { encodeWbxml } from '../src/wbxml/encode.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { child, textOf } from '../src/wbxml/read.ts'
import { arbitraryNode, mutated } from './arbitrary-wbxml.ts'
import { rawHttp } from './raw-http.ts'
import { sharedTestService } from './test-service.ts'

const shared = sharedTestService({ config: { maxRequestBytes: 256 * 1024, maxMessageBytes: 256 * 1024 } })

/** Commands that are tried here; those that wait are tried where they live. */
const commands = [
  'FolderSync',
  'ItemOperations',
  'Provision',
  'Settings',
  'SendMail',
  'SmartReply',
  'SmartForward',
  'Search',
  'Find',
  'ResolveRecipients',
  'ValidateCert',
]

const command = fc.constantFrom(...commands)

/** Any document below a command's own root: what a client with wild ideas sends. */
const plausible = fc.tuple(command, fc.array(arbitraryNode, { maxLength: 6 })).map(([name, children]) => ({
  name,
  bytes: encodeWbxml(el(roots.get(name)!.root, children)),
}))

const damaged = fc.record({ name: command, bytes: mutated(arbitraryNode) })
const noise = fc.record({ name: command, bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }) })

/** EAS answers what it can't use; an unforeseen error would be 110, or a command's own word for it. */
const unforeseen = new Set(['110', '120', '121'])

const statusOf = (name: string, root: WbxmlNode | undefined): string | undefined => {
  const status = root && child(root, roots.get(name)!.status)
  return status && textOf(status)
}

describe('whatever a client sends', () => {
  for (const [kind, requests] of [
    ['plausible documents', plausible],
    ['damaged documents', damaged],
    ['noise', noise],
  ] as const)
    test(`${kind} are answered by a status that means something, within the schema`, async () => {
      await fc.assert(
        fc.asyncProperty(requests, async ({ name, bytes }) => {
          const { status, root } = await shared().phone().post(name, bytes)
          assert.equal(status, 200)
          const eas = statusOf(name, root)
          assert.ok(eas === undefined || !unforeseen.has(eas), `${name} answered ${eas}`)
        }),
        { numRuns: 150 },
      )
    })
  test('any query is answered, and never by 500', async () => {
    const value = fc.oneof(fc.string({ maxLength: 20 }), fc.base64String({ maxLength: 40 }))
    await fc.assert(
      fc.asyncProperty(value, value, async (one, two) => {
        const query = `${encodeURIComponent(one)}${encodeURI(two)}`
        const { status } = await shared()
          .phone()
          .request(`/Microsoft-Server-ActiveSync?${query}`, { method: 'POST' })
        assert.ok([200, 400, 501].includes(status), `${status} for ${query}`)
      }),
      { numRuns: 150 },
    )
  })
  test('any header is answered, and never by 500', async () => {
    const name = fc.constantFrom(
      'MS-ASProtocolVersion',
      'X-MS-PolicyKey',
      'User-Agent',
      'Content-Type',
      'Accept-Encoding',
      'X-Forwarded-For',
      'MS-ASAcceptMultiPart',
      'Cookie',
    )
    const value = fc.string({ maxLength: 200 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, '~'))
    const body = encodeWbxml(el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])]))
    await fc.assert(
      fc.asyncProperty(name, value, async (header, text) => {
        const { status } = await shared()
          .phone()
          .post('Settings', body, { headers: { [header]: text } })
        // 501: without a version it is 2.5, which has no Settings.
        assert.ok([200, 400, 501].includes(status), `${status} for ${header}: ${text}`)
      }),
      { numRuns: 150 },
    )
  })
  test('what isn’t HTTP at all ends the connection and nothing else', async () => {
    for (const bytes of [
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'EHLO x\r\n',
      'GET\r\n\r\n',
      '\0\0\0\0\r\n\r\n',
      `GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
    ]) {
      const text = await rawHttp(shared().port, Buffer.from(bytes, 'latin1'))
      assert.match(text, /^HTTP\/1\.1 4\d\d /, bytes.slice(0, 10))
    }
    assert.equal((await shared().phone().optionsRequest()).status, 200)
  })
  test('a length that contradicts itself is refused (RFC 9112 §6.3)', async () => {
    const start = 'POST /Microsoft-Server-ActiveSync?Cmd=Sync HTTP/1.1\r\nHost: x\r\n'
    for (const headers of [
      'Content-Length: 5\r\nContent-Length: 6\r\n',
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
      'Content-Length: -5\r\n',
      'Content-Length: abc\r\n',
      'Transfer-Encoding: chunked, gzip\r\n',
    ]) {
      const text = await rawHttp(shared().port, `${start}${headers}Connection: close\r\n\r\nabcde`, (sofar) =>
        sofar.includes('\r\n\r\n'),
      )
      assert.match(text, /^HTTP\/1\.1 40[01] /, headers)
    }
  })
  test('nothing unforeseen was logged by all of this', () => {
    const failed = shared().logged.filter((line) => line.includes('a request failed'))
    assert.deepEqual(failed, [])
  })
})

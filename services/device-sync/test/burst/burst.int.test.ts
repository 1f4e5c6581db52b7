import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { waitUntil } from '@relais/testing'
import { serverIdOf } from '../../src/classes/server-id.ts'
import { decodeWbxml } from '../../src/wbxml/decode.ts'
import { encodeWbxml } from '../../src/wbxml/encode.ts'
import { el, type WbxmlNode } from '../../src/wbxml/node.ts'
import { textChild } from '../../src/wbxml/read.ts'
import { EasClient } from '../eas-client.ts'
import { type Figures, MESSAGE, userOf } from './crowd.ts'

const BURST = 5_000
const ACCOUNTS = 500
const HELD = 20

/** Resident MiB beyond what there was before, at most. Measured: 150 to 220, of which the connections take most. */
const MOST_MIB = 350
/** Of the heap, when all is over: 5,000 devices are remembered. */
const KEPT_MIB = 60

const served = async (t: TestContext): Promise<{ child: ChildProcess; url: string; port: number }> => {
  const program = fileURLToPath(new URL('served.fixture.ts', import.meta.url))
  const config = JSON.stringify({ maxRequestsInLine: 1_500 })
  const execArgv = ['--expose-gc', '--max-semi-space-size=4']
  const child = fork(program, [String(ACCOUNTS), config], { execArgv })
  t.after(() => child.kill('SIGKILL'))
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { child, port, url: `http://127.0.0.1:${port}` }
}

const figuresOf = async (child: ChildProcess): Promise<Figures> => {
  child.send('figures')
  return ((await once(child, 'message')) as [Figures])[0]
}

const ping = el('ping:Ping', [
  el('ping:HeartbeatInterval', 900),
  el('ping:Folders', [el('ping:Folder', [el('ping:Id', 'inbox'), el('ping:Class', 'Email')])]),
])
const folderSync = encodeWbxml(el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')]))
const fetch = encodeWbxml(
  el('itemoperations:ItemOperations', [
    el('itemoperations:Fetch', [
      el('itemoperations:Store', 'Mailbox'),
      el('airsync:CollectionId', 'inbox'),
      el('airsync:ServerId', serverIdOf(MESSAGE)),
    ]),
  ]),
)

/** Each on an account of its own. */
const holdPhones = async (url: string) => {
  const answers: Promise<WbxmlNode | undefined>[] = []
  const phones = Array.from({ length: HELD }, (_, n) => {
    const { address: user, password } = userOf(n)
    return new EasClient({ url, user, password, deviceId: 'HELD' })
  })
  for (const phone of phones) {
    await phone.post('Ping', ping) // it is told of what there is
    answers.push(phone.post('Ping', ping).then(({ root }) => root))
  }
  return { answers, close: () => phones.forEach((phone) => void phone.close()) }
}

type Answer = { readonly status: number; readonly retryAfter: number; readonly bytes: Buffer }

const ask = (port: number, n: number): Promise<Answer> => {
  const { address, password } = userOf(n % ACCOUNTS)
  const [command, body] = n % 2 === 0 ? ['FolderSync', folderSync] : ['ItemOperations', fetch]
  const path = `/Microsoft-Server-ActiveSync?Cmd=${command}&User=${address}&DeviceId=BURST${Math.floor(n / ACCOUNTS)}&DeviceType=iPhone`
  const headers = {
    Authorization: `Basic ${Buffer.from(`${address}:${password}`).toString('base64')}`,
    'MS-ASProtocolVersion': '16.1',
    'Content-Type': 'application/vnd.ms-sync.wbxml',
    'Content-Length': body.length,
  }
  return new Promise((resolve, reject) => {
    request({ port, path, method: 'POST', headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: Number(response.headers['retry-after']),
          bytes: Buffer.concat(chunks),
        }),
      )
    })
      .on('error', reject)
      .end(body)
  })
}

const isRight = ({ status, retryAfter, bytes }: Answer): boolean => {
  if (status === 503) return retryAfter >= 5 && retryAfter < 30 && bytes.length === 0
  const root = decodeWbxml(bytes, { maxBytes: 1_000_000, maxText: 1_000_000, maxElements: 10_000 })
  const tag =
    root.tag === 'itemoperations:ItemOperations' ? 'itemoperations:Status' : 'folderhierarchy:Status'
  return status === 200 && textChild(root, tag) === '1'
}

test('5,000 requests at once take time and not memory: each is answered or told to come again, and who is held isn’t disturbed', async (t) => {
  const { child, url, port } = await served(t)
  const held = await holdPhones(url)
  t.after(held.close)
  let ended = 0
  for (const answer of held.answers) void answer.finally(() => ended++).catch(() => {})
  await waitUntil(async () => (await figuresOf(child)).heldRequests === HELD)
  const before = await figuresOf(child)

  const answers = await Promise.all(Array.from({ length: BURST }, (_, n) => ask(port, n)))
  assert.deepEqual(answers.filter((answer) => !isRight(answer)).slice(0, 3), [])
  const done = answers.filter(({ status }) => status === 200).length
  const after = await figuresOf(child)
  t.diagnostic(`${done} were done; at most ${(after.peakMiB - before.peakMiB).toFixed(0)} MiB more`)
  assert.ok(done > 0)
  assert.ok(after.peakMiB - before.peakMiB < MOST_MIB, `${after.peakMiB} MiB, and ${before.peakMiB} before`)
  assert.ok(after.heapMiB - before.heapMiB < KEPT_MIB, `${after.heapMiB} MiB, and ${before.heapMiB} before`)

  assert.deepEqual([after.heldRequests, ended], [HELD, 0])
  child.send('drain')
  for (const answer of held.answers) assert.equal(textChild(await answer, 'ping:Status'), '1')
})

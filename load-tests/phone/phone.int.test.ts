import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { parseRequestLine } from '@relais/device-sync/http/request-line.ts'
import { decodeWbxml } from '@relais/device-sync/wbxml/decode.ts'
import { encodeWbxml } from '@relais/device-sync/wbxml/encode.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { descendant, textChild } from '@relais/device-sync/wbxml/read.ts'
import { folderAnswer, folderIn, pingAnswer, syncAnswer } from '../eas/scripted-server.fixture.ts'
import { Phone } from './phone.ts'

type Heard = { readonly command: string; readonly body: WbxmlNode; readonly headers: IncomingHttpHeaders }

/** A server that answers the n-th request as it is told, and a phone of it. */
const phoneOf = async (context: TestContext, answer: (heard: Heard, n: number) => WbxmlNode | number) => {
  const heard: Heard[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { command } = parseRequestLine((request.url ?? '').split('?')[1] ?? '')
      const one = { command, body: decodeWbxml(Buffer.concat(chunks)), headers: request.headers }
      const answered = answer(one, heard.push(one) - 1)
      const body = typeof answered === 'number' ? Buffer.alloc(0) : Buffer.from(encodeWbxml(answered))
      response.writeHead(typeof answered === 'number' ? answered : 200, { 'Content-Length': body.length })
      response.end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const phone = new Phone({
    address: { host: '127.0.0.1', port, secure: false },
    ...{ user: 'ann+x@load.example', password: 'p:w', device: 'PHONE1' },
  })
  context.after(() => {
    phone.close()
    server.closeAllConnections()
    server.close()
  })
  return { phone, heard, url: `http://127.0.0.1:${port}` }
}

const collectionIn = (body: WbxmlNode) => descendant(body, 'airsync:Collections', 'airsync:Collection')

describe('the phone of the benchmark', () => {
  test('signs in and says what it is as phones do', async (context) => {
    const { phone, heard } = await phoneOf(context, () => folderAnswer())
    await phone.folderSync()
    const [{ headers, command } = assert.fail()] = heard
    assert.equal(command, 'FolderSync')
    assert.equal(
      Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString(),
      'ann+x@load.example:p:w',
    )
    assert.equal(headers['ms-asprotocolversion'], '16.1')
    assert.equal(headers['content-type'], 'application/vnd.ms-sync.wbxml')
  })

  test('knows the folders and their key', async (context) => {
    const { phone } = await phoneOf(context, () => folderAnswer('f9'))
    const { folders, key } = await phone.folderSync()
    assert.equal(key, 'f9')
    assert.deepEqual(
      [...folders],
      ['2', '3', '4', '5'].map((type) => [`folder${type}`, type]),
    )
  })

  test('asks on with the key that it was given, and from 0 where it is primed', async (context) => {
    const { phone, heard } = await phoneOf(context, ({ body }) => syncAnswer(folderIn(body)))
    await phone.prime('folder2')
    await phone.sync('folder2', { window: 7, html: 500, filter: 3 })
    await phone.prime('folder2')
    assert.deepEqual(
      heard.map(({ body }) => textChild(collectionIn(body), 'airsync:SyncKey')),
      ['0', 'folder2-next', '0'],
    )
    const collection = collectionIn(heard[1]!.body)
    assert.equal(textChild(collection, 'airsync:WindowSize'), '7')
    assert.equal(textChild(descendant(collection, 'airsync:Options'), 'airsync:FilterType'), '3')
  })

  test('takes everything, and counts it', async (context) => {
    const { phone, heard } = await phoneOf(context, ({ body }, n) =>
      syncAnswer(
        folderIn(body),
        Array.from({ length: 3 }, (_, k) => ({ id: `i${n}${k}`, subject: 's' })),
        n < 4,
      ),
    )
    assert.equal(await phone.syncAll('folder2'), 15)
    assert.equal(heard.length, 5)
  })

  test('knows the last message that came, and marks it', async (context) => {
    const { phone, heard } = await phoneOf(context, ({ body }) =>
      syncAnswer(folderIn(body), [
        { id: 'first', subject: 's' },
        { id: 'last', subject: 's' },
      ]),
    )
    const { lastAdded, added, more } = await phone.sync('folder2')
    assert.deepEqual([lastAdded, added, more], ['last', 2, false])
    await phone.markRead('folder2', lastAdded)
    const change = descendant(collectionIn(heard[1]!.body), 'airsync:Commands', 'airsync:Change')
    assert.equal(textChild(change, 'airsync:ServerId'), 'last')
  })

  test('asks for several folders at once, each with its own key', async (context) => {
    const { phone, heard } = await phoneOf(context, ({ body }) => syncAnswer(folderIn(body)))
    await phone.prime('folder2')
    assert.equal(await phone.syncTogether(['folder2', 'folder3']), 1)
    assert.match(JSON.stringify(heard[1]?.body), /folder2-next.*folder2.*"0".*folder3/)
  })

  test('waits by Ping and says what it was told', async (context) => {
    const { phone, heard } = await phoneOf(context, () => pingAnswer('2'))
    assert.equal(await phone.ping(['folder2', 'folder3'], 600), '2')
    assert.equal(textChild(heard[0]!.body, 'ping:HeartbeatInterval'), '600')
  })

  test('moves to another server with the keys that it has', async (context) => {
    const { phone, heard, url } = await phoneOf(context, ({ body }) => syncAnswer(folderIn(body)))
    await phone.prime('folder2')
    const moved = phone.at(url)
    context.after(() => moved.close())
    await moved.sync('folder2')
    assert.equal(textChild(collectionIn(heard[1]!.body), 'airsync:SyncKey'), 'folder2-next')
  })

  test('doesn’t pass over what went wrong: a measurement of errors would be a fast one', async (context) => {
    const failing: readonly (WbxmlNode | number)[] = [
      503,
      syncAnswer('folder2', [], false, '3'),
      el('folderhierarchy:FolderSync', [el('folderhierarchy:Status', 9)]),
    ]
    const { phone } = await phoneOf(context, (_, n) => failing[n] ?? 500)
    await assert.rejects(phone.sync('folder2'), /Sync: HTTP 503/)
    await assert.rejects(phone.sync('folder2'), /Sync Status 3/)
    await assert.rejects(phone.folderSync(), /FolderSync Status 9/)
  })
})

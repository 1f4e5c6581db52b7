import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EasClient, type EasResponse } from '@relais/device-sync/testing/eas-client.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import {
  child,
  childrenNamed,
  childrenOf,
  descendant,
  textChild,
  textOf,
} from '@relais/device-sync/wbxml/read.ts'
import { waitUntil } from '@relais/testing'
import type { Person } from './phones/world.ts'
import { createWorld } from './phones/worlds.ts'
import { testFolder } from './process.ts'

const folder = testFolder()
const world = createWorld(`${folder.path}/data`)
const clients: EasClient[] = []
before(() => world.start())
after(async () => {
  for (const client of clients) client.close()
  await world.stop()
  folder.remove()
})

let devices = 0
const phoneOf = async (person: Person, version: '14.1' | '16.1' = '16.1') => {
  const client = new EasClient({
    ...{ url: world.urls[0]!, user: person.address, password: person.password, version },
    deviceId: `SENDER${++devices}`,
  })
  clients.push(client)
  await client.post('FolderSync', el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')]))
  return client
}

const WANTED = el('airsync:Options', [
  el('airsync:MIMESupport', 2),
  el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 4)]),
])

const syncOf = (id: string, key: string) =>
  el('airsync:Sync', [
    el('airsync:Collections', [
      el('airsync:Collection', [
        el('airsync:SyncKey', key),
        el('airsync:CollectionId', id),
        key !== '0' && WANTED,
      ]),
    ]),
  ])

const keyIn = ({ root }: EasResponse) =>
  textChild(descendant(root, 'airsync:Collections', 'airsync:Collection'), 'airsync:SyncKey') ?? ''

type Shown = {
  readonly id: string
  readonly subject: string
  readonly mime: string
  readonly data: WbxmlNode
}

/** Everything in a mailbox, as a phone that comes to it anew is told. */
const messagesIn = async (client: EasClient, id: string): Promise<Shown[]> => {
  const first = await client.post('Sync', syncOf(id, '0'))
  const { root } = await client.post('Sync', syncOf(id, keyIn(first)))
  const commands = descendant(root, 'airsync:Collections', 'airsync:Collection', 'airsync:Commands')
  return childrenNamed(commands ?? el('airsync:Commands'), 'airsync:Add').map((add) => {
    const data = child(add, 'airsync:ApplicationData')!
    const mime = descendant(data, 'airsyncbase:Body', 'airsyncbase:Data')
    return {
      id: textChild(add, 'airsync:ServerId') ?? '',
      subject: textChild(data, 'email:Subject') ?? '',
      mime: mime === undefined ? '' : textOf(mime, 1_000_000),
      data,
    }
  })
}

const mail = (from: Person, to: string, subject: string, body = 'Good morning') =>
  Buffer.from(
    `From: ${from.address}\r\nTo: ${to}\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${body}\r\n`,
  )

const sendMail = (clientId: string, mime: Uint8Array) =>
  el('composemail:SendMail', [
    el('composemail:ClientId', clientId),
    el('composemail:SaveInSentItems'),
    el('composemail:Mime', mime),
  ])

const smart = (kind: 'SmartReply' | 'SmartForward', clientId: string, source: string, mime: Uint8Array) =>
  el(`composemail:${kind}`, [
    el('composemail:ClientId', clientId),
    el('composemail:Source', [el('composemail:FolderId', 'inbox'), el('composemail:ItemId', source)]),
    el('composemail:SaveInSentItems'),
    el('composemail:Mime', mime),
  ])

const arrived = (client: EasClient, id: string, count: number) =>
  waitUntil(
    async () => {
      const messages = await messagesIn(client, id)
      return messages.length >= count ? messages : undefined
    },
    { what: `${count} messages in ${id}` },
  )

describe('mail that a phone sends', () => {
  test('is in the other mailbox and in Sent Items, once, however often it is repeated', async () => {
    const [anna, ben] = [await world.person(), await world.person()]
    const [hers, his] = [await phoneOf(anna), await phoneOf(ben)]
    const request = sendMail('c-1', mail(anna, ben.address, 'hello'))
    const first = await hers.post('SendMail', request)
    assert.deepEqual([first.status, first.bytes.length], [200, 0])
    for (const again of [await hers.post('SendMail', request), await hers.post('SendMail', request)])
      assert.ok(again.bytes.length === 0 || textChild(again.root, 'composemail:Status') === '118')
    const [message] = await arrived(his, 'inbox', 1)
    assert.equal(message?.subject, 'hello')
    assert.match(message?.mime ?? '', /Good morning/)
    await world.restart?.({ losingRows: false })
    const [hersAgain, hisAgain] = [await phoneOf(anna), await phoneOf(ben)]
    assert.equal((await messagesIn(hisAgain, 'inbox')).length, 1)
    assert.equal((await messagesIn(hersAgain, 'sent')).length, 1)
  })

  test('a reply carries the text that it answers, and the original is marked as answered and stays', async () => {
    const [anna, ben] = [await world.person(), await world.person()]
    const [hers, his] = [await phoneOf(anna), await phoneOf(ben)]
    await hers.post('SendMail', sendMail('c-1', mail(anna, ben.address, 'question', 'What time is it?')))
    const [question] = await arrived(his, 'inbox', 1)
    const reply = mail(ben, anna.address, 'Re: question', 'Half past nine.')
    assert.equal(
      (await his.post('SmartReply', smart('SmartReply', 'r-1', question!.id, reply))).bytes.length,
      0,
    )
    const [answer] = await arrived(hers, 'inbox', 1)
    assert.match(answer!.mime, /Half past nine\.[\s\S]*What time is it\?/)
    const [kept] = await messagesIn(his, 'inbox')
    assert.equal(textChild(kept!.data, 'email2:LastVerbExecuted'), '1')
  })

  test('a forward carries the original with it', async () => {
    const [anna, ben, carl] = [await world.person(), await world.person(), await world.person()]
    const [hers, his, theirs] = [await phoneOf(anna, '14.1'), await phoneOf(ben, '14.1'), await phoneOf(carl)]
    await hers.post('SendMail', sendMail('c-1', mail(anna, ben.address, 'plans', 'The plan is secret.')))
    const [plans] = await arrived(his, 'inbox', 1)
    const forward = mail(ben, carl.address, 'Fwd: plans', 'See below.')
    assert.equal(
      (await his.post('SmartForward', smart('SmartForward', 'f-1', plans!.id, forward))).bytes.length,
      0,
    )
    const [message] = await arrived(theirs, 'inbox', 1)
    assert.match(message!.mime, /See below\.[\s\S]*The plan is secret\./)
  })

  test('with a source that is gone is Status 150, without recipients 119, from somebody else refused', async () => {
    const [anna, ben] = [await world.person(), await world.person()]
    const client = await phoneOf(anna)
    const gone = await client.post(
      'SmartReply',
      smart('SmartReply', 'x-1', 'zzzz', mail(anna, ben.address, 'x')),
    )
    assert.equal(textChild(gone.root, 'composemail:Status'), '150')
    const nobody = Buffer.from(`From: ${anna.address}\r\nSubject: x\r\n\r\nx\r\n`)
    assert.equal(
      textChild((await client.post('SendMail', sendMail('x-2', nobody))).root, 'composemail:Status'),
      '119',
    )
    const forged = await client.post('SendMail', sendMail('x-3', mail(ben, ben.address, 'forged')))
    assert.notEqual(textChild(forged.root, 'composemail:Status'), undefined)
  })
})

describe('attachments', () => {
  const withAttachment = (from: Person, to: Person, content: Buffer) =>
    Buffer.from(
      [
        `From: ${from.address}`,
        `To: ${to.address}`,
        'Subject: report',
        'MIME-Version: 1.0',
        'Content-Type: multipart/mixed; boundary="b"',
        '',
        '--b',
        'Content-Type: text/plain',
        '',
        'attached',
        '--b',
        'Content-Type: application/octet-stream; name="report.bin"',
        'Content-Disposition: attachment; filename="report.bin"',
        'Content-Transfer-Encoding: base64',
        '',
        content.toString('base64').replace(/.{76}/g, '$&\r\n'),
        '--b--',
        '',
      ].join('\r\n'),
    )

  test('are fetched whole and in ranges, byte for byte', async () => {
    const [anna, ben] = [await world.person(), await world.person()]
    const [hers, his] = [await phoneOf(anna), await phoneOf(ben)]
    const content = Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * 7) % 256))
    await hers.post('SendMail', sendMail('a-1', withAttachment(anna, ben, content)))
    const [message] = await arrived(his, 'inbox', 1)
    const [attachment] = childrenOf(child(message!.data, 'airsyncbase:Attachments')!)
    assert.equal(textChild(attachment, 'airsyncbase:DisplayName'), 'report.bin')
    const reference = textChild(attachment, 'airsyncbase:FileReference') ?? ''
    const fetch = async (range?: string) => {
      const { root } = await his.post(
        'ItemOperations',
        el('itemoperations:ItemOperations', [
          el('itemoperations:Fetch', [
            el('itemoperations:Store', 'Mailbox'),
            el('airsyncbase:FileReference', reference),
            range !== undefined && el('itemoperations:Options', [el('itemoperations:Range', range)]),
          ]),
        ]),
      )
      const properties = descendant(
        root,
        'itemoperations:Response',
        'itemoperations:Fetch',
        'itemoperations:Properties',
      )
      return Buffer.from(textChild(properties, 'itemoperations:Data', { max: 100_000 }) ?? '', 'base64')
    }
    assert.deepEqual(await fetch(), content)
    assert.deepEqual(await fetch('1000-1999'), content.subarray(1000, 2000))
  })
})

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EasClient, type EasClientOptions, type EasResponse } from '@relais/device-sync/testing/eas-client.ts'
import type { TagName } from '@relais/device-sync/wbxml/code-pages.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import {
  child,
  childrenNamed,
  childrenOf,
  descendant,
  has,
  textChild,
  textOf,
} from '@relais/device-sync/wbxml/read.ts'
import { ImportHeader, type ImportRequest } from '@relais/proto/mail/v1/mail.ts'
import { OPERATOR, type Person } from './phones/world.ts'
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

type Version = NonNullable<EasClientOptions['version']>

const OLD: readonly Version[] = ['2.5', '12.0', '12.1']
const NEW: readonly Version[] = ['14.0', '14.1', '16.0', '16.1']
const ALL = [...OLD, ...NEW]

let devices = 0
const phoneOf = (person: Person, options: Partial<EasClientOptions>) => {
  const client = new EasClient({
    url: world.urls[0]!,
    user: person.address,
    password: person.password,
    deviceId: `VERSIONS${++devices}`,
    deviceType: 'SmartPhone',
    userAgent: 'MSFT-PPC/5.2.200',
    ...options,
  })
  clients.push(client)
  return client
}

const isOld = (version: Version) => OLD.includes(version)

const MESSAGE = [
  'From: Ann <ann@else.example>',
  'Subject: Plans',
  'Message-ID: <plans@else.example>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'x'.repeat(5_000),
  '--b',
  'Content-Type: application/pdf; name=plan.pdf',
  'Content-Disposition: attachment; filename=plan.pdf',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.from('a plan').toString('base64'),
  '--b--',
  '',
].join('\r\n')

const deliver = async ({ account }: Person, message = MESSAGE) => {
  const header = ImportHeader.fromPartial({
    tenant: 'acme',
    account,
    mailbox: 'inbox',
    receivedAt: Date.now(),
  })
  async function* requests(): AsyncGenerator<ImportRequest> {
    yield { part: { $case: 'header', value: header } }
    yield { part: { $case: 'chunk', value: Buffer.from(message) } }
  }
  const { imported } = await world.clients.mail.import(requests(), { identity: OPERATOR })
  assert.equal(imported, 1)
}

/** Options as the version has them: the body cut after 512 characters. */
const optionsOf = (version: Version): WbxmlNode =>
  version === '2.5'
    ? el('airsync:Options', [el('airsync:Truncation', 1)])
    : el('airsync:Options', [
        el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 1), el('airsyncbase:TruncationSize', 512)]),
      ])

const syncOf = (version: Version, key: string, parts: readonly WbxmlNode[] = []) =>
  el('airsync:Sync', [
    el('airsync:Collections', [
      el('airsync:Collection', [
        ...(isOld(version) ? [el('airsync:Class', 'Email')] : []),
        el('airsync:SyncKey', key),
        el('airsync:CollectionId', 'inbox'),
        ...parts,
      ]),
    ]),
  ])

const collectionIn = ({ root }: EasResponse) => descendant(root, 'airsync:Collections', 'airsync:Collection')
const keyIn = (response: EasResponse, otherwise = '') =>
  textChild(collectionIn(response), 'airsync:SyncKey') ?? otherwise

const sync = async (phone: EasClient, key: string, parts: readonly WbxmlNode[] = []) => {
  const response = await phone.post('Sync', syncOf(phone.options.version, key, parts))
  assert.equal(response.status, 200)
  return { response, node: collectionIn(response), key: keyIn(response, key) }
}

const addsIn = (node: WbxmlNode | undefined) =>
  childrenNamed(child(node, 'airsync:Commands') ?? el('airsync:Commands'), 'airsync:Add')

const folders = async (phone: EasClient) => {
  const body = el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')])
  assert.equal(textChild((await phone.post('FolderSync', body)).root, 'folderhierarchy:Status'), '1')
}

/** A phone that has the one message there is. */
const synced = async (version: Version, options: Partial<EasClientOptions> = {}) => {
  const person = await world.person()
  await deliver(person)
  const phone = phoneOf(person, { version, ...options })
  await folders(phone)
  const first = await sync(phone, '0', [optionsOf(version)])
  const all = await sync(
    phone,
    first.key,
    version === '2.5' ? [optionsOf(version), el('airsync:GetChanges')] : [],
  )
  const [add] = addsIn(all.node)
  const data = child(add, 'airsync:ApplicationData')!
  return { person, phone, key: all.key, node: all.node, data, id: textChild(add, 'airsync:ServerId')! }
}

const tags = (node: WbxmlNode) => childrenOf(node).map(({ tag }) => tag)

for (const version of ALL)
  describe(`a phone of version ${version}`, () => {
    test('gets its message with what its version has, and nothing of another', async () => {
      const { data, node } = await synced(version)
      assert.equal(textChild(node, 'airsync:Class'), isOld(version) ? 'Email' : undefined)
      const own = new Set<TagName>(tags(data))
      const since = (tag: TagName, versions: readonly Version[]) =>
        assert.equal(own.has(tag), versions.includes(version), `${tag} in ${version}`)
      since('email:BodyTruncated', ['2.5'])
      since('email:Attachments', ['2.5'])
      since('airsyncbase:Body', ALL.slice(1))
      since('airsyncbase:Attachments', ALL.slice(1))
      since('email:Flag', ALL.slice(1))
      since('email:ContentClass', ALL.slice(1))
      since('email:Categories', NEW)
      since('email2:ConversationId', NEW)
      since('email2:IsDraft', ['16.0', '16.1'])
      for (const tag of ['email:Subject', 'email:From', 'email:Read', 'email:DateReceived'] as const)
        since(tag, ALL)
    })

    test('gets its body cut as it asked', async () => {
      const { data } = await synced(version)
      const body = version === '2.5' ? data : child(data, 'airsyncbase:Body')
      const text = version === '2.5' ? 'email:Body' : 'airsyncbase:Data'
      const cut = version === '2.5' ? 'email:BodyTruncated' : 'airsyncbase:Truncated'
      assert.equal(textOf(child(body, text)!, 10_000).length, 512)
      assert.equal(textChild(body, cut), '1')
    })

    test('hears that there is nothing new, and its key stays good', async () => {
      const { phone, key } = await synced(version)
      const quiet = await sync(phone, key)
      assert.equal(quiet.key, key)
      if (version === '2.5' || version === '12.0') assert.equal(textChild(quiet.node, 'airsync:Status'), '1')
      else assert.equal(quiet.response.bytes.length, 0)
    })

    test('marks a message read, and another phone hears of it', async () => {
      const { person, phone, key, id } = await synced(version)
      const read = el('airsync:Change', [
        el('airsync:ServerId', id),
        el('airsync:ApplicationData', [el('email:Read', true)]),
      ])
      const { node } = await sync(phone, key, [el('airsync:Commands', [read])])
      assert.equal(textChild(node, 'airsync:Status') ?? '1', '1')
      const truth = await world.truth(person, 'inbox')
      assert.deepEqual(
        [...truth.values()].map(({ seen }) => seen),
        [true],
      )
    })

    test('is told how many messages a filter would bring', async () => {
      const { phone, key } = await synced(version)
      const collection = isOld(version)
        ? [
            el('getitemestimate:Class', 'Email'),
            el('getitemestimate:CollectionId', 'inbox'),
            el('airsync:FilterType', 0),
            el('airsync:SyncKey', key),
          ]
        : [el('airsync:SyncKey', key), el('getitemestimate:CollectionId', 'inbox')]
      const body = el('getitemestimate:GetItemEstimate', [
        el('getitemestimate:Collections', [el('getitemestimate:Collection', collection)]),
      ])
      const { root } = await phone.post('GetItemEstimate', body)
      const found = descendant(root, 'getitemestimate:Response', 'getitemestimate:Collection')
      assert.equal(textChild(found, 'getitemestimate:Estimate'), '0')
      assert.equal(textChild(found, 'getitemestimate:Class'), isOld(version) ? 'Email' : undefined)
    })

    test('sends a message to itself, once however often it is sent', async () => {
      const person = await world.person()
      const phone = phoneOf(person, { version })
      await folders(phone)
      const mime = Buffer.from(
        `From: ${person.address}\r\nTo: ${person.address}\r\nMessage-ID: <${version}@x>\r\nSubject: Note\r\n\r\nHi\r\n`,
      )
      const send = () =>
        isOld(version)
          ? phone.post('SendMail', mime, {
              parameters: '&SaveInSent=T',
              headers: { 'Content-Type': 'message/rfc822' },
            })
          : phone.post(
              'SendMail',
              el('composemail:SendMail', [
                el('composemail:ClientId', '1'),
                el('composemail:SaveInSentItems'),
                el('composemail:Mime', mime),
              ]),
            )
      const sent = await send()
      assert.deepEqual([sent.status, sent.bytes.length], [200, 0])
      const again = await send()
      assert.equal(again.status, 200)
      assert.equal(textChild(again.root, 'composemail:Status'), isOld(version) ? undefined : '118')
      assert.equal((await world.truth(person, 'sent')).size, 1)
    })

    test('is told of a failure that all commands share in its own way', async () => {
      const person = await world.person()
      const phone = phoneOf(person, { version })
      const { status, root } = await phone.post('FolderSync', Buffer.from('<xml/>'))
      assert.equal(status, isOld(version) ? 400 : 200)
      assert.equal(textChild(root, 'folderhierarchy:Status'), isOld(version) ? undefined : '102')
      const malformed = await phone.post('Sync', syncOf(version, '0', [el('airsync:GetChanges')]))
      assert.equal(textChild(collectionIn(malformed), 'airsync:Status'), '4')
    })
  })

describe('2.5', () => {
  test('names an attachment by what GetAttachment takes', async () => {
    const { data, id } = await synced('2.5')
    const attachment = descendant(data, 'email:Attachments', 'email:Attachment')!
    assert.equal(textChild(attachment, 'email:AttName'), `${id}:2`)
    assert.equal(textChild(attachment, 'email:DisplayName'), 'plan.pdf')
    assert.equal(textChild(attachment, 'email:AttMethod'), '1')
    assert.ok(has(attachment, 'email:AttSize'))
  })
  test('gives the whole of a message that was cut to a Fetch', async () => {
    const { phone, key, id } = await synced('2.5')
    const fetch = el('airsync:Fetch', [el('airsync:ServerId', id)])
    const { node } = await sync(phone, key, [el('airsync:Commands', [fetch])])
    const data = descendant(node, 'airsync:Responses', 'airsync:Fetch', 'airsync:ApplicationData')!
    assert.equal(textChild(data, 'email:BodyTruncated'), '0')
    assert.ok(textOf(child(data, 'email:Body')!, 10_000).length >= 5_000)
  })
  test('gives MIME where the phone takes it', async () => {
    const { phone, key } = await synced('2.5')
    const { key: again } = await sync(phone, '0')
    assert.notEqual(again, key)
    const { node } = await sync(phone, again, [
      el('airsync:Options', [el('airsync:MIMESupport', 2), el('airsync:MIMETruncation', 1)]),
    ])
    const data = child(addsIn(node)[0], 'airsync:ApplicationData')!
    assert.equal(textChild(data, 'email:MIMETruncated'), '1')
    assert.ok(child(data, 'email:MIMEData')?.content instanceof Uint8Array)
    assert.ok(!has(data, 'email:Body'))
  })
  test('gives MIME of any length, byte for byte, also where it is read while it is sent', async () => {
    const person = await world.person()
    const long = `${MESSAGE.slice(0, MESSAGE.indexOf('xxx'))}${'Grüße, ein ganzer Satz\r\n'.repeat(20_000)}${MESSAGE.slice(MESSAGE.indexOf('--b\r\nContent-Type: application'))}`
    await deliver(person, long)
    await deliver(person)
    const phone = phoneOf(person, { version: '2.5' })
    await folders(phone)
    const { key } = await sync(phone, '0')
    const { node } = await sync(phone, key, [
      el('airsync:Options', [el('airsync:MIMESupport', 2), el('airsync:MIMETruncation', 8)]),
    ])
    const told = addsIn(node).map((add) => {
      const data = child(add, 'airsync:ApplicationData')!
      assert.equal(textChild(data, 'email:MIMETruncated'), '0')
      return Buffer.from(child(data, 'email:MIMEData')?.content as Uint8Array).toString()
    })
    assert.deepEqual(
      told
        .toSorted((a, b) => b.length - a.length)
        .map((text) => [text.length, text === long || text === MESSAGE]),
      [
        [long.length, true],
        [MESSAGE.length, true],
      ],
    )
  })
  test('lists its folders by GetHierarchy, which later versions don’t have', async () => {
    const person = await world.person()
    const { status, root } = await phoneOf(person, { version: '2.5' }).post('GetHierarchy')
    assert.equal(status, 200)
    const names = childrenNamed(root!, 'folderhierarchy:Folder').map((one) =>
      textChild(one, 'folderhierarchy:ServerId'),
    )
    assert.ok(names.includes('inbox') && names.includes('sent'))
    assert.equal((await phoneOf(person, { version: '14.0' }).post('GetHierarchy')).status, 501)
  })
  test('has no empty Sync, no ItemOperations and no Settings', async () => {
    const phone = phoneOf(await world.person(), { version: '2.5' })
    assert.equal((await phone.post('Sync')).status, 400)
    assert.equal((await phone.post('Settings', el('settings:Settings'))).status, 501)
    assert.equal((await phone.post('ItemOperations', el('itemoperations:ItemOperations'))).status, 501)
  })
})

describe('a phone that comes with another version', () => {
  const pairs: readonly (readonly [Version, Version])[] = [
    ['2.5', '14.1'],
    ['12.1', '16.1'],
    ['14.1', '16.1'],
    ['16.1', '14.1'],
    ['16.1', '2.5'],
  ]
  for (const [before, afterwards] of pairs)
    test(`${afterwards} after ${before} keeps what it has, and hears only of what is new`, async () => {
      const { person, phone, key } = await synced(before)
      const later = phone.with({ version: afterwards })
      clients.push(later)
      const quiet = await sync(later, key)
      assert.equal(quiet.key, key)
      assert.equal(addsIn(quiet.node).length, 0)
      await world.deliver(person, 'inbox', 1)
      const told = await sync(later, key)
      assert.equal(textChild(told.node, 'airsync:Status'), '1')
      assert.equal(addsIn(told.node).length, 1)
    })
})

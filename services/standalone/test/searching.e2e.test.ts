import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { EasClient, type EasClientOptions, type EasResponse } from '@relais/device-sync/testing/eas-client.ts'
import { createRoot } from '@relais/device-sync/testing/test-certificates.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import {
  bytesOf,
  child,
  childrenNamed,
  descendant,
  textChild,
  textOf,
} from '@relais/device-sync/wbxml/read.ts'
import type { DeliverRequest, ImportRequest } from '@relais/proto/mail/v1/mail.ts'
import { DeliverHeader, ImportHeader } from '@relais/proto/mail/v1/mail.ts'
import { waitUntil } from '@relais/testing'
import { clusterOnly } from './form.ts'
import { ClusterWorld } from './phones/cluster-world.ts'
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

const TEXT = { max: 50_000_000 }

let devices = 0
const phoneOf = async (person: Person, options: Partial<EasClientOptions> = {}) => {
  const { address: user, password } = person
  const client = new EasClient({
    ...{ url: world.urls[0]!, user, password, deviceId: `SEARCH${++devices}` },
    ...options,
  })
  clients.push(client)
  await client.post('FolderSync', folderSync('0'))
  return client
}
const folderSync = (key: string) => el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', key)])

type Letter = { readonly message: string; readonly mailbox?: string; readonly receivedAt?: number }

const put = async ({ account }: Person, ...letters: readonly Letter[]) => {
  async function* requests(): AsyncGenerator<ImportRequest> {
    for (const { message, mailbox = 'inbox', receivedAt = Date.now() } of letters) {
      const header = ImportHeader.fromPartial({ tenant: 'acme', account, mailbox, receivedAt })
      yield { part: { $case: 'header', value: header } }
      const bytes = Buffer.from(message.replace(/\r?\n/g, '\r\n'))
      for (let at = 0; at < bytes.length; at += 65_536)
        yield { part: { $case: 'chunk', value: bytes.subarray(at, at + 65_536) } }
    }
  }
  const { imported } = await world.clients.mail.import(requests(), { identity: OPERATOR })
  assert.equal(imported, letters.length)
}

/** As from outside. */
const deliver = async ({ account }: Person, message: string) => {
  async function* requests(): AsyncGenerator<DeliverRequest> {
    const recipients = [{ account, envelopeRecipient: 'x@acme.example', mailbox: '' }]
    const header = DeliverHeader.fromPartial({ tenant: 'acme', recipients, commandId: randomUUID() })
    yield { part: { $case: 'header', value: header } }
    yield { part: { $case: 'chunk', value: Buffer.from(message.replace(/\n/g, '\r\n')) } }
  }
  const identity = {
    tenant: 'acme',
    principal: '',
    actor: { kind: 'service', id: 'mail-transport', device: '' },
  }
  const { results } = await world.clients.mail.deliver(requests(), { identity })
  assert.equal(results[0]!.code, '')
  return results[0]!.position
}

const letter = (subject: string, text: string, more = ''): string =>
  `From: Ann <ann@else.example>\nTo: me@acme.example\nSubject: ${subject}\nMessage-ID: <${randomUUID()}@else.example>\n${more}\n${text}\n`

const searched = ({ root }: EasResponse) => {
  const store = descendant(root, 'search:Response', 'search:Store')
  const results = (store ? childrenNamed(store, 'search:Result') : []).filter((one) =>
    child(one, 'search:Properties'),
  )
  return {
    status: textChild(store, 'search:Status'),
    total: Number(textChild(store, 'search:Total') ?? 0),
    range: textChild(store, 'search:Range'),
    longIds: results.flatMap((one) => textChild(one, 'search:LongId') ?? []),
    subjects: results.map((one) => textChild(child(one, 'search:Properties'), 'email:Subject')),
    names: results.map((one) => textChild(child(one, 'search:Properties'), 'gal:DisplayName')),
    results,
  }
}
const search = async (client: EasClient, criteria: readonly WbxmlNode[], ...options: readonly WbxmlNode[]) =>
  searched(
    await client.post(
      'Search',
      el('search:Search', [
        el('search:Store', [
          el('search:Name', 'Mailbox'),
          el('search:Query', [el('search:And', [el('airsync:Class', 'Email'), ...criteria])]),
          ...(options.length > 0 ? [el('search:Options', options)] : []),
        ]),
      ]),
    ),
  )
const words = (text: string) => el('search:FreeText', text)

/** The index is a moment behind. */
const indexed = (client: EasClient, text: string, count: number) =>
  waitUntil(async () => (await search(client, [words(text)])).total === count)

const fetched = async (client: EasClient, ...children: WbxmlNode[]) => {
  const fetch = el('itemoperations:Fetch', [el('itemoperations:Store', 'Mailbox'), ...children])
  const { root } = await client.post('ItemOperations', el('itemoperations:ItemOperations', [fetch]))
  const node = descendant(root, 'itemoperations:Response', 'itemoperations:Fetch')
  return {
    status: textChild(node, 'itemoperations:Status'),
    properties: child(node, 'itemoperations:Properties'),
  }
}
const operate = async (client: EasClient, operation: WbxmlNode) => {
  const { root } = await client.post('ItemOperations', el('itemoperations:ItemOperations', [operation]))
  const [node] = [...childrenNamed(child(root, 'itemoperations:Response')!, operation.tag)]
  return textChild(node, 'itemoperations:Status')
}

const listed = async ({ account }: Person, mailbox: string, minPosition = 0) => {
  const identity = { tenant: 'acme', principal: account, actor: { kind: 'account', id: account, device: '' } }
  const request = { tenant: 'acme', account, mailbox, pageSize: 1000, minPosition }
  return (await world.clients.mail.listMessages(request, { identity })).messages
}

describe('Search in a mailbox', () => {
  test('finds by words, in folders, in times, in pages, and only what is there', async () => {
    const person = await world.person()
    const client = await phoneOf(person)
    const day = 86_400_000
    const at = Date.UTC(2026, 5, 1)
    await put(
      person,
      ...[0, 1, 2, 3].map((n) => ({
        ...{ message: letter(`Plan ${n}`, `the budget of week ${n}`), receivedAt: at + n * day },
        mailbox: n === 3 ? 'archive' : 'inbox',
      })),
    )
    await indexed(client, 'budget', 4)
    assert.deepEqual((await search(client, [words('budget')])).subjects, [
      'Plan 3',
      'Plan 2',
      'Plan 1',
      'Plan 0',
    ])
    const page = await search(client, [words('budget')], el('search:Range', '1-2'))
    assert.deepEqual([page.subjects, page.range, page.total], [['Plan 2', 'Plan 1'], '1-2', 4])
    const inbox = await search(client, [el('airsync:CollectionId', 'inbox'), words('budget')])
    assert.deepEqual(inbox.subjects, ['Plan 2', 'Plan 1', 'Plan 0'])
    const date = (tag: 'search:GreaterThan' | 'search:LessThan', time: number) =>
      el(tag, [el('email:DateReceived'), el('search:Value', new Date(time).toISOString())])
    const between = [date('search:GreaterThan', at), date('search:LessThan', at + 3 * day)]
    assert.deepEqual((await search(client, [words('budget'), ...between])).subjects, ['Plan 2', 'Plan 1'])
    assert.deepEqual((await search(client, between)).subjects, ['Plan 2', 'Plan 1'], 'without words')
    assert.equal((await search(client, [words('budget nothere')])).total, 0)
    assert.equal((await search(client, [el('airsync:CollectionId', 'm99'), words('budget')])).status, '11')
  })
  test('names a message by a LongId, which stays good where the message is moved', async () => {
    const person = await world.person()
    const client = await phoneOf(person)
    await put(person, { message: letter('Wandering', 'a wanderer') })
    await indexed(client, 'wanderer', 1)
    const [longId] = (await search(client, [words('wanderer')])).longIds
    const [message] = await listed(person, 'inbox')
    const move = el('move:Move', [
      el('move:SrcMsgId', message!.placement.toString(36)),
      el('move:SrcFldId', 'inbox'),
      el('move:DstFldId', 'archive'),
    ])
    await client.post('MoveItems', el('move:MoveItems', [move]))
    const { status, properties } = await fetched(client, el('search:LongId', longId!))
    assert.deepEqual([status, textChild(properties, 'email:Subject')], ['1', 'Wandering'])
    const stranger = await phoneOf(await world.person())
    assert.equal((await fetched(stranger, el('search:LongId', longId!))).status, '6')
  })
  test('finds the messages of one conversation', async () => {
    const person = await world.person()
    const client = await phoneOf(person)
    const root = `<${randomUUID()}@else.example>`
    const ofThread = (subject: string) => ({ message: letter(subject, 'threaded', `References: ${root}\n`) })
    await put(person, ofThread('one'), ofThread('two'), { message: letter('other', 'threaded') })
    await indexed(client, 'threaded', 3)
    const [{ conversation } = { conversation: new Uint8Array() }] = (await listed(person, 'inbox')).filter(
      ({ envelope }) => envelope?.subject === 'one',
    )
    const { subjects } = await search(client, [el('search:ConversationId', conversation)])
    assert.deepEqual(subjects.sort(), ['one', 'two'])
  })
  test('nobody finds what is in another mailbox', async () => {
    const [person, other] = [await world.person(), await world.person()]
    const [client, stranger] = [await phoneOf(person), await phoneOf(other)]
    await put(person, { message: letter('Private', 'treasure') })
    await indexed(client, 'treasure', 1)
    await put(other, { message: letter('Mine', 'mark') })
    await indexed(stranger, 'mark', 1)
    for (const text of ['treasure', 'from:ann treasure', 'mark OR treasure', 'NOT nothere'])
      assert.ok(!(await search(stranger, [words(text)])).subjects.includes('Private'), text)
  })
})

describe('Find', () => {
  test('takes the words of the query language, in a folder and what is under it', async () => {
    const person = await world.person()
    const client = await phoneOf(person)
    await put(
      person,
      { message: letter('Annual report', 'numbers') },
      { message: letter('Lunch', 'report of a lunch'), mailbox: 'archive' },
    )
    await indexed(client, 'report', 2)
    const find = async (text: string, collection?: string) => {
      const query = [
        ...(collection === undefined ? [] : [el('airsync:CollectionId', collection)]),
        el('find:FreeText', text),
      ]
      const criterion = el('find:MailBoxSearchCriterion', [
        el('find:Query', query),
        el('find:Options', [el('find:Range', '0-9'), el('find:DeepTraversal')]),
      ])
      const search = el('find:Find', [
        el('find:SearchId', randomUUID()),
        el('find:ExecuteSearch', [criterion]),
      ])
      const { root } = await client.post('Find', search)
      return childrenNamed(child(root, 'find:Response')!, 'find:Result').map((one) =>
        textChild(child(one, 'find:Properties'), 'email:Subject'),
      )
    }
    assert.deepEqual((await find('report')).sort(), ['Annual report', 'Lunch'])
    assert.deepEqual(await find('subject:report'), ['Annual report'])
    assert.deepEqual(await find('report NOT lunch'), ['Annual report'])
    assert.deepEqual((await find('subject:lunch OR subject:annual')).sort(), ['Annual report', 'Lunch'])
    assert.deepEqual(await find('report', 'archive'), ['Lunch'])
    assert.deepEqual(await find('from:nobody'), [])
    assert.deepEqual((await find('report isread:false')).sort(), ['Annual report', 'Lunch'])
    assert.deepEqual(await find('report (isread:true OR isflagged:true)'), [])
    assert.deepEqual(await find('subject:annual NOT category:red'), ['Annual report'])
  })
})

describe('a newer Find of the same phone', clusterOnly('one process ends it itself'), () => {
  const findOf = (text: string) =>
    el('find:Find', [
      el('find:SearchId', randomUUID()),
      el('find:ExecuteSearch', [
        el('find:MailBoxSearchCriterion', [el('find:Query', [el('find:FreeText', text)])]),
      ]),
    ])
  const totalIn = ({ root }: EasResponse) => textChild(child(root, 'find:Response'), 'find:Total')

  test('ends the one that runs at another device-sync, while mail says nothing', async (t) => {
    assert.ok(world instanceof ClusterWorld)
    const person = await world.person()
    const one = await phoneOf(person, { deviceId: 'FINDS' })
    const two = await phoneOf(person, { deviceId: 'FINDS', url: world.urls[1]! })
    await put(person, { message: letter('Treasure', 'a treasure') })
    await indexed(one, 'treasure', 1)
    const mail = world.pidOf('mail')
    t.after(() => process.kill(mail, 'SIGCONT'))
    process.kill(mail, 'SIGSTOP')
    let ended: string | undefined
    const older = one.post('Find', findOf('treasure')).then((answer) => {
      ended = totalIn(answer)
    })
    const newer: Promise<EasResponse>[] = []
    let looks = 0
    // The first may come before the older one: then that is the newer.
    const isEnded = async () => {
      if (ended === undefined && looks++ % 10 === 0) newer.push(two.post('Find', findOf('treasure')))
      return ended !== undefined
    }
    await waitUntil(isEnded, { what: 'the older Find ends', within: 9_000 })
    assert.equal(ended, '0')
    process.kill(mail, 'SIGCONT')
    await older
    assert.equal(totalIn((await Promise.all(newer)).at(-1)!), '1')
  })
})

describe('the address list', () => {
  const people = async (client: EasClient, text: string) =>
    searched(
      await client.post(
        'Search',
        el('search:Search', [el('search:Store', [el('search:Name', 'GAL'), el('search:Query', text)])]),
      ),
    ).names
  const create = (tenant: string, domain: string) =>
    world.clients.directory.createAccounts(
      {
        ...{ tenant, throwAway: true },
        accounts: [{ address: `bell@${domain}`, displayName: `Zoë Bell of ${tenant}` }],
      },
      { identity: OPERATOR },
    )
  before(async () => {
    await world.clients.directory.createTenant(
      { name: 'Evil', domains: ['evil.example'] },
      { identity: OPERATOR },
    )
    await create('acme', 'acme.example')
    await create('evil', 'evil.example')
  })
  test('is that of the phone’s own tenant alone', async () => {
    const client = await phoneOf(await world.person())
    assert.deepEqual(await people(client, 'bell'), ['Zoë Bell of acme'])
    assert.deepEqual(await people(client, 'zoe'), ['Zoë Bell of acme'])
    for (const text of ['evil', 'bell@evil.example', '%', '_'])
      assert.deepEqual(await people(client, text), [], text)
  })
  test('has pictures and certificates of its own people alone', async () => {
    const { directory } = world.clients
    const picture = Buffer.alloc(3000, 1)
    picture.set(Buffer.from('89504e470d0a1a0a0000000d49484452000000400000004008', 'hex'))
    const { base64 } = await createRoot('bell')
    for (const tenant of ['acme', 'evil']) {
      const { accounts } = await directory.listAccounts({ tenant, query: 'bell' }, { identity: OPERATOR })
      const key = { tenant, account: accounts[0]!.account }
      const content = Buffer.from(picture)
      content.fill(tenant === 'acme' ? 2 : 3, 100)
      await directory.setPicture({ ...key, content }, { identity: OPERATOR })
      const certificate = Buffer.from(base64, 'base64')
      if (tenant === 'evil') await directory.addCertificate({ ...key, certificate }, { identity: OPERATOR })
    }
    const client = await phoneOf(await world.person())
    const store = [
      ...[el('search:Name', 'GAL'), el('search:Query', 'bell')],
      el('search:Options', [el('search:Picture', [el('search:MaxSize', 3000)])]),
    ]
    const found = await client.post('Search', el('search:Search', [el('search:Store', store)]))
    const result = descendant(
      found.root,
      'search:Response',
      'search:Store',
      'search:Result',
      'search:Properties',
    )
    const data = bytesOf(descendant(result, 'gal:Picture', 'gal:Data')!)
    assert.deepEqual([data.length, data[200]], [3000, 2])
    const resolve = async (...options: WbxmlNode[]) => {
      const document = [el('resolverecipients:To', 'bell'), el('resolverecipients:Options', options)]
      const { root } = await client.post(
        'ResolveRecipients',
        el('resolverecipients:ResolveRecipients', document),
      )
      return descendant(root, 'resolverecipients:Response', 'resolverecipients:Recipient')
    }
    const certificates = await resolve(el('resolverecipients:CertificateRetrieval', 2))
    const status = textChild(
      child(certificates, 'resolverecipients:Certificates'),
      'resolverecipients:Status',
    )
    assert.equal(status, '7', 'the other tenant’s Bell has one')
    const small = await resolve(el('resolverecipients:Picture', [el('resolverecipients:MaxSize', 2999)]))
    assert.equal(textChild(child(small, 'resolverecipients:Picture'), 'resolverecipients:Status'), '174')
  })
  test('resolves names and addresses of it alone', async () => {
    const client = await phoneOf(await world.person())
    const names = ['bell', 'bell@acme.example', 'bell@evil.example', 'nobody@else.example']
    const { root } = await client.post(
      'ResolveRecipients',
      el(
        'resolverecipients:ResolveRecipients',
        names.map((name) => el('resolverecipients:To', name)),
      ),
    )
    const statuses = childrenNamed(root!, 'resolverecipients:Response').map((one) =>
      textChild(one, 'resolverecipients:Status'),
    )
    assert.deepEqual(statuses, ['1', '1', '4', '4'])
  })
})

describe('ItemOperations', () => {
  test('EmptyFolderContents takes messages and, if asked, folders, and phones are told', async () => {
    const person = await world.person()
    const client = await phoneOf(person)
    const first = await client.post('FolderSync', folderSync('0'))
    const made = async (key: string, parent: string, name: string) => {
      const parts = [
        el('folderhierarchy:SyncKey', key),
        el('folderhierarchy:ParentId', parent),
        el('folderhierarchy:DisplayName', name),
        el('folderhierarchy:Type', 12),
      ]
      const { root } = await client.post('FolderCreate', el('folderhierarchy:FolderCreate', parts))
      return {
        key: textChild(root, 'folderhierarchy:SyncKey')!,
        id: textChild(root, 'folderhierarchy:ServerId')!,
      }
    }
    const upper = await made(textChild(first.root, 'folderhierarchy:SyncKey')!, '0', 'Upper')
    const lower = await made(upper.key, upper.id, 'Lower')
    await put(
      person,
      { message: letter('a', 'x'), mailbox: upper.id },
      { message: letter('b', 'x'), mailbox: lower.id },
    )
    const empty = (...options: WbxmlNode[]) =>
      operate(
        client,
        el('itemoperations:EmptyFolderContents', [
          el('airsync:CollectionId', upper.id),
          el('itemoperations:Options', options),
        ]),
      )
    assert.equal(await empty(), '1')
    assert.deepEqual(
      [(await listed(person, upper.id)).length, (await listed(person, lower.id)).length],
      [0, 1],
    )
    assert.equal(await empty(el('itemoperations:DeleteSubFolders')), '1')
    const { root } = await client.post('FolderSync', folderSync(lower.key))
    const changes = child(root, 'folderhierarchy:Changes')!
    assert.deepEqual(
      childrenNamed(changes, 'folderhierarchy:Delete').map((one) =>
        textChild(one, 'folderhierarchy:ServerId'),
      ),
      [lower.id],
    )
  })
  test('a conversation is moved for always: what comes later goes there too', async () => {
    const person = await world.person()
    const client = await phoneOf(person)
    const root = `<${randomUUID()}@else.example>`
    const ofThread = (subject: string) => letter(subject, 'threaded', `References: ${root}\n`)
    await deliver(person, ofThread('first'))
    const position = await deliver(person, letter('other', 'x'))
    const [first] = (await listed(person, 'inbox', position)).filter(
      ({ envelope }) => envelope?.subject === 'first',
    )
    const move = el('itemoperations:Move', [
      el('itemoperations:ConversationId', first!.conversation),
      el('itemoperations:DstFldId', 'archive'),
      el('itemoperations:Options', [el('itemoperations:MoveAlways')]),
    ])
    assert.equal(await operate(client, move), '1')
    const later = await deliver(person, ofThread('second'))
    const subjects = async (mailbox: string) =>
      (await listed(person, mailbox, later)).map(({ envelope }) => envelope?.subject).sort()
    assert.deepEqual([await subjects('archive'), await subjects('inbox')], [['first', 'second'], ['other']])
  })
  test('attachments come whole, in ranges, and to old phones by GetAttachment', async () => {
    const person = await world.person()
    const client = await phoneOf(person)
    const content = randomBytes(300_000)
    const lines = content.toString('base64').replace(/.{76}/g, '$&\n')
    const parts = `--b\nContent-Type: text/plain\n\nsee there\n--b\nContent-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=a.pdf\nContent-Transfer-Encoding: base64\n\n${lines}\n--b--`
    await put(person, {
      message: letter('File', parts, 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n'),
    })
    const [message] = await listed(person, 'inbox')
    const id = message!.placement.toString(36)
    const { properties } = await fetched(
      client,
      el('airsync:CollectionId', 'inbox'),
      el('airsync:ServerId', id),
    )
    const attachment = descendant(properties, 'airsyncbase:Attachments', 'airsyncbase:Attachment')
    const reference = textChild(attachment, 'airsyncbase:FileReference')!
    const dataOf = (node: WbxmlNode | undefined) =>
      Buffer.from(textOf(child(node, 'itemoperations:Data')!, TEXT.max), 'base64')
    const file = el('airsyncbase:FileReference', reference)
    assert.ok(dataOf((await fetched(client, file)).properties).equals(content))
    const options = el('itemoperations:Options', [el('itemoperations:Range', '100000-199999')])
    assert.ok(
      dataOf((await fetched(client, file, options)).properties).equals(content.subarray(100_000, 200_000)),
    )
    const old = await phoneOf(person, { version: '12.1' })
    const get = (name: string) =>
      old.request(
        `/Microsoft-Server-ActiveSync?Cmd=GetAttachment&AttachmentName=${encodeURIComponent(name)}&User=x&DeviceId=${old.options.deviceId}&DeviceType=iPhone`,
        { method: 'POST', headers: { 'MS-ASProtocolVersion': '12.1' } },
      )
    const answer = await get(reference)
    assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'application/pdf'])
    assert.ok(answer.bytes.equals(content))
    for (const name of ['', 'x', `${id}:9`, 'zzz:2']) assert.equal((await get(name)).status, 500, name)
  })
  test('a long message comes whole as MIME', async () => {
    const person = await world.person()
    const client = await phoneOf(person)
    await put(person, { message: letter('Long', `Grüße ${'x'.repeat(60)}\n`.repeat(12_000)) })
    const [message] = await listed(person, 'inbox')
    const options = el('itemoperations:Options', [
      el('airsync:MIMESupport', 2),
      el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 4)]),
    ])
    const id = el('airsync:ServerId', message!.placement.toString(36))
    const { properties } = await fetched(client, el('airsync:CollectionId', 'inbox'), id, options)
    const body = child(properties, 'airsyncbase:Body')
    const text = textChild(body, 'airsyncbase:Data', TEXT)!
    assert.equal(Buffer.byteLength(text), message!.size)
    assert.equal(Number(textChild(body, 'airsyncbase:EstimatedDataSize')), message!.size)
    assert.ok(text.startsWith('From: Ann') && text.includes('Grüße'))
  })
})

test('ValidateCert believes no certificate of a stranger', async () => {
  const client = await phoneOf(await world.person())
  const { base64 } = await createRoot('Stranger')
  const certificates = el('validatecert:Certificates', [el('validatecert:Certificate', base64)])
  const { root } = await client.post('ValidateCert', el('validatecert:ValidateCert', [certificates]))
  assert.equal(textChild(root, 'validatecert:Status'), '1')
  assert.equal(textChild(child(root, 'validatecert:Certificate'), 'validatecert:Status'), '4')
})

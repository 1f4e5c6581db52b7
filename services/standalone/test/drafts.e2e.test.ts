import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { child, childrenNamed, descendant, textChild } from '@relais/device-sync/wbxml/read.ts'
import { standaloneOnly } from './form.ts'
import {
  addItem,
  bodyOf,
  changeItem,
  commands,
  dataOf,
  deleteItem,
  idsIn,
  operationsIn,
  options,
  type Parts,
  responsesIn,
  SyncTalk,
  statusesIn,
  type Told,
} from './phones/sync-talk.ts'
import type { Person } from './phones/world.ts'
import { createWorld } from './phones/worlds.ts'
import { testFolder } from './process.ts'

const folder = testFolder()
const world = createWorld(`${folder.path}/data`)
const talk = new SyncTalk(world, 'DRAFT')
before(() => world.start())
after(async () => {
  talk.close()
  await world.stop()
  folder.remove()
})

const body = (text: string, type = 1) =>
  el('airsyncbase:Body', [el('airsyncbase:Type', type), el('airsyncbase:Data', text)])

const letter = (more: Parts = []) => [
  el('email:To', '"Ann Bell" <ann@else.example>, bob@else.example'),
  el('email:Cc', 'carl@else.example'),
  el('email2:Bcc', 'secret@else.example'),
  el('email:Subject', 'Grüße aus Köln'),
  el('email:Importance', 2),
  body('Hello\r\nworld'),
  ...more,
]

const attach = (clientId: string, name: string, content: Buffer, more: Parts = []) =>
  el('airsyncbase:Add', [
    el('airsyncbase:ClientId', clientId),
    el('airsyncbase:Method', 1),
    el('airsyncbase:DisplayName', name),
    el('airsyncbase:ContentType', 'application/pdf'),
    el('airsyncbase:Content', content),
    ...more,
  ])
const detach = (reference: string) => el('airsyncbase:Delete', [el('airsyncbase:FileReference', reference)])
const attachments = (...nodes: WbxmlNode[]) => el('airsyncbase:Attachments', nodes)

const drafts = (client: EasClient, key: string, parts: Parts = []) => talk.sync(client, key, parts, 'drafts')

const added = ({ node }: Told) => {
  const [response] = responsesIn(node)
  return {
    clientId: textChild(response, 'airsync:ClientId'),
    id: textChild(response, 'airsync:ServerId') ?? '',
    status: textChild(response, 'airsync:Status'),
    attachments: childrenNamed(
      descendant(response, 'airsync:ApplicationData', 'airsyncbase:Attachments') ??
        el('airsyncbase:Attachments'),
      'airsyncbase:Attachment',
    ),
  }
}

/** A phone with an empty Drafts folder. */
const writer = () => talk.synced(0, { id: 'drafts' })

/** One that has written a draft. */
const withDraft = async (data: Parts = letter()) => {
  const { person, client, key } = await writer()
  const answer = await drafts(client, key, [commands(addItem('c1', data))])
  return { person, client, key: answer.key, before: key, ...added(answer), answer }
}

/** What another phone of the account sees of the drafts. */
const seen = async (person: Person, parts: Parts = []) => {
  const client = await talk.started(person)
  const first = await drafts(client, '0')
  const { operations, ids, key } = await talk.all(client, first.key, parts, 'drafts')
  return { client, key, ids, data: operations.map(dataOf) }
}

const fetchFile = async (client: EasClient, reference: string) => {
  const { root } = await client.post(
    'ItemOperations',
    el('itemoperations:ItemOperations', [
      el('itemoperations:Fetch', [
        el('itemoperations:Store', 'Mailbox'),
        el('airsyncbase:FileReference', reference),
      ]),
    ]),
  )
  const data = textChild(
    descendant(root, 'itemoperations:Response', 'itemoperations:Fetch', 'itemoperations:Properties'),
    'itemoperations:Data',
    { max: 10_000_000 },
  )
  return data === undefined ? undefined : Buffer.from(data, 'base64')
}

const references = (data: WbxmlNode | undefined) =>
  childrenNamed(
    child(data, 'airsyncbase:Attachments') ?? el('airsyncbase:Attachments'),
    'airsyncbase:Attachment',
  ).map(
    (one) =>
      [textChild(one, 'airsyncbase:DisplayName'), textChild(one, 'airsyncbase:FileReference') ?? ''] as const,
  )

describe('a draft made on a phone (MS-ASEMAIL, from 16.0 on)', () => {
  test('gets an id, and is not told back', async () => {
    const { client, key, id, clientId, status, answer } = await withDraft()
    assert.deepEqual([clientId, status], ['c1', '1'])
    assert.match(id, /^[0-9a-z]+$/)
    assert.deepEqual(operationsIn(answer.node), [])
    assert.equal((await drafts(client, key)).node, undefined)
  })

  test('is there for the other phones, with everything that was written', async () => {
    const { person, id } = await withDraft(letter([el('email:Categories', [el('email:Category', 'Trip')])]))
    const { ids, data } = await seen(person)
    assert.deepEqual(ids, [id])
    const [draft] = data
    const shown = [
      'email:To',
      'email:Cc',
      'email2:Bcc',
      'email:Subject',
      'email:Importance',
      'email:Read',
    ] as const
    assert.deepEqual(
      shown.map((tag) => textChild(draft, tag)),
      [
        '"Ann Bell" <ann@else.example>, bob@else.example',
        'carl@else.example',
        'secret@else.example',
        'Grüße aus Köln',
        '2',
        '1',
      ],
    )
    assert.equal(textChild(draft, 'email2:IsDraft'), '1')
    assert.equal(bodyOf(draft), 'Hello\r\nworld')
    assert.equal(textChild(child(draft, 'email:Categories'), 'email:Category'), 'Trip')
  })

  test('is one, however often its Add is repeated', async () => {
    const { person, client, before, id } = await withDraft()
    const again = await drafts(client, before, [commands(addItem('c1', letter()))])
    assert.equal(added(again).id, id)
    const renamed = await drafts(client, before, [commands(addItem('other', letter()))])
    assert.equal(added(renamed).id, id)
    assert.equal((await seen(person)).ids.length, 1)
  })

  test('repeated with other words after a lost answer is that draft with these words', async () => {
    const { person, client, before, id } = await withDraft()
    const again = await drafts(client, before, [
      commands(addItem('c1', letter([el('email:Subject', 'Other')]))),
    ])
    assert.equal(added(again).id, id)
    const { ids, data } = await seen(person)
    assert.deepEqual(ids, [id])
    assert.equal(textChild(data[0], 'email:Subject'), 'Other')
  })

  test('may have neither a recipient nor a text, and an address that is half written', async () => {
    for (const data of [[], [el('email:To', 'ann')], [el('email:Subject', '')]]) {
      const { status, person } = await withDraft(data)
      assert.equal(status, '1')
      assert.equal((await seen(person)).ids.length, 1)
    }
  })

  test('can be no line of a header (hostile words)', async () => {
    const { person, status } = await withDraft([
      el('email:Subject', 'x\r\nBcc: victim@else.example\r\n\r\nowned'),
      el('email:To', '"a\r\nBcc: v@e" <b@else.example>'),
    ])
    assert.equal(status, '1')
    const { data } = await seen(person)
    assert.equal(textChild(data[0], 'email2:Bcc'), undefined)
    assert.match(textChild(data[0], 'email:Subject') ?? '', /^x Bcc: victim@else.example owned$/)
  })

  test('in MIME is the message as it is', async () => {
    const mime = 'Subject: From MIME\r\nTo: x@else.example\r\nMessage-ID: <m@x>\r\n\r\nText\r\n'
    const { person, status } = await withDraft([body(mime, 4)])
    assert.equal(status, '1')
    const { data } = await seen(person)
    assert.equal(textChild(data[0], 'email:Subject'), 'From MIME')
  })

  for (const [what, data] of [
    ['MIME and fields beside it', [body('Subject: x\r\n\r\n', 4), el('email:Subject', 'y')]],
    ['a body in RTF', [body('e1xydGYxfQ==', 3)]],
    ['IsDraft, which only answers have', [el('email2:IsDraft', true)]],
    ['the time of receipt', [el('email:DateReceived', '2026-01-05T09:00:00.000Z')]],
    ['more Bcc than 1,024 characters', [el('email2:Bcc', `${'x'.repeat(1020)}@e.example`)]],
    ['an importance of 3', [el('email:Importance', 3)]],
  ] as const)
    test(`with ${what} is refused (item Status 6)`, async () => {
      const { status, person } = await withDraft(data)
      assert.equal(status, '6')
      assert.equal((await seen(person)).ids.length, 0)
    })

  test('is refused in any other folder, and by versions before 16.0 (item Status 6)', async () => {
    const { client, key } = await talk.synced(0)
    assert.equal(added(await talk.sync(client, key, [commands(addItem('c', letter()))])).status, '6')
    const old = await talk.synced(0, { id: 'drafts', version: '14.1' })
    const data = [el('email:Subject', 'x')]
    assert.equal(added(await drafts(old.client, old.key, [commands(addItem('c', data))])).status, '6')
  })
})

describe('a draft edited on a phone', () => {
  test('has what was said anew, and keeps what was not; the phone hears nothing of it', async () => {
    const { person, client, key, id } = await withDraft()
    const edited = await drafts(client, key, [
      commands(changeItem(id, [el('email:Subject', 'New'), el('email:Cc', '')])),
    ])
    assert.deepEqual([statusesIn(edited.node), operationsIn(edited.node)], [[], []])
    const { data } = await seen(person)
    assert.equal(textChild(data[0], 'email:Subject'), 'New')
    assert.equal(textChild(data[0], 'email:Cc'), undefined)
    assert.equal(textChild(data[0], 'email2:Bcc'), 'secret@else.example')
    assert.equal(bodyOf(data[0]), 'Hello\r\nworld')
  })

  test('is told to the others whole, with its body', async () => {
    const { person, client, key, id } = await withDraft()
    const other = await seen(person)
    await drafts(client, key, [commands(changeItem(id, [body('<p>Now in HTML</p>', 2)]))])
    const html = options(el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 2)]))
    const answer = await drafts(other.client, other.key, [html])
    const [change] = operationsIn(answer.node, 'airsync:Change')
    assert.match(bodyOf(dataOf(change)) ?? '', /Now in HTML/)
    assert.equal(textChild(dataOf(change), 'email:Subject'), 'Grüße aus Köln')
  })

  test('again and again under one key is as it was said last, whatever was repeated', async () => {
    const { person, client, key, id } = await withDraft()
    const says = (subject: string) => [commands(changeItem(id, [el('email:Subject', subject)]))]
    for (const subject of ['one', 'one', 'two', 'one', 'two', 'two']) await drafts(client, key, says(subject))
    assert.equal(textChild((await seen(person)).data[0], 'email:Subject'), 'two')
  })

  test('may have its flag, read mark and categories changed with it', async () => {
    const { person, client, key, id } = await withDraft()
    await drafts(client, key, [
      commands(
        changeItem(id, [
          el('email:Read', false),
          el('email:Flag', [el('email:Status', 2), el('email:FlagType', 'x')]),
          el('email:Subject', 'All at once'),
        ]),
      ),
    ])
    const { data } = await seen(person)
    assert.equal(textChild(data[0], 'email:Read'), '0')
    assert.equal(textChild(child(data[0], 'email:Flag'), 'email:Status'), '2')
    assert.equal(textChild(data[0], 'email:Subject'), 'All at once')
  })

  test('what two phones wrote at once: the server wins, or the client, as it says', async () => {
    for (const [conflict, status, wins] of [
      [1, ['7'], 'theirs'],
      [0, [], 'mine'],
    ] as const) {
      const { person, client, key, id } = await withDraft()
      const other = await seen(person)
      await drafts(other.client, other.key, [commands(changeItem(id, [el('email:Subject', 'theirs')]))])
      const mine = await drafts(client, key, [
        options(el('airsync:Conflict', conflict)),
        commands(changeItem(id, [el('email:Subject', 'mine')])),
      ])
      assert.deepEqual(statusesIn(mine.node), status)
      if (conflict === 1)
        assert.equal(textChild(dataOf(operationsIn(mine.node)[0]), 'email:Subject'), 'theirs')
      assert.equal(textChild((await seen(person)).data[0], 'email:Subject'), wins)
    }
  })

  test('that another phone deleted is not found (Status 8), also by who wants to send it', async () => {
    const { person, client, key, id } = await withDraft()
    const other = await seen(person)
    await drafts(other.client, other.key, [commands(deleteItem(id))])
    for (const data of [[el('email:Subject', 'x')], [el('email2:Send')]])
      assert.deepEqual(statusesIn((await drafts(client, key, [commands(changeItem(id, data))])).node), ['8'])
  })

  test('elsewhere is no draft: its words are refused (item Status 6), and the phone gets the message back', async () => {
    const { client, key, ids } = await talk.synced(1)
    const answer = await talk.sync(client, key, [commands(changeItem(ids[0]!, [el('email:Subject', 'x')]))])
    assert.deepEqual(statusesIn(answer.node), ['6'])
  })
})

describe('attachments of a draft', () => {
  const pdf = Buffer.from(Array.from({ length: 5000 }, (_, n) => n % 256))

  test('sent with it are named in the answer, and can be fetched by that name', async () => {
    const {
      client,
      person,
      attachments: named,
    } = await withDraft(
      letter([
        attachments(attach('a1', 'Bericht für Köln.pdf', pdf), attach('a2', 'b.pdf', Buffer.from('b'))),
      ]),
    )
    assert.deepEqual(
      named.map((one) => [textChild(one, 'airsyncbase:ClientId'), textChild(one, 'airsyncbase:DisplayName')]),
      [
        ['a1', 'Bericht für Köln.pdf'],
        ['a2', 'b.pdf'],
      ],
    )
    const reference = textChild(named[0], 'airsyncbase:FileReference') ?? ''
    assert.deepEqual(await fetchFile(client, reference), pdf)
    assert.deepEqual(
      references((await seen(person)).data[0]).map(([name]) => name),
      ['Bericht für Köln.pdf', 'b.pdf'],
    )
  })

  test('added later are named in the answer too, once, whatever is repeated', async () => {
    const { client, person, key, id } = await withDraft()
    const change = [commands(changeItem(id, [attachments(attach('late', 'late.pdf', pdf))]))]
    for (const answer of [await drafts(client, key, change), await drafts(client, key, change)]) {
      assert.deepEqual(statusesIn(answer.node), ['1'])
      const [told] = operationsIn(answer.node, 'airsync:Change')
      const [one] = childrenNamed(child(dataOf(told), 'airsyncbase:Attachments')!, 'airsyncbase:Attachment')
      assert.equal(textChild(one, 'airsyncbase:ClientId'), 'late')
      assert.deepEqual(await fetchFile(client, textChild(one, 'airsyncbase:FileReference') ?? ''), pdf)
    }
    assert.equal(references((await seen(person)).data[0]).length, 1)
  })

  test('are taken out by name, and the others keep theirs', async () => {
    const three = ['a', 'b', 'c'].map((name) => attach(name, `${name}.pdf`, Buffer.from(name)))
    const { client, person, key, id, attachments: named } = await withDraft(letter([attachments(...three)]))
    const [first, second, third] = named.map((one) => textChild(one, 'airsyncbase:FileReference') ?? '')
    const less = await drafts(client, key, [commands(changeItem(id, [attachments(detach(first!))]))])
    await drafts(client, less.key, [commands(changeItem(id, [attachments(detach(second!))]))])
    assert.deepEqual(references((await seen(person)).data[0]), [['c.pdf', third]])
    assert.deepEqual(await fetchFile(client, third!), Buffer.from('c'))
    assert.equal(await fetchFile(client, first!), undefined)
  })

  test('stay as they are, byte for byte, when the text is written anew, in the text too', async () => {
    const picture = attach('pic', 'p.png', pdf, [
      el('airsyncbase:ContentId', 'logo@phone'),
      el('airsyncbase:IsInline', true),
    ])
    const { client, person, key, id } = await withDraft([
      body('<p>See <img src="cid:logo@phone"></p>', 2),
      attachments(picture, attach('f', 'f.pdf', pdf)),
    ])
    await drafts(client, key, [
      commands(changeItem(id, [body('<p>Other <img src="cid:logo@phone"></p>', 2)])),
    ])
    const { data } = await seen(person)
    const named = references(data[0])
    assert.deepEqual(
      named.map(([name]) => name),
      ['p.png', 'f.pdf'],
    )
    for (const [, reference] of named) assert.deepEqual(await fetchFile(client, reference), pdf)
    const inline = descendant(data[0], 'airsyncbase:Attachments', 'airsyncbase:Attachment')
    assert.deepEqual(
      [textChild(inline, 'airsyncbase:IsInline'), textChild(inline, 'airsyncbase:ContentId')],
      ['1', 'logo@phone'],
    )
  })

  const small = standaloneOnly('its largest message is small here')
  test(
    'are taken up to the size of a message; what is longer is Status 122, and nothing is kept',
    small,
    async () => {
      const large = Buffer.alloc(600_000, 'relais ')
      const {
        client,
        person,
        key,
        attachments: named,
      } = await withDraft([attachments(attach('l', 'l.bin', large))])
      const found = await fetchFile(client, textChild(named[0], 'airsyncbase:FileReference') ?? '')
      assert.equal(found?.equals(large), true)
      const larger = attach('xl', 'xl.bin', Buffer.alloc(1_100_000))
      assert.equal(
        (await drafts(client, key, [commands(addItem('c2', [attachments(larger)]))])).status,
        '122',
      )
      // In base64 it is longer than a message may be.
      const long = attach('l', 'l.bin', Buffer.alloc(900_000))
      const refused = await drafts(client, key, [commands(addItem('c3', [attachments(long)]))])
      assert.deepEqual(statusesIn(refused.node), ['6'])
      assert.equal((await seen(person)).ids.length, 1)
    },
  )

  for (const [what, node] of [
    ['one without content', el('airsyncbase:Add', [el('airsyncbase:ClientId', 'a')])],
    ['one without a name of the phone', el('airsyncbase:Add', [el('airsyncbase:Content', Buffer.from('x'))])],
    ['one that is no change', el('airsyncbase:Attachment', [el('airsyncbase:FileReference', '1:1')])],
    ['the removal of what never was ours', detach('../etc/passwd')],
  ] as const)
    test(`${what}: the draft is refused (item Status 6)`, async () => {
      assert.equal((await withDraft([attachments(node)])).status, '6')
    })
})

describe('a draft that is sent (email2:Send)', () => {
  const sentBy = async (client: EasClient) => {
    const first = await talk.sync(client, '0', [], 'sent')
    return talk.all(client, first.key, [], 'sent')
  }

  test('leaves the drafts, is in Sent with its Bcc, and the phone is told', async () => {
    const { client, key, id, person } = await withDraft()
    const answer = await drafts(client, key, [commands(changeItem(id, [el('email2:Send')]))])
    assert.deepEqual(statusesIn(answer.node), [])
    assert.deepEqual(idsIn(answer.node, 'airsync:Delete'), [id])
    assert.equal((await seen(person)).ids.length, 0)
    const { operations } = await sentBy(client)
    assert.equal(operations.length, 1)
    assert.equal(textChild(dataOf(operations[0]), 'email:Subject'), 'Grüße aus Köln')
    assert.equal(textChild(dataOf(operations[0]), 'email2:Bcc'), 'secret@else.example')
    assert.equal(textChild(dataOf(operations[0]), 'email2:IsDraft'), '0')
  })

  test('is sent once, however often it is repeated', async () => {
    const { client, key, id } = await withDraft()
    const send = [commands(changeItem(id, [el('email:Subject', 'Last words'), el('email2:Send')]))]
    for (let n = 0; n < 3; n++) assert.deepEqual(statusesIn((await drafts(client, key, send)).node), [])
    const { operations } = await sentBy(client)
    assert.deepEqual(
      operations.map((one) => textChild(dataOf(one), 'email:Subject')),
      ['Last words'],
    )
  })

  test('when it is written leaves no draft, and goes once too', async () => {
    const { client, key, person } = await writer()
    const add = [commands(addItem('s1', letter([el('email2:Send')])))]
    for (let n = 0; n < 2; n++) {
      const { status, id } = added(await drafts(client, key, add))
      assert.deepEqual([status, id], ['1', ''])
    }
    assert.equal((await sentBy(client)).operations.length, 1)
    assert.equal((await seen(person)).ids.length, 0)
  })

  for (const [what, to] of [
    ['nobody', ''],
    ['somebody without an address', 'Ann'],
  ] as const)
    test(`to ${what} is Status 183, and stays`, async () => {
      const { client, key, id, person } = await withDraft([el('email:To', to), el('email:Subject', 'x')])
      const answer = await drafts(client, key, [commands(changeItem(id, [el('email2:Send')]))])
      assert.deepEqual(statusesIn(answer.node), ['183'])
      assert.equal((await seen(person)).ids.length, 1)
      const add = await drafts(client, answer.key, [
        commands(addItem('n', [el('email:To', to), el('email2:Send')])),
      ])
      assert.deepEqual(statusesIn(add.node), ['183'])
    })

  test('from somebody else is refused (item Status 6)', async () => {
    const { client, key, id } = await withDraft(letter([el('email:From', 'boss@else.example')]))
    const answer = await drafts(client, key, [commands(changeItem(id, [el('email2:Send')]))])
    assert.deepEqual(statusesIn(answer.node), ['6'])
  })

  test('takes its attachments along', async () => {
    const { client, key, id } = await withDraft(
      letter([attachments(attach('a', 'a.pdf', Buffer.from('pdf')))]),
    )
    await drafts(client, key, [commands(changeItem(id, [el('email2:Send')]))])
    const { operations } = await sentBy(client)
    const [[name, reference] = []] = references(dataOf(operations[0]))
    assert.equal(name, 'a.pdf')
    assert.deepEqual(await fetchFile(client, reference ?? ''), Buffer.from('pdf'))
  })
})

describe('text messages (MS-ASMS, from 14.0 on)', () => {
  const sms = [
    el('email:From', '+49 160 1234567'),
    el('email:To', '"Me" <[MOBILE:+491601111111]>'),
    el('email:DateReceived', '2026-01-05T09:00:00.000Z'),
    el('email:Read', true),
    body('On my way'),
  ]

  test('that a phone adds are kept as such, with their time', async () => {
    for (const version of ['14.1', '16.1'] as const) {
      const { client, key, person } = await talk.synced(0, { version })
      const answer = await talk.sync(client, key, [commands(addItem('t1', sms, 'SMS'))])
      const [response] = responsesIn(answer.node)
      assert.equal(textChild(response, 'airsync:Class'), 'SMS')
      assert.equal(textChild(response, 'airsync:Status'), '1')
      assert.equal((await talk.sync(client, answer.key)).node, undefined)
      const texts = options(el('airsync:Class', 'SMS'))
      const other = await talk.another(person, { version, parts: [texts] })
      const data = dataOf(other.operations[0])
      assert.equal(textChild(data, 'email:MessageClass'), 'IPM.Note.Mobile.SMS')
      assert.equal(textChild(data, 'email:DateReceived'), '2026-01-05T09:00:00.000Z')
      assert.equal(bodyOf(data)?.trim(), 'On my way')
      assert.equal(textChild(data, 'email:Read'), '1')
    }
  })

  test('belong to the inbox and the outbox alone (item Status 6), and have no attachments', async () => {
    for (const [id, data, status] of [
      ['outbox', sms, '1'],
      ['archive', sms, '6'],
      ['inbox', [...sms, attachments(attach('a', 'a', Buffer.from('x')))], '6'],
    ] as const) {
      const { client, key } = await talk.synced(0, { id })
      assert.equal(
        added(await talk.sync(client, key, [commands(addItem('t', data, 'SMS'))], id)).status,
        status,
      )
    }
  })
})

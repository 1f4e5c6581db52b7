import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { child, childrenOf, descendant, has, textChild } from '@relais/device-sync/wbxml/read.ts'
import { letter, lettersOf } from './phones/letters.ts'
import {
  bodyOf,
  changeItem,
  collection,
  collectionsIn,
  commands,
  dataOf,
  deleteItem,
  idsIn,
  operationsIn,
  options,
  type Parts,
  responsesIn,
  SyncTalk,
  serverId,
  statusesIn,
  statusOf,
  syncOf,
} from './phones/sync-talk.ts'
import type { Person } from './phones/world.ts'
import { createWorld } from './phones/worlds.ts'
import { testFolder } from './process.ts'

const folder = testFolder()
const world = createWorld(`${folder.path}/data`)
const talk = new SyncTalk(world, 'OPT')
const { put, withLetters } = lettersOf(world, talk)
before(() => world.start())
after(async () => {
  talk.close()
  await world.stop()
  folder.remove()
})

const HOUR = 3600_000
const DAY = 24 * HOUR
const filter = (type: number) => options(el('airsync:FilterType', type))
const conversations = (on: boolean) => el('airsync:ConversationMode', on)
const subjectsOf = (operations: readonly WbxmlNode[]) =>
  operations.map((one) => textChild(dataOf(one), 'email:Subject') ?? '')

describe('a partial Sync over HTTP', () => {
  const partial = (...parts: Parts) => [el('airsync:Partial'), ...parts]

  test('says what changed; the rest is as in the last one', async () => {
    const { client, key, person } = await talk.synced(1)
    const archive = (await talk.sync(client, '0', [], 'archive')).key
    const both = await client.post('Sync', syncOf([collection(key), collection(archive, [], 'archive')]))
    assert.equal(both.bytes.length, 0)
    await world.deliver(person, 'archive', 2)
    const answer = await client.post('Sync', syncOf([collection(key)], partial()))
    const [told] = collectionsIn(answer)
    assert.equal(textChild(told, 'airsync:CollectionId'), 'archive')
    assert.equal(idsIn(told, 'airsync:Add').length, 2)
  })

  test('that leaves out whose answer had something in it is Status 13, and so is one before any whole one', async () => {
    const { client, key, person } = await talk.synced(1)
    const fresh = await talk.started(person)
    assert.equal(statusOf(await fresh.post('Sync', syncOf([collection(key)], partial()))), '13')
    await world.deliver(person, 'inbox', 1)
    assert.equal(idsIn((await talk.sync(client, key)).node, 'airsync:Add').length, 1)
    assert.equal(statusOf(await client.post('Sync', syncOf([], partial(el('airsync:WindowSize', 5))))), '13')
  })

  test('alone is a protocol error (Status 4)', async () => {
    const { client, key } = await talk.synced(0)
    await talk.sync(client, key)
    assert.equal(statusOf(await client.post('Sync', syncOf([], partial()))), '4')
  })

  test('may wait, and then an empty one stands for it; after news neither does', async () => {
    const { client, key, person } = await talk.synced(0)
    await talk.sync(client, key)
    const held = client.post('Sync', syncOf([], partial(el('airsync:HeartbeatInterval', 600))))
    await client.post(
      'Settings',
      el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])]),
    )
    await world.deliver(person, 'inbox', 1)
    assert.equal(idsIn(collectionsIn(await held)[0], 'airsync:Add').length, 1)
    assert.equal(statusOf(await client.post('Sync')), '13')
  })
})

describe('what may be in one Sync', () => {
  test('1,000 folders, and not one more (Status 15 with the limit)', async () => {
    const { client } = await talk.synced(0)
    const many = (count: number) =>
      syncOf(Array.from({ length: count }, (_, n) => collection('0', [], `f${n + 10_000}`)))
    assert.equal(collectionsIn(await client.post('Sync', many(1000))).length, 1000)
    const refused = await client.post('Sync', many(1001))
    assert.deepEqual([statusOf(refused), textChild(refused.root, 'airsync:Limit')], ['15', '1000'])
    assert.ok(!has(refused.root!, 'airsync:Collections'))
  })

  test('200 commands, and not one more (Status 4)', async () => {
    const { client, key, ids } = await talk.synced(1)
    const many = (count: number) =>
      commands(...Array.from({ length: count }, () => el('airsync:Fetch', [serverId(ids[0]!)])))
    assert.equal(responsesIn((await talk.sync(client, key, [many(200)])).node).length, 200)
    assert.equal((await talk.sync(client, key, [many(201)])).status, '4')
  })

  for (const [what, wait, status, limit] of [
    ['Wait of 0', el('airsync:Wait', 0), '14', '1'],
    ['Wait of 60', el('airsync:Wait', 60), '14', '59'],
    ['a heartbeat of 59', el('airsync:HeartbeatInterval', 59), '14', '60'],
    ['a heartbeat of 3,541', el('airsync:HeartbeatInterval', 3541), '14', '3540'],
  ] as const)
    test(`${what} is told the bound, and nothing else`, async () => {
      const { client, key } = await talk.synced(0)
      const { root } = await client.post('Sync', syncOf([collection(key)], [wait]))
      assert.deepEqual(
        childrenOf(root!).map(({ tag, content }) => [tag, content]),
        [
          ['airsync:Status', status],
          ['airsync:Limit', limit],
        ],
      )
    })

  test('Wait or a heartbeat, not both (Status 4)', async () => {
    const { client, key } = await talk.synced(0)
    const both = [el('airsync:Wait', 1), el('airsync:HeartbeatInterval', 60)]
    assert.equal(statusOf(await client.post('Sync', syncOf([collection(key)], both))), '4')
  })

  test('MaxItems only for the recipient cache (Status 4), which has no folder here (Status 12)', async () => {
    const { client, key } = await talk.synced(0)
    const items = options(el('airsync:MaxItems', 10))
    assert.equal((await talk.sync(client, key, [items])).status, '4')
    assert.equal((await talk.sync(client, '0', [], 'RI')).status, '12')
  })
})

describe('options', () => {
  test('replace the former ones whole, and are kept where none are said', async () => {
    const { client, key, person } = await talk.synced(0)
    const html = options(
      el('airsync:FilterType', 0),
      el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 2), el('airsyncbase:TruncationSize', 50)]),
    )
    let at = (await talk.sync(client, key, [html])).key
    const typeAfter = async (parts: Parts) => {
      await world.deliver(person, 'inbox', 1)
      const told = await talk.sync(client, at, parts)
      at = told.key
      return textChild(
        descendant(operationsIn(told.node)[0], 'airsync:ApplicationData', 'airsyncbase:Body'),
        'airsyncbase:Type',
      )
    }
    assert.equal(await typeAfter([]), '2')
    assert.equal(await typeAfter([filter(0)]), '1')
    assert.equal(await typeAfter([]), '1')
  })

  test('Conflict is one of them: it is kept too', async () => {
    const { client, key, ids, person } = await talk.synced(1)
    const kept = await talk.sync(client, key, [options(el('airsync:Conflict', 0))])
    await world.act(person, 'inbox', 'flag', 0)
    const mine = [el('email:Flag', [el('email:Status', 2), el('email:FlagType', 'mine')])]
    assert.deepEqual(
      statusesIn((await talk.sync(client, kept.key, [commands(changeItem(ids[0]!, mine))])).node),
      [],
    )
  })
})

describe('conflicts', () => {
  const flagged = (type: string) => el('email:Flag', [el('email:Status', 2), el('email:FlagType', type)])
  const mine = (id: string, more: Parts = []) => commands(changeItem(id, [flagged('mine'), ...more]))
  const conflict = (who: number) => options(el('airsync:Conflict', who))
  const flagOf = async (person: Person) => {
    const { operations } = await talk.another(person)
    return textChild(child(dataOf(operations[0]), 'email:Flag'), 'email:FlagType')
  }

  test('the server wins (1, and by default): Status 7, and the phone is told how it is', async () => {
    for (const parts of [[], [conflict(1)]]) {
      const { client, key, ids, person } = await talk.synced(1)
      await world.act(person, 'inbox', 'flag', 0)
      const answer = await talk.sync(client, key, [...parts, mine(ids[0]!, [el('email:Read', true)])])
      assert.deepEqual(statusesIn(answer.node), ['7'])
      const [told] = operationsIn(answer.node, 'airsync:Change')
      assert.equal(textChild(child(dataOf(told), 'email:Flag'), 'email:FlagType'), 'x')
      assert.equal(textChild(dataOf(told), 'email:Read'), '0')
      assert.equal(await flagOf(person), 'x')
    }
  })

  test('the client wins (0): what it says is so', async () => {
    const { client, key, ids, person } = await talk.synced(1)
    await world.act(person, 'inbox', 'flag', 0)
    assert.deepEqual(statusesIn((await talk.sync(client, key, [conflict(0), mine(ids[0]!)])).node), [])
    assert.equal(await flagOf(person), 'mine')
  })

  test('are none where another property was changed, where it was told, or where the phone did it itself', async () => {
    const { client, key, ids, person } = await talk.synced(1)
    await world.act(person, 'inbox', 'read', 0)
    const first = await talk.sync(client, key, [mine(ids[0]!)])
    assert.deepEqual(statusesIn(first.node), [])
    const again = commands(changeItem(ids[0]!, [flagged('again')]))
    assert.deepEqual(statusesIn((await talk.sync(client, key, [again])).node), [])
    const told = await talk.all(client, first.key)
    assert.deepEqual(statusesIn((await talk.sync(client, told.key, [mine(ids[0]!)])).node), [])
  })

  test('a deletion by somebody else beats a change (Status 8)', async () => {
    const { client, key, ids, person } = await talk.synced(1)
    await world.act(person, 'inbox', 'delete', 0)
    assert.deepEqual(statusesIn((await talk.sync(client, key, [conflict(0), mine(ids[0]!)])).node), ['8'])
  })
})

describe('flags with all task properties, and categories', () => {
  const at = '2026-03-02T08:00:00.000Z'
  const later = '2026-03-05T08:00:00.000Z'
  const whole = el('email:Flag', [
    el('tasks:Subject', 'Call back'),
    el('email:Status', 2),
    el('email:FlagType', 'Follow up'),
    el('tasks:StartDate', at),
    el('tasks:UtcStartDate', at),
    el('tasks:DueDate', later),
    el('tasks:UtcDueDate', later),
    el('tasks:ReminderSet', true),
    el('tasks:ReminderTime', at),
    el('tasks:OrdinalDate', at),
    el('tasks:SubOrdinalDate', '5555'),
  ])
  const complete = el('email:Flag', [
    el('email:Status', 1),
    el('email:FlagType', 'Follow up'),
    el('tasks:DateCompleted', later),
    el('email:CompleteTime', later),
  ])
  const asPairs = (node: WbxmlNode | undefined) =>
    (node ? childrenOf(node) : []).map(({ tag, content }) => `${tag}=${content}`).sort()

  test('come to another phone as they were set, alone', async () => {
    const { client, key, ids, person } = await talk.synced(1)
    const other = await talk.another(person)
    let [mine, theirs] = [key, other.key]
    for (const flag of [whole, complete, el('email:Flag')]) {
      mine = (await talk.sync(client, mine, [commands(changeItem(ids[0]!, [flag]))])).key
      const answer = await talk.sync(other.client, theirs)
      theirs = answer.key
      const data = dataOf(operationsIn(answer.node, 'airsync:Change')[0])
      assert.deepEqual(
        childrenOf(data!).map(({ tag }) => tag),
        ['email:Flag'],
      )
      assert.deepEqual(asPairs(child(data, 'email:Flag')), asPairs(flag))
    }
  })

  for (const [what, parts] of [
    ['a start without its UTC form', [el('tasks:StartDate', at)]],
    ['a due date without its local form', [el('tasks:UtcDueDate', at)]],
    [
      'a due date before its start',
      [
        el('tasks:StartDate', later),
        el('tasks:UtcStartDate', later),
        el('tasks:DueDate', at),
        el('tasks:UtcDueDate', at),
      ],
    ],
    ['a reminder without a time', [el('tasks:ReminderSet', true)]],
    ['a status of 3', [el('email:Status', 3)]],
  ] as const)
    test(`with ${what} are refused (item Status 6)`, async () => {
      const { client, key, ids } = await talk.synced(1)
      const flag = el('email:Flag', parts)
      assert.deepEqual(
        statusesIn((await talk.sync(client, key, [commands(changeItem(ids[0]!, [flag]))])).node),
        ['6'],
      )
    })

  test('300 categories of 255 characters, and not one more', async () => {
    const { client, key, ids, person } = await talk.synced(1)
    const named = (count: number, length = 255) =>
      changeItem(ids[0]!, [
        el(
          'email:Categories',
          Array.from({ length: count }, (_, n) => el('email:Category', `${n}`.padEnd(length, 'x'))),
        ),
      ])
    const taken = await talk.sync(client, key, [commands(named(300))])
    assert.deepEqual(statusesIn(taken.node), [])
    const { operations } = await talk.another(person)
    assert.equal(childrenOf(child(dataOf(operations[0]), 'email:Categories')!).length, 300)
    assert.deepEqual(statusesIn((await talk.sync(client, taken.key, [commands(named(301))])).node), ['6'])
    assert.deepEqual(statusesIn((await talk.sync(client, taken.key, [commands(named(1, 256))])).node), ['6'])
  })
})

describe('LastVerbExecuted', () => {
  for (const [command, verb] of [
    ['SmartReply', '1'],
    ['SmartForward', '3'],
  ] as const)
    test(`${command} is told with its time to all phones`, async () => {
      const { client, key, ids } = await talk.synced(1)
      await client.post(
        command,
        el(`composemail:${command}`, [
          el('composemail:ClientId', command),
          el('composemail:Source', [el('composemail:FolderId', 'inbox'), el('composemail:ItemId', ids[0]!)]),
          el('composemail:Mime', Buffer.from('To: b@else.example\r\nSubject: x\r\n\r\nText\r\n')),
        ]),
      )
      const [told] = operationsIn((await talk.sync(client, key)).node, 'airsync:Change')
      assert.equal(textChild(dataOf(told), 'email2:LastVerbExecuted'), verb)
      assert.match(textChild(dataOf(told), 'email2:LastVerbExecutionTime') ?? '', /^\d{4}-.*Z$/)
      assert.match(bodyOf(dataOf(told)) ?? '', /^Text/)
    })
})

describe('filters', () => {
  const ages = [0.1, 2, 5, 10, 20, 60].map((days, n) => ({ text: letter(`m${n}`), ageMs: days * DAY }))

  test('each shows what is young enough; narrowed it soft-deletes, widened it adds, nothing twice', async () => {
    const { client, key: start } = await withLetters(ages)
    const shown = new Set<string>()
    let key = start
    for (const [type, count] of [
      [3, 3],
      [1, 1],
      [0, 6],
      [2, 2],
      [5, 5],
      [4, 4],
    ] as const) {
      const { operations, key: next } = await talk.all(client, key, [filter(type)])
      key = next
      for (const one of operations) {
        const id = textChild(one, 'airsync:ServerId')!
        if (one.tag === 'airsync:Add') {
          assert.ok(!shown.has(id))
          shown.add(id)
        } else {
          assert.equal(one.tag, 'airsync:SoftDelete')
          assert.ok(shown.delete(id))
        }
      }
      assert.equal(shown.size, count, `FilterType ${type}`)
    }
  })

  test('of 8 are for tasks (Status 4), and 9 is none', async () => {
    const { client, key } = await talk.synced(0)
    for (const type of [8, 9]) assert.equal((await talk.sync(client, key, [filter(type)])).status, '4')
  })
})

describe('ConversationMode', () => {
  const re = (subject: string, to: string) =>
    letter(subject, [`In-Reply-To: <${to}@x>`, `References: <${to}@x>`])
  const thread = [
    { text: letter('old'), ageMs: 40 * DAY },
    { text: re('Re-old', 'old'), ageMs: 30 * DAY },
    { text: re('Re-new', 'old'), ageMs: HOUR },
    { text: letter('alone'), ageMs: 35 * DAY },
    { text: letter('young'), ageMs: 2 * HOUR },
  ]
  const all = ['Re-new', 'young', 'Re-old', 'old']

  test('brings older messages of conversations that the filter shows, and takes them away again', async () => {
    const { client, key } = await withLetters(thread)
    const without = await talk.all(client, key, [filter(3)])
    assert.deepEqual(subjectsOf(without.operations), ['Re-new', 'young'])
    const wholes = await talk.all(client, without.key, [conversations(true)])
    assert.deepEqual(subjectsOf(wholes.operations), ['Re-old', 'old'])
    const quiet = await talk.sync(client, wholes.key)
    assert.equal(quiet.response.bytes.length, 0)
    const off = await talk.all(client, wholes.key, [conversations(false)])
    assert.deepEqual(
      off.operations.map(({ tag }) => tag),
      ['airsync:SoftDelete', 'airsync:SoftDelete'],
    )
  })

  test('holds them through changes, a narrowed filter and its widening, and loses them with the conversation', async () => {
    const { client, key, person } = await withLetters(thread)
    const first = await talk.all(client, key, [filter(3), conversations(true)])
    assert.deepEqual(subjectsOf(first.operations), all)
    await world.act(person, 'inbox', 'flag', 4)
    const changed = await talk.all(client, first.key)
    assert.deepEqual(
      changed.operations.map(({ tag }) => tag),
      ['airsync:Change'],
    )
    const narrowed = await talk.all(client, changed.key, [filter(1)])
    assert.deepEqual(narrowed.operations, [])
    const widened = await talk.all(client, narrowed.key, [filter(0)])
    assert.deepEqual(subjectsOf(widened.operations), ['alone'])
    const again = await talk.all(client, widened.key, [filter(1)])
    assert.deepEqual(
      again.operations.map(({ tag }) => tag),
      ['airsync:SoftDelete'],
    )
    const id = first.ids[0]!
    const gone = await talk.all(client, again.key, [
      el('airsync:DeletesAsMoves', false),
      commands(deleteItem(id)),
    ])
    assert.deepEqual(gone.operations.map(({ tag }) => tag).sort(), [
      'airsync:SoftDelete',
      'airsync:SoftDelete',
    ])
  })

  test('a new answer wakes its whole conversation, in windows of any size', async () => {
    const old = Array.from({ length: 7 }, (_, n) => ({ text: re(`o${n}`, 'root'), ageMs: (20 + n) * DAY }))
    const { client, key, person } = await withLetters(old)
    const parts = [filter(2), conversations(true)]
    let at = (await talk.all(client, key, parts)).key
    await put(person, { text: re('fresh', 'root') })
    const seen: string[] = []
    for (let more = true; more; ) {
      const told = await talk.sync(client, at, [el('airsync:WindowSize', 3), ...parts])
      assert.ok(operationsIn(told.node).length <= 3)
      seen.push(...subjectsOf(operationsIn(told.node)))
      at = told.key
      more = told.node !== undefined && has(told.node, 'airsync:MoreAvailable')
    }
    assert.deepEqual(seen, ['fresh', ...old.map((_, n) => `o${n}`)])
  })
})

describe('hostile and odd requests', () => {
  const bad = async (client: EasClient, ...nodes: WbxmlNode[]) =>
    statusOf(await client.post('Sync', syncOf(nodes)))

  test('ids and keys of 64 characters are read, longer and missing ones are Status 4', async () => {
    const { client } = await talk.synced(0)
    const long = 'x'.repeat(65)
    assert.equal((await talk.sync(client, 'x'.repeat(64))).status, '3')
    assert.equal((await talk.sync(client, '0', [], 'x'.repeat(64))).status, '12')
    assert.equal(await bad(client, collection(long)), '4')
    assert.equal(await bad(client, collection('0', [], long)), '4')
    assert.equal(await bad(client, el('airsync:Collection', [el('airsync:SyncKey', '0')])), '4')
    assert.equal(await bad(client, el('airsync:Collection', [el('airsync:CollectionId', 'inbox')])), '4')
  })

  test('commands with key 0 are Status 4 for their collection, as is a collection named twice', async () => {
    const { client, key } = await talk.synced(1)
    assert.equal((await talk.sync(client, '0', [commands(deleteItem('a'))])).status, '4')
    const twice = await client.post('Sync', syncOf([collection(key), collection(key)]))
    assert.ok(collectionsIn(twice).some((node) => textChild(node, 'airsync:Status') === '4'))
  })
})

describe('AccountId (14.1 and later), where there is one account', () => {
  const VERSIONS = ['14.1', '16.0', '16.1'] as const
  const accountId = el('composemail:AccountId', 'another')
  const mime = el('composemail:Mime', Buffer.from(letter('to nobody', ['To: a@else.example'])))
  const clientId = () => el('composemail:ClientId', `c${++sent}`)
  let sent = 0

  test('is none that Settings names: the primary account has none', async () => {
    for (const version of VERSIONS) {
      const { client } = await talk.synced(0, { version })
      const { root } = await client.post(
        'Settings',
        el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])]),
      )
      const account = descendant(
        ...([root, 'settings:UserInformation', 'settings:Get'] as const),
        ...(['settings:Accounts', 'settings:Account'] as const),
      )!
      assert.ok(has(account, 'settings:EmailAddresses'))
      assert.ok(!has(account, 'settings:AccountId'))
    }
  })

  test('is therefore none that can be sent from (Status 166), and nothing is sent', async () => {
    for (const version of VERSIONS) {
      const { client, ids } = await talk.synced(1, { version })
      const source = el('composemail:Source', [
        el('composemail:FolderId', 'inbox'),
        el('composemail:ItemId', ids[0]!),
      ])
      for (const [name, parts] of [
        ['SendMail', [clientId(), accountId, mime]],
        ['SmartReply', [clientId(), source, accountId, mime]],
        ['SmartForward', [clientId(), source, accountId, mime]],
      ] as const) {
        const { root } = await client.post(name, el(`composemail:${name}`, parts))
        assert.equal(textChild(root, 'composemail:Status'), '166', `${name} ${version}`)
      }
      assert.equal(
        (await talk.all(client, (await talk.sync(client, '0', [], 'sent')).key, [], 'sent')).ids.length,
        0,
      )
    }
  })

  test('is not told of a message, and is nothing that a phone can write (item Status 6)', async () => {
    for (const version of VERSIONS) {
      const { client, key, operations, ids } = await talk.synced(1, { version })
      assert.ok(!has(dataOf(operations[0])!, 'email2:AccountId'))
      const change = changeItem(ids[0]!, [el('email2:AccountId', 'another')])
      assert.deepEqual(statusesIn((await talk.sync(client, key, [commands(change)])).node), ['6'])
    }
  })
})

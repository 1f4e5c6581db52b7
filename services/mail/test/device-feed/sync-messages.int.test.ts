import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plain } from '../calls.ts'
import { asOwner, TENANT } from '../harness.ts'
import { fetchMessage, kinds, markSeen, remove } from './device.ts'
import { deliverMany, onBothTransports } from './serve.ts'

const HOUR_MS = 3600_000
const DAY_MS = 24 * HOUR_MS

onBothTransports('SyncMessages', (open) => {
  const withMail = async (count: number) => {
    const served = open()
    await deliverMany(served, count)
    return served
  }

  test('MS-ASCMD 3128: a first request brings a key and no messages', async () => {
    const { device } = await withMail(1)
    const first = await device.sync()
    assert.deepEqual([first.outcome, first.operations, first.moreAvailable], ['ok', [], true])
    assert.equal(first.cursor!.epoch, 1)
  })

  test('then pages, newest first, each message once', async () => {
    const { device } = await withMail(5)
    await device.sync()
    const sizes: number[] = []
    const subjects: (string | undefined)[] = []
    for (let more = true; more; ) {
      const page = await device.sync({ window: 2 })
      sizes.push(page.operations.length)
      subjects.push(...page.operations.map(({ message }) => message?.envelope?.subject))
      more = page.moreAvailable
    }
    assert.deepEqual(sizes, [2, 2, 1])
    assert.deepEqual(
      subjects,
      [4, 3, 2, 1, 0].map((n) => `message ${n}`),
    )
  })

  test('nothing new is quiet: the key stays, and the snapshot is there to be remembered', async () => {
    const { device } = await withMail(1)
    await device.syncAll()
    const key = device.key()
    const answer = await device.sync()
    assert.deepEqual([answer.quiet, answer.cursor, answer.operations], [true, undefined, []])
    assert.ok(answer.snapshot > 0)
    assert.equal(device.key(), key)
  })

  test('a new message comes with what was asked for of its body', async () => {
    const { device, deliver } = await withMail(0)
    await device.syncAll()
    await deliver(plain('news', '', 'Hello there'))
    const options = { withBody: true, bodies: [{ type: 'plain', truncation: 5, preview: 3 }] }
    const { operations } = await device.sync({ options })
    const { message } = operations[0]!
    assert.equal(message!.envelope!.subject, 'news')
    assert.equal(Buffer.from(message!.body!.data!).toString(), 'Hello')
    assert.deepEqual(
      [message!.body!.type, message!.body!.truncated, message!.body!.preview],
      ['plain', true, 'Hel'],
    )
  })

  test('what others change comes by the groups that changed, without a body', async () => {
    const { client, device, as, who } = await withMail(1)
    await device.syncAll()
    const [id] = device.ids()
    await client.updateMessages({ ...who, placements: [id!], seen: true }, as)
    const { operations } = await device.sync({ options: { withBody: true, bodies: [{ type: 'plain' }] } })
    const [{ kind, changed, message }] = operations as [(typeof operations)[number]]
    assert.deepEqual(
      [kind, changed, message!.state!.seen, message!.body],
      ['change', ['read'], true, undefined],
    )
  })

  test('read, flag and categories of a device are kept, and not told back', async () => {
    const { client, device, as, who } = await withMail(1)
    await device.syncAll()
    const [placement] = device.ids()
    const value = {
      placement,
      seen: true,
      flag: { flag: { status: 'active', type: 'Follow up', dueDate: 1_800_000_000_000 } },
      categories: { categories: [' Work ', 'Work', 'Home'] },
    }
    const { results, operations } = await device.sync({ commands: [{ command: { $case: 'change', value } }] })
    assert.deepEqual([results.map(({ outcome }) => outcome), operations], [['ok'], []])
    assert.equal((await device.sync()).quiet, true)
    const { messages } = await client.getMessages({ ...who, placements: [placement!] }, as)
    const { seen, flag, categories } = messages[0]!.state!
    assert.deepEqual(
      [seen, flag!.type, flag!.dueDate, categories],
      [true, 'Follow up', 1_800_000_000_000, ['Work', 'Home']],
    )
  })

  test('another device is told of them', async () => {
    const { device, deviceOf } = await withMail(1)
    const other = deviceOf('d2')
    await device.syncAll()
    await other.syncAll()
    const [id] = device.ids()
    await device.sync({ commands: [markSeen(id!, true)] })
    assert.deepEqual(kinds(await other.sync()), [`change ${id}`])
  })

  test('a flag is cleared', async () => {
    const { client, device, as, who } = await withMail(1)
    await device.syncAll()
    const [placement] = device.ids()
    const flagged = { flag: { status: 'active', type: 'x' } }
    for (const flag of [flagged, {}])
      await device.sync({ commands: [{ command: { $case: 'change', value: { placement, flag } } }] })
    const { messages } = await client.getMessages({ ...who, placements: [placement!] }, as)
    assert.equal(messages[0]!.state!.flag, undefined)
  })

  test('what no message can have is refused, and the phone gets the message as it is', async () => {
    const { device } = await withMail(1)
    await device.syncAll()
    const [placement] = device.ids()
    const value = { placement, seen: true, flag: { flag: { status: 'waving' } } }
    const { results, operations } = await device.sync({ commands: [{ command: { $case: 'change', value } }] })
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['refused'],
    )
    assert.deepEqual(
      operations.map(({ kind, changed, message }) => [kind, changed.length, message!.state!.seen]),
      [['change', 4, false]],
    )
  })

  test('deletes as moves go to the trash; a delete there is for good', async () => {
    const { client, device, who, as } = await withMail(1)
    await device.syncAll()
    await device.syncAll({ mailbox: 'trash' })
    const [id] = device.ids()
    assert.deepEqual((await device.sync({ deletesAsMoves: true, commands: [remove(id!)] })).operations, [])
    const told = await device.syncAll({ mailbox: 'trash' })
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['add'],
    )
    const [trashed] = device.ids('trash')
    const gone = await device.sync({ mailbox: 'trash', deletesAsMoves: true, commands: [remove(trashed!)] })
    assert.deepEqual(
      gone.results.map(({ outcome }) => outcome),
      ['ok'],
    )
    const { messages } = await client.getUsage(who, as)
    assert.equal(messages, 0)
  })

  test('deletes that are not moves are for good', async () => {
    const { client, device, who, as } = await withMail(1)
    await device.syncAll()
    await device.sync({ deletesAsMoves: false, commands: [remove(device.ids()[0]!)] })
    assert.equal((await client.getUsage(who, as)).messages, 0)
  })

  test('fetch within Sync brings the message in the options of the request; what is gone is not found', async () => {
    const { device } = await withMail(2)
    await device.syncAll()
    const [a, b] = device.ids()
    const commands = [fetchMessage(a!), markSeen(b!, true), fetchMessage(999)]
    const options = { withBody: true, bodies: [{ type: 'plain' }] }
    const { results } = await device.sync({ commands, options })
    assert.deepEqual(
      results.map(({ outcome, placement }) => [outcome, placement]),
      [
        ['ok', a],
        ['ok', b],
        ['not_found', 999],
      ],
    )
    assert.equal(Buffer.from(results[0]!.message!.body!.data!).toString().trim(), 'Hello')
    assert.equal(results[1]!.message, undefined)
  })

  test('a message of another mailbox is not fetched through this one', async () => {
    const { device } = await withMail(1)
    await device.syncAll()
    const [id] = device.ids()
    await device.syncAll({ mailbox: 'trash' })
    const { results } = await device.sync({ mailbox: 'trash', commands: [fetchMessage(id!)] })
    assert.equal(results[0]!.outcome, 'not_found')
  })

  test('one call answers many mailboxes, with one window for all of them in their order', async () => {
    const { device, deliver, who } = await withMail(3)
    for (const mailbox of ['inbox', 'trash', 'junk']) await device.sync({ mailbox })
    await deliver(plain('spam'), { recipients: [{ account: who.account, mailbox: 'junk' }] })
    const parts = ['inbox', 'trash', 'junk'].map((mailbox) => device.compose({ mailbox, window: 100 }))
    const answers = await device.ask(parts, { window: 3 })
    assert.deepEqual(
      answers.map(({ mailbox, operations, moreAvailable }) => [mailbox, operations.length, moreAvailable]),
      [
        ['inbox', 3, false],
        ['trash', 0, false],
        ['junk', 0, true],
      ],
    )
  })

  test('a filter is walked to, slid with time and widened', async () => {
    const { device, deliver } = await withMail(0)
    // A filter counts whole days: at noon an hour ago is the same day.
    const now = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2
    for (const age of [0, 2, 10])
      await deliver(plain(`${age} days`), { receivedAt: now - age * DAY_MS - HOUR_MS })
    const near = await device.syncAll({ filter: 2, now })
    assert.deepEqual(
      near.map(({ message }) => message!.envelope!.subject),
      ['0 days', '2 days'],
    )
    const slid = await device.syncAll({ filter: 2, now: now + 3 * DAY_MS })
    assert.deepEqual(
      slid.map(({ kind }) => kind),
      ['soft_delete'],
    )
    const all = await device.syncAll({ filter: 0 })
    assert.deepEqual(
      all.map(({ message }) => message!.envelope!.subject),
      ['2 days', '10 days'],
    )
  })

  test('a request without a filter means that of its key', async () => {
    const { device, deliver } = await withMail(0)
    await device.syncAll({ filter: 1 })
    await deliver(plain('old'), { receivedAt: Date.now() - 10 * DAY_MS })
    assert.deepEqual((await device.sync({ filter: undefined })).operations, [])
  })

  test('a mailbox that is gone, and one that never was, are answered so', async () => {
    const { client, device, as, who } = await withMail(0)
    const { mailbox } = await client.createMailbox({ ...who, name: 'Project' }, as)
    await device.syncAll({ mailbox })
    await client.deleteMailbox({ ...who, mailbox }, as)
    const parts = [device.compose({ mailbox }), device.compose({ mailbox: 'nowhere' })]
    const answers = await device.ask(parts)
    assert.deepEqual(
      answers.map(({ outcome }) => outcome),
      ['no_collection', 'no_collection'],
    )
  })

  test('a key of another incarnation of the log is invalid', async () => {
    const { device } = await withMail(1)
    await device.syncAll()
    const [answer] = await device.ask([device.compose({ epoch: 2 })])
    assert.deepEqual([answer!.outcome, answer!.reason], ['invalid_key', 'epoch'])
  })

  test('a broken message is told like any other, with its reason, and blocks nothing', async () => {
    const { device, deliver } = await withMail(1)
    await device.syncAll()
    await deliver(Buffer.from([0xff, 0xfe, 0, 1, 2]))
    await deliver(plain('after it'))
    const { operations } = await device.sync({ options: { withBody: true, bodies: [{ type: 'html' }] } })
    assert.deepEqual(
      operations.map(({ kind }) => kind),
      ['add', 'add'],
    )
    assert.equal(operations[1]!.message!.envelope!.subject, 'after it')
  })

  test('GetChanges 0 carries commands out and tells nothing', async () => {
    const { device, deliver } = await withMail(1)
    await device.syncAll()
    await deliver(plain('later'))
    const [id] = device.ids()
    const answer = await device.sync({ getChanges: false, commands: [markSeen(id!, true)] })
    assert.deepEqual([answer.results[0]!.outcome, answer.operations], ['ok', []])
    assert.deepEqual(
      (await device.sync()).operations.map(({ kind }) => kind),
      ['add'],
    )
  })
})

onBothTransports('SyncMessages refuses', (open) => {
  const request = { tenant: TENANT, account: 'u_1', device: 'd1', now: Date.now() }

  test('an account that is somebody else’s', async () => {
    const { client } = open()
    await assert.rejects(
      client.syncMessages({ ...request, collections: [] }, { identity: asOwner('u_another') }),
      { code: 'PERMISSION_DENIED' },
    )
  })

  test('another tenant', async () => {
    const { client } = open()
    await assert.rejects(
      client.syncMessages({ ...request, collections: [] }, { identity: asOwner('u_1', 'other') }),
      { code: 'PERMISSION_DENIED' },
    )
  })

  const inbox = { mailbox: 'inbox', window: 10 }
  const hostile = {
    'no device': { ...request, device: '', collections: [inbox] },
    'a mailbox twice': { ...request, collections: [inbox, inbox] },
    'a mailbox without a name': { ...request, collections: [{ ...inbox, mailbox: '' }] },
    'a name of control characters': { ...request, collections: [{ ...inbox, mailbox: 'a\u0000b' }] },
    'a cursor that cannot be': {
      ...request,
      collections: [{ ...inbox, cursor: { changes: { position: 1 }, edge: {}, told: 9 } }],
    },
    'a cursor without its parts': { ...request, collections: [{ ...inbox, cursor: { epoch: 1 } }] },
    'a command of no kind': { ...request, collections: [{ ...inbox, commands: [{}] }] },
    'a list that is too long': {
      ...request,
      collections: [
        {
          ...inbox,
          cursor: { changes: {}, edge: {} },
          list: { created: Array.from({ length: 600 }, (_, id) => id) },
        },
      ],
    },
    'more mailboxes than anybody has': {
      ...request,
      collections: Array.from({ length: 1001 }, (_, n) => ({ ...inbox, mailbox: `m${n}` })),
    },
    'more commands than a request may have': {
      ...request,
      collections: [{ ...inbox, commands: Array.from({ length: 1001 }, (_, id) => remove(id)) }],
    },
  }
  for (const [what, asked] of Object.entries(hostile))
    test(what, async () => {
      const { client } = open()
      await assert.rejects(client.syncMessages(asked, { identity: asOwner('u_1') }), {
        code: 'INVALID_ARGUMENT',
      })
    })
})

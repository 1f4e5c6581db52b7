import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Flag, MessageState } from '@relais/proto/mail/v1/message.ts'
import { waitUntil } from '@relais/testing'
import { importMessages, plain } from './calls.ts'
import { ANNA, asOwner, type Harness, MIKE, startMail, TENANT } from './harness.ts'

const mike = { tenant: TENANT, account: MIKE }
const ends: (() => void | Promise<void>)[] = []

after(async () => {
  for (const end of ends.reverse()) await end()
})

const state = (of: Partial<MessageState>) => ({ state: MessageState.fromPartial(of) })

const withAttachment = plain(
  'attached budget',
  'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n',
  '--b\nContent-Type: text/plain\n\nsee\n--b\nContent-Disposition: attachment; filename="a.pdf"\n\nxx\n--b--',
)

const MESSAGES = [
  { message: plain('unread budget') },
  { message: plain('read budget'), header: state({ seen: true }) },
  {
    message: plain('flagged budget'),
    header: state({ seen: true, flag: Flag.create({ status: 'active' }) }),
  },
  {
    message: plain('finished budget'),
    header: state({ seen: true, flag: Flag.create({ status: 'complete' }) }),
  },
  { message: plain('red budget'), header: state({ seen: true, categories: ['Red Category'] }) },
  {
    message: plain('urgent budget', 'Importance: high\nDate: Fri, 26 Dec 2025 23:30:00 +0000\n'),
    header: state({ seen: true }),
  },
  { message: withAttachment, header: state({ seen: true }) },
  {
    message: plain('large lunch', '', 'x'.repeat(60).concat('\n').repeat(1000)),
    header: state({ seen: true }),
  },
]
const ALL = 'attached finished flagged large read red unread urgent'.split(' ')

describe('states of messages in a search', () => {
  let suite: Harness
  const placements = new Map<string, number>()
  const search = async (query: string, more: object = {}, account = MIKE) => {
    const request = { tenant: TENANT, account, query, ...more }
    const { messages, total } = await suite.client.searchMessages(request, { identity: asOwner(account) })
    const names = messages.map(({ envelope }) => envelope!.subject.split(' ')[0] ?? '')
    for (const [at, name] of names.entries()) placements.set(name, messages[at]!.placement)
    return { names: names.toSorted(), order: names, total }
  }
  const found = async (query: string) => (await search(query)).names
  before(async () => {
    suite = await startMail({ after: (end) => void ends.push(end) }, { limits: { searchGatherMs: 0 } })
    const dated = MESSAGES.map(({ message, header = {} }, n) => ({
      message,
      header: { ...mike, receivedAt: Date.UTC(2026, 0, 1) + n * 60_000, ...header },
    }))
    await importMessages(suite.client, dated, asOwner(MIKE))
    const annas = { tenant: TENANT, account: ANNA, ...state({ seen: false, categories: ['Red'] }) }
    await importMessages(suite.client, [{ message: plain('annas budget'), header: annas }], asOwner(ANNA))
    await waitUntil(async () => (await search('budget OR lunch')).total === MESSAGES.length)
    await waitUntil(async () => (await search('budget', {}, ANNA)).total === 1)
  })
  test('isread, isflagged: what their user did', async () => {
    assert.deepEqual(await found('isread:false'), ['unread'])
    assert.deepEqual((await found('isread:true')).length, MESSAGES.length - 1)
    assert.deepEqual(await found('isflagged:true'), ['flagged'], 'a flag that is done is none')
    assert.deepEqual(await found('is:unread OR is:flagged'), ['flagged', 'unread'])
  })
  test('category, importance, size, hasattachment: what they are like', async () => {
    assert.deepEqual(await found('category:red'), ['red'])
    assert.deepEqual(await found('category:"Red Category"'), ['red'])
    assert.deepEqual(await found('importance:high'), ['urgent'])
    assert.deepEqual(await found('size>30kb'), ['large'])
    assert.deepEqual(await found('hasattachment:true'), ['attached'])
    assert.deepEqual(
      await found('hasattachment:no'),
      ALL.filter((name) => name !== 'attached'),
    )
    assert.deepEqual(await found('hasattachment:no isread:false'), ['unread'])
  })
  test('with words, folders and times all must be so', async () => {
    assert.deepEqual(await found('subject:unread isread:false'), ['unread'])
    assert.deepEqual(await found('subject:read isread:false'), [])
    assert.deepEqual(await found('budget NOT isread:true'), ['unread'])
    assert.deepEqual(await found('lunch isread:true'), ['large'])
    assert.deepEqual((await search('isread:true', { mailboxes: ['trash'] })).names, [])
    const early = { receivedBefore: Date.UTC(2026, 0, 1) + 120_000 }
    assert.deepEqual((await search('isread:true', early)).names, ['read'])
  })
  test('as alternatives of words: either must be so', async () => {
    assert.deepEqual(await found('lunch OR isread:false'), ['large', 'unread'])
    assert.deepEqual(await found('budget (subject:red OR isflagged:true)'), ['flagged', 'red'])
    assert.deepEqual(await found('(lunch isread:false) OR (budget category:red)'), ['red'])
    assert.deepEqual(await found('NOT (budget isread:true)'), ['large', 'unread'])
    assert.deepEqual(await found('-budget OR importance:high OR has:attachment'), [
      'attached',
      'large',
      'urgent',
    ])
    const page = await search('lunch OR isflagged:true OR importance:high', { offset: 1, limit: 1 })
    assert.deepEqual([page.order, page.total], [['urgent'], 3])
  })
  test('sent: is what a message says of itself, else when it came; received: may be an alternative', async () => {
    assert.deepEqual(await found('sent:2025-12-26'), ['urgent'])
    assert.deepEqual(await found('sent:<2026-01-01'), ['urgent'])
    assert.deepEqual((await found('sent:2026-01-01')).length, MESSAGES.length - 1)
    assert.deepEqual(await found('budget (is:flagged OR sent:<2026-01-01)'), ['flagged', 'urgent'])
    assert.deepEqual(await found('received:<2026-01-01 OR lunch'), ['large'])
    assert.deepEqual(await found('received:today OR sent:today'), [])
  })
  test('pages and totals count what matches, newest first', async () => {
    const all = await search('isread:true')
    assert.deepEqual(all.order, ['large', 'attached', 'urgent', 'red', 'finished', 'flagged', 'read'])
    const page = await search('isread:true', { offset: 2, limit: 3 })
    assert.deepEqual([page.order, page.total], [['urgent', 'red', 'finished'], 7])
  })
  test('that change are found as they are at once', async () => {
    const change = { ...mike, placements: [placements.get('unread')!] }
    await suite.client.updateMessages({ ...change, seen: true, categories: { categories: ['Blue'] } })
    assert.deepEqual(await found('isread:false'), [])
    assert.deepEqual(await found('category:blue'), ['unread'])
    await suite.client.updateMessages({ ...change, seen: false, categories: {} })
    assert.deepEqual(await found('isread:false'), ['unread'])
  })
  test('are those of one account alone', async () => {
    assert.deepEqual((await search('isread:false', {}, ANNA)).names, ['annas'])
    assert.ok(!(await found('isread:false OR category:red')).includes('annas'))
    assert.deepEqual((await search('budget OR isread:false', {}, ANNA)).names, ['annas'])
  })
})

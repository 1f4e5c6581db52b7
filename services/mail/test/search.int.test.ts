import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { waitUntil } from '@relais/testing'
import fc from 'fast-check'
import { deliver, importMessages, plain } from './calls.ts'
import { ANNA, asOwner, type Harness, MIKE, startMail, TENANT } from './harness.ts'
import { onBothTransports, type Suite } from './on-both-transports.ts'

const mike = { tenant: TENANT, account: MIKE }

const FAST = { limits: { searchGatherMs: 0 } }

type Asked = {
  mailboxes?: string[]
  offset?: number
  limit?: number
  receivedAfter?: number
  receivedBefore?: number
  withChildren?: boolean
  conversation?: Uint8Array
}

const search = async (
  { client }: Pick<Suite, 'client'>,
  query: string,
  asked: Asked = {},
  account = MIKE,
) => {
  const request = { tenant: TENANT, account, query, ...asked }
  const { messages, total } = await client.searchMessages(request, { identity: asOwner(account) })
  return { subjects: messages.map(({ envelope }) => envelope!.subject), total, messages }
}

/** The index follows the log: a word that is in the last message only says that it has come so far. */
const indexed = async (suite: Pick<Suite, 'client'>, account = MIKE) => {
  const word = `mark${Math.random().toString(36).slice(2)}`
  const identity = asOwner(account)
  const header = { tenant: TENANT, account, path: ['Marks'] }
  await importMessages(suite.client, [{ message: `Subject: ${word}\n\n`, header }], identity)
  await waitUntil(async () => (await search(suite, word, {}, account)).total === 1)
}

const MESSAGES = [
  { message: plain('Annual budget', '', 'The numbers for 2026 are attached. Crème brûlée.') },
  { message: plain('Lunch', 'Cc: Zoë Müller <zoe@partner.example>\n', 'See you at the brasserie') },
  {
    message: plain(
      'Report',
      'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n',
      '--b\nContent-Type: text/html\n\n<p>Hidden <b>treas</b>ure</p><style>nothere</style>\n--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename="quarterly figures.pdf"\n\nxx\n--b--',
    ),
  },
]

onBothTransports((suite) => {
  test('words of headers, body and names of attachments are found', async () => {
    await importMessages(suite.client, MESSAGES)
    await indexed(suite)
    const found = async (query: string) => (await search(suite, query)).subjects
    assert.deepEqual(await found('budget'), ['Annual budget'])
    assert.deepEqual(await found('numbers'), ['Annual budget'])
    assert.deepEqual(await found('brass'), ['Lunch'], 'the beginning of a word')
    assert.deepEqual(await found('treasure'), ['Report'], 'text of HTML')
    assert.deepEqual(await found('nothere'), [])
    assert.deepEqual(await found('quarterly'), ['Report'])
    assert.deepEqual(await found('creme BRULEE'), ['Annual budget'], 'without regard to case and accents')
    assert.deepEqual(await found('muller'), ['Lunch'])
    assert.deepEqual(await found('budget lunch'), [], 'all words must be there')
  })

  test('phrases, fields and attachments are asked for', async () => {
    const found = async (query: string) => (await search(suite, query)).subjects
    assert.deepEqual(await found('"numbers for 2026"'), ['Annual budget'])
    assert.deepEqual(await found('"2026 for numbers"'), [])
    assert.deepEqual(await found('subject:lunch'), ['Lunch'])
    assert.deepEqual(await found('subject:brasserie'), [])
    assert.deepEqual(await found('to:zoe@partner.example'), ['Lunch'])
    assert.deepEqual((await found('from:anna')).sort(), ['Annual budget', 'Lunch', 'Report'])
    assert.deepEqual(await found('has:attachment'), ['Report'])
    assert.deepEqual(await found('has:attachment budget'), [])
  })

  test('what asks for nothing finds nothing', async () => {
    for (const query of ['', '   ', '"', '*', '()']) assert.equal((await search(suite, query)).total, 0)
  })

  test('the newest are found first, in pages, within times and mailboxes', async () => {
    const { mailbox } = await suite.client.createMailbox({ ...mike, name: 'Series' })
    const day = 86_400_000
    const messages = [2, 0, 1, 3].map((n) => ({
      message: `Subject: part ${n}\n\nserial`,
      header: { receivedAt: Date.UTC(2026, 0, 1) + n * day, mailbox: n === 3 ? 'archive' : mailbox },
    }))
    await importMessages(suite.client, messages)
    await indexed(suite)
    assert.deepEqual((await search(suite, 'serial')).subjects, ['part 3', 'part 2', 'part 1', 'part 0'])
    const page = await search(suite, 'serial', { offset: 1, limit: 2 })
    assert.deepEqual([page.subjects, page.total], [['part 2', 'part 1'], 4])
    assert.deepEqual((await search(suite, 'serial', { mailboxes: [mailbox] })).subjects, [
      'part 2',
      'part 1',
      'part 0',
    ])
    const times = { receivedAfter: Date.UTC(2026, 0, 1), receivedBefore: Date.UTC(2026, 0, 1) + 2 * day }
    assert.deepEqual((await search(suite, 'serial', times)).subjects, ['part 1'])
  })

  test('without words, all that is in a mailbox, a time or a conversation is found, and what is under a mailbox', async () => {
    const { mailbox } = await suite.client.createMailbox({ ...mike, name: 'Upper' })
    const { mailbox: under } = await suite.client.createMailbox({ ...mike, name: 'Lower', parent: mailbox })
    const at = Date.UTC(2025, 5, 1)
    const messages = [mailbox, under].map((where, n) => ({
      message: `Subject: in ${n}\nMessage-ID: <c${n}@x>\n${n > 0 ? 'References: <c0@x>\n' : ''}\nwordless`,
      header: { receivedAt: at + n * 1000, mailbox: where },
    }))
    await importMessages(suite.client, messages)
    await indexed(suite)
    const all = { mailboxes: [mailbox] }
    assert.deepEqual((await search(suite, '', all)).subjects, ['in 0'])
    assert.deepEqual((await search(suite, '', { ...all, withChildren: true })).subjects, ['in 1', 'in 0'])
    assert.deepEqual((await search(suite, 'wordless', { ...all, withChildren: true })).total, 2)
    const times = { receivedAfter: at - 1, receivedBefore: at + 1 }
    assert.deepEqual((await search(suite, '', times)).subjects, ['in 0'])
    assert.deepEqual((await search(suite, 'received:2025-06-01')).subjects, ['in 1', 'in 0'])
    const { conversation } = (await search(suite, 'wordless')).messages[0]!
    assert.deepEqual((await search(suite, '', { conversation })).subjects, ['in 1', 'in 0'])
    assert.equal((await search(suite, '***', all)).total, 0, 'words were asked for')
  })

  test('moved, copied and deleted messages are found where they are', async () => {
    await importMessages(
      suite.client,
      ['stay', 'go'].map((subject) => ({ message: plain(subject, '', 'wanderer') })),
    )
    await indexed(suite)
    const { messages } = await search(suite, 'wanderer')
    const placementOf = (subject: string) =>
      messages.find(({ envelope }) => envelope?.subject === subject)!.placement
    await suite.client.deleteMessages({ ...mike, placements: [placementOf('go')], toTrash: true })
    await suite.client.copyMessages({ ...mike, placements: [placementOf('stay')], to: 'archive' })
    await indexed(suite)
    const inMailbox = async (mailbox: string) =>
      (await search(suite, 'wanderer', { mailboxes: [mailbox] })).subjects
    assert.deepEqual(await inMailbox('trash'), ['go'])
    assert.deepEqual(await inMailbox('inbox'), ['stay'])
    assert.deepEqual(await inMailbox('archive'), ['stay'])
    await suite.client.emptyMailbox({ ...mike, mailbox: 'trash' })
    await indexed(suite)
    assert.deepEqual((await search(suite, 'wanderer')).subjects, ['stay', 'stay'])
  })

  test('nobody finds what is in another account, whatever the query', async () => {
    await importMessages(
      suite.client,
      [{ message: plain('private', '', 'secretword'), header: { tenant: TENANT, account: ANNA } }],
      asOwner(ANNA),
    )
    await indexed(suite, ANNA)
    assert.equal((await search(suite, 'secretword', {}, ANNA)).total, 1)
    for (const query of [
      'secretword',
      'scope:secretword',
      '"secretword" OR secretword',
      'from:anna secretword',
    ]) {
      assert.equal((await search(suite, query)).total, 0, query)
    }
  })

  test('a query that is too long is refused', async () => {
    await assert.rejects(search(suite, 'x'.repeat(1025)), { code: 'INVALID_ARGUMENT' })
  })
}, FAST)

describe('hostile queries', () => {
  const HOSTILE = [
    "'; DROP TABLE docs; --",
    '" OR 1=1 --',
    'scope:*',
    '{scope} : "s" OR body:x',
    'NEAR(a b, 5)',
    'a AND NOT b OR (c',
    '^a + b',
    'subject:"',
    'from:"a"b"c"',
    'a\0b',
    '\ud800',
    '%_\\',
    '"'.repeat(1000),
    '('.repeat(1000),
    'body : x',
    'rowid:1',
    '-a',
    'a*b*',
  ]

  test('are words like any others', async (t) => {
    const suite = await startMail(t, FAST)
    await importMessages(suite.client, MESSAGES)
    await indexed(suite)
    for (const query of HOSTILE)
      assert.ok((await search(suite, query)).total <= MESSAGES.length + 1, JSON.stringify(query))
    assert.equal((await search(suite, 'budget')).total, 1)
  })

  test('of any text never fail', async (t) => {
    const suite = await startMail(t, FAST)
    await importMessages(suite.client, MESSAGES)
    await indexed(suite)
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc
        .array(
          fc.constantFrom(
            '"',
            '*',
            '(',
            ')',
            'AND',
            'NOT',
            ':',
            '{',
            '}',
            '^',
            '-',
            'from:',
            'budget',
            ' ',
            '\0',
          ),
        )
        .map((parts) => parts.join('')),
    )
    await fc.assert(
      fc.asyncProperty(text, async (query) => {
        const { total } = await search(suite, query)
        assert.ok(total <= 4)
      }),
      { numRuns: 200 },
    )
  })
})

describe('the index', () => {
  const files = (suite: Harness) => suite.folder

  test('goes on after a restart where it was', async (t) => {
    const first = await startMail(t, FAST)
    await importMessages(first.client, MESSAGES)
    await indexed(first)
    await first.stop()
    const second = await startMail(t, { ...FAST, folder: files(first) })
    assert.equal((await search(second, 'budget')).total, 1)
    await deliver(second.client, plain('newer budget'))
    await indexed(second)
    assert.deepEqual((await search(second, 'budget')).subjects, ['newer budget', 'Annual budget'])
  })

  test('is made again from the log, the rows and the artefacts where it was lost', async (t) => {
    const first = await startMail(t, FAST)
    await importMessages(first.client, MESSAGES)
    await indexed(first)
    const [gone] = (await search(first, 'lunch')).messages
    await first.client.deleteMessages({ ...mike, placements: [gone!.placement] })
    await first.loseSearchIndex()
    const second = await startMail(t, { ...FAST, folder: files(first) })
    await indexed(second)
    assert.equal((await search(second, 'treasure')).total, 1)
    assert.equal((await search(second, 'lunch')).total, 0)
  })
})

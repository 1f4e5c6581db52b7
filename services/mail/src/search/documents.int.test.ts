import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { Envelope } from '@relais/proto/mail/v1/message.ts'
import type { Writer } from '@relais/read-store'
import { openTestRows, type RowsEngine, temporaryFolder } from '@relais/testing'
import {
  addDocuments,
  attachmentNames,
  moveDocument,
  removeAccount,
  removeDocument,
  type SearchDocument,
} from './documents.ts'
import { findItems, type Search } from './find.ts'
import { parseQuery } from './query.ts'
import { SEARCH_STORE } from './schema.ts'

const mike = { tenant: 'acme', account: 'u_mike' }
const anna = { tenant: 'acme', account: 'u_anna' }

const document = (item: number, body: string, mailbox = 'inbox') => ({
  ...{ item, placement: item, mailbox, received: item * 1000, conversation: 'c0', attachments: [], body },
  size: 1000,
  envelope: Envelope.fromPartial({
    subject: `subject${item}`,
    from: [{ name: 'Anna', address: 'anna@x.example' }],
  }),
})

const addDocument = (writer: Writer, key: typeof mike, one: SearchDocument) =>
  addDocuments(writer, [{ key, document: one }])

const openSearch = async (t: TestContext, engine: RowsEngine) => {
  let close = async () => {}
  t.after(() => close())
  const folder = await temporaryFolder(t)
  const store = await openTestRows(folder, engine).openStore(SEARCH_STORE)
  close = () => store.close()
  const write = <T>(work: (writer: Writer) => Promise<T>) => store.transaction(work)
  const find = async (query: string, key = mike, some: Partial<Search> = {}) => {
    const { mailboxes = [], offset = 0, limit = 100, ...more } = some
    const bounds = { mailboxes, offset, limit, after: 0, before: 0, conversation: '', ...more }
    return findItems(store, key, { query: parseQuery(query, 0), ...bounds })
  }
  return { write, find }
}

const documentRules = (engine: RowsEngine) => {
  const setUp = (t: TestContext) => openSearch(t, engine)

  test('are found by what they say, inside their account', async (t) => {
    const { write, find } = await setUp(t)
    await write(async (writer) => {
      await addDocument(writer, mike, document(1, 'apples and pears'))
      await addDocument(writer, anna, document(2, 'apples only'))
    })
    assert.deepEqual(await find('apples'), { items: [1], total: 1 })
    assert.deepEqual(await find('apples', anna), { items: [2], total: 1 })
    assert.deepEqual(await find('apples', { tenant: 'other', account: 'u_mike' }), { items: [], total: 0 })
  })

  test('that are added again are one', async (t) => {
    const { write, find } = await setUp(t)
    for (let n = 0; n < 2; n++) await write((writer) => addDocument(writer, mike, document(1, 'apples')))
    assert.equal((await find('apples')).total, 1)
    await write((writer) => removeDocument(writer, mike, 1))
    assert.equal((await find('apples')).total, 0)
  })

  test('move with their message, and go with its newest placement only', async (t) => {
    const { write, find } = await setUp(t)
    await write((writer) => addDocument(writer, mike, document(1, 'apples')))
    await write((writer) => moveDocument(writer, mike, { placement: 1, target: 9, mailbox: 'archive' }))
    assert.equal((await find('apples', mike, { mailboxes: ['archive'] })).total, 1)
    assert.equal((await find('apples', mike, { mailboxes: ['inbox'] })).total, 0)
    await write((writer) => removeDocument(writer, mike, 1))
    assert.equal((await find('apples')).total, 1)
    await write((writer) => removeDocument(writer, mike, 9))
    assert.equal((await find('apples')).total, 0)
  })

  test('of another account are neither moved nor removed by their placement', async (t) => {
    const { write, find } = await setUp(t)
    await write((writer) => addDocument(writer, mike, document(1, 'apples')))
    await write(async (writer) => {
      await moveDocument(writer, anna, { placement: 1, target: 2, mailbox: 'trash' })
      await removeDocument(writer, anna, 1)
    })
    assert.equal((await find('apples', mike, { mailboxes: ['inbox'] })).total, 1)
  })

  test('of an account go in steps', async (t) => {
    const { write, find } = await setUp(t)
    await write(async (writer) => {
      for (let item = 1; item <= 5; item++) await addDocument(writer, mike, document(item, 'apples'))
      await addDocument(writer, anna, document(6, 'apples'))
    })
    const steps: number[] = []
    for (let gone = 2; gone === 2; ) {
      gone = await write((writer) => removeAccount(writer, mike, 2))
      steps.push(gone)
    }
    assert.deepEqual(steps, [2, 2, 1])
    assert.equal((await find('apples')).total, 0)
    assert.equal((await find('apples', anna)).total, 1)
  })

  test('are found the newest first, page by page', async (t) => {
    const { write, find } = await setUp(t)
    await write(async (writer) => {
      for (const item of [3, 1, 5, 2, 4]) await addDocument(writer, mike, document(item, 'apples'))
    })
    assert.deepEqual((await find('apples')).items, [5, 4, 3, 2, 1])
    assert.deepEqual(await find('apples', mike, { offset: 1, limit: 2 }), { items: [4, 3], total: 5 })
    assert.deepEqual(await find('apples', mike, { offset: 9, limit: 2 }), { items: [], total: 5 })
  })

  test('of one second are apart, whatever their number', async (t) => {
    const { write, find } = await setUp(t)
    await write(async (writer) => {
      for (let n = 0; n < 20; n++)
        await addDocument(writer, mike, { ...document(8192 * 16_384 * n + 1, 'apples'), received: 5 })
    })
    assert.equal((await find('apples')).total, 20)
    assert.equal(new Set((await find('apples')).items).size, 20)
  })

  test('of several accounts that are added together each get an id of their own, and once', async (t) => {
    const { write, find } = await setUp(t)
    const ofOneSecond = (n: number) => ({ ...document(8192 * 16_384 * n + 1, 'apples'), received: 5 })
    const adding = Array.from({ length: 20 }, (_, n) => ({
      key: n % 2 ? mike : anna,
      document: ofOneSecond(n),
    }))
    await write((writer) => addDocuments(writer, adding.slice(0, 5)))
    await write((writer) => addDocuments(writer, [...adding, ...adding]))
    const [mine, hers] = [await find('apples'), await find('apples', anna)]
    assert.deepEqual([mine.total, hers.total], [10, 10])
    assert.equal(new Set([...mine.items, ...hers.items]).size, 20)
  })

  test('are found among many newer ones by their time, mailbox and conversation', async (t) => {
    const { write, find } = await setUp(t)
    await write(async (writer) => {
      for (let item = 1; item <= 200; item++)
        await addDocument(writer, mike, {
          ...document(item, 'apples', item === 3 ? 'archive' : 'inbox'),
          conversation: item === 4 ? 'c4' : 'c0',
        })
    })
    assert.deepEqual((await find('apples', mike, { after: 1000, before: 3000 })).items, [2])
    assert.deepEqual(await find('apples', mike, { mailboxes: ['archive'] }), { items: [3], total: 1 })
    assert.deepEqual(await find('apples', mike, { conversation: 'c4' }), { items: [4], total: 1 })
    assert.deepEqual(await find('', mike, { conversation: 'c4', anything: true }), { items: [4], total: 1 })
    assert.deepEqual((await find('', mike, { before: 3000, anything: true })).items, [2, 1])
    assert.deepEqual(await find('', mike, { conversation: 'c4' }), { items: [], total: 0 })
    assert.deepEqual((await find('received:1970-01-01', mike, { limit: 2 })).items, [200, 199])
    assert.equal((await find('apples received:>1970-01-01')).total, 0)
  })

  test('are found by what they say, do not say, or say instead', async (t) => {
    const { write, find } = await setUp(t)
    await write(async (writer) => {
      await addDocument(writer, mike, document(1, 'apples and pears'))
      await addDocument(writer, mike, document(2, 'apples'))
      await addDocument(writer, mike, document(3, 'plums'))
      await addDocument(writer, anna, document(4, 'plums'))
    })
    const found = async (query: string) => (await find(query)).items
    assert.deepEqual(await found('apples NOT pears'), [2])
    assert.deepEqual(await found('apples -pears'), [2])
    assert.deepEqual(await found('pears OR plums'), [3, 1])
    assert.deepEqual(await found('(pears OR plums) AND apples'), [1])
    assert.deepEqual(await found('NOT apples'), [3])
    assert.deepEqual(await found('plums OR NOT pears'), [3, 2])
    assert.deepEqual(await found('participants:anna body:plums'), [3])
    assert.deepEqual(await found('"plum*"'), [3])
  })

  test('of a mailbox of a thousand are found in one look at the index', async (t) => {
    const { write, find } = await setUp(t)
    await write(async (writer) => {
      for (let item = 1; item <= 1000; item++)
        await addDocument(writer, mike, document(item, `apples number${item}`))
    })
    assert.equal((await find('apples')).total, 1000)
    assert.deepEqual(await find('apples number77'), {
      items: [770, 771, 772, 773, 774, 775, 776, 777, 778, 779, 77].sort((a, b) => b - a),
      total: 11,
    })
  })
}

for (const engine of ['sqlite', 'postgres'] as const)
  describe(`documents of the index, by ${engine}`, () => documentRules(engine))

test('names of attachments are those of all parts that have one', () => {
  const part = (filename: string, parts: object[] = []) =>
    ({ filename, parts }) as unknown as Parameters<typeof attachmentNames>[0]
  assert.deepEqual(attachmentNames(undefined), [])
  assert.deepEqual(attachmentNames(part('', [part('a.pdf')!, part('', [part('b.txt')!])!])), [
    'a.pdf',
    'b.txt',
  ])
})

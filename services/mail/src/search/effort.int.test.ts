import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { Envelope } from '@relais/proto/mail/v1/message.ts'
import type { Reader, ReadStore } from '@relais/read-store'
import { openTestRows, temporaryFolder } from '@relais/testing'
import { addDocuments, removeAccount, removeDocument } from './documents.ts'
import { EFFORT, type Effort } from './effort.ts'
import type { Search } from './find.ts'
import { findByState } from './find-by-state.ts'
import { parseQuery } from './query.ts'
import { SEARCH_STORE } from './schema.ts'

const key = { tenant: 'acme', account: 'u_mike' }
const COUNT = 60
const SMALL: Effort = { perVolume: 10, inOneGo: 1, inAll: 1_000_000, fewWords: 4, lookedAt: 1000 }

/** What users did with messages: the columns that a search reads. */
const STATES = {
  name: 'states',
  version: 1,
  schema: [
    `CREATE TABLE messages (tenant TEXT NOT NULL, account TEXT NOT NULL, item BIGINT NOT NULL, seen SMALLINT NOT NULL,
      draft SMALLINT NOT NULL, flag BYTEA, categories TEXT, PRIMARY KEY (tenant, account, item))`,
  ],
}

type Question = { readonly sql: string; readonly params: readonly unknown[]; readonly rows: number }

/** Documents and messages that an answer has, be they rows of their own or in one. */
const countOf = (rows: readonly unknown[]): number => {
  const [first] = rows as { docs?: string }[]
  return first?.docs === undefined ? rows.length : JSON.parse(first.docs).length
}

/** A store that writes down what it is asked. */
const watched = <Store extends Reader>(store: Store, asked: Question[]): Store =>
  ({
    ...{ dialect: store.dialect },
    get: async (sql: string, ...params: never[]) => {
      const row = await store.get(sql, ...params)
      asked.push({ sql, params, rows: countOf(row === undefined ? [] : [row]) })
      return row
    },
    all: async (sql: string, ...params: never[]) => {
      const rows = await store.all(sql, ...params)
      asked.push({ sql, params, rows: countOf(rows) })
      return rows
    },
  }) as unknown as Store

const document = (item: number) => ({
  ...{ item, placement: item, mailbox: 'inbox', received: item * 1000, conversation: 'c0', attachments: [] },
  ...{ body: `apples number${item}`, size: item * 100 },
  envelope: Envelope.fromPartial({
    ...{ subject: `subject${item}`, importance: item % 20 === 0 ? 'high' : '', date: item === 7 ? 5 : 0 },
  }),
})

const setUp = async (t: TestContext, effort: Partial<Effort> = {}) => {
  const rows = openTestRows(await temporaryFolder(t), 'sqlite')
  const open: ReadStore[] = []
  t.after(async () => void (await Promise.all(open.map((store) => store.close()))))
  for (const store of [SEARCH_STORE, STATES]) open.push(await rows.openStore(store))
  const [index, states] = open as [ReadStore, ReadStore]
  const used = { ...SMALL, ...effort }
  const items = Array.from({ length: COUNT }, (_, n) => n + 1)
  await index.transaction((writer) =>
    addDocuments(
      writer,
      items.map((item) => ({ key, document: document(item) })),
      used,
    ),
  )
  await states.transaction(async (writer) => {
    for (const item of items)
      await writer.run(
        'INSERT INTO messages VALUES (?, ?, ?, ?, 0, NULL, NULL)',
        ...[key.tenant, key.account, item, item % 2],
      )
  })
  const ofIndex: Question[] = []
  const ofRows: Question[] = []
  const stores = { index: watched(index, ofIndex), rows: watched(states, ofRows) }
  const find = async (query: string, more: Partial<Search> = {}) => {
    ofIndex.length = 0
    ofRows.length = 0
    const search = { mailboxes: [], after: 0, before: 0, conversation: '', offset: 0, limit: 5, ...more }
    return findByState(stores, key, { query: parseQuery(query, 0), effort: used, ...search })
  }
  const matches = () => ofIndex.filter(({ sql }) => sql.includes('MATCH'))
  return { index, find, matches, ofIndex, ofRows }
}

const newest = (count: number, from = COUNT) => Array.from({ length: count }, (_, n) => from - n)

/** As much as a query can say: each of 32 terms an alternative of its own, with a state. */
const WORST = Array.from({ length: 16 }, (_, n) => `(number${n} isread:${n % 2 === 0})`).join(' OR ')

describe('a search', () => {
  test('asks for the documents of one volume at a time, whatever it asks', async (t) => {
    const { find, ofIndex, ofRows } = await setUp(t)
    for (const query of [
      'apples',
      'NOT pears',
      'apples received:1970-01-01',
      'isread:true',
      'sent:today',
      WORST,
    ]) {
      await find(query)
      assert.ok(ofIndex.length > 0, query)
      for (const { rows } of ofIndex) assert.ok(rows <= SMALL.perVolume, query)
      for (const { params } of ofRows) assert.ok(params.length <= 2 + 64, query)
    }
    await find('', { conversation: 'c0', anything: true })
    for (const { rows } of ofIndex) assert.ok(rows <= SMALL.perVolume)
  })

  test('lets whatever else there is to do have its turn after each of them', async (t) => {
    const { find, ofIndex, ofRows } = await setUp(t)
    let turns = 0
    let immediate = setImmediate(function turn() {
      turns++
      immediate = setImmediate(turn)
    })
    await find(WORST)
    clearImmediate(immediate)
    const volumes = COUNT / SMALL.perVolume
    assert.ok(ofIndex.length >= volumes * 17)
    assert.ok(turns >= volumes * 17 + ofRows.length, `${turns} turns`)
  })

  test('ends with what is enough: volumes of older messages aren’t asked', async (t) => {
    const { find, matches } = await setUp(t)
    assert.deepEqual((await find('apples')).items, newest(5))
    assert.equal(matches().length, 6, 'all are counted, up to 5,000')
    const received = { after: 45_000 }
    assert.deepEqual(await find('apples', received), { items: newest(5), total: 15 })
    assert.equal(matches().length, 2, 'none that has nothing of the time is asked')
  })

  test('of very many words asks for the newest messages alone, of few words for all', async (t) => {
    const { find, matches } = await setUp(t, { inAll: 100 })
    assert.equal((await find('number1')).total, 11)
    assert.equal(matches().length, 6)
    const many = Array.from({ length: 5 }, (_, n) => `number${n}`).join(' OR ')
    const found = await find(many, { limit: 100 })
    assert.equal(matches().length, 2)
    assert.deepEqual(
      found.items,
      [50, 49, 48, 47, 46, 45, 44, 43, 42, 41].filter((n) => n > 40 && n < 50),
    )
    const more = Array.from({ length: 32 }, (_, n) => `number${n}`).join(' OR ')
    await find(more)
    assert.equal(matches().length, 1, 'the newest always')
  })

  test('by states looks at the newest messages that match in everything else', async (t) => {
    const { find, ofRows } = await setUp(t, { lookedAt: 20 })
    assert.deepEqual(await find('isread:true', { limit: 100 }), {
      ...{ items: newest(20).filter((item) => item % 2 === 1), total: 10 },
    })
    assert.equal(new Set(ofRows.flatMap(({ params }) => params.slice(2))).size, 20)
    assert.deepEqual((await find('number1 isread:true', { limit: 100 })).items, [19, 17, 15, 13, 11, 1])
  })

  test('that only words and what is always so decide looks at no message', async (t) => {
    const { find, ofRows } = await setUp(t)
    assert.deepEqual((await find('importance:high')).items, [60, 40, 20])
    assert.deepEqual((await find('sent:<1970-01-01 OR sent:1970-01-01', { limit: 100 })).total, COUNT)
    assert.deepEqual((await find('number7 OR size>5900')).items, [60, 7])
    assert.deepEqual((await find('(number3 importance:high) OR number44')).items, [44])
    assert.deepEqual(ofRows, [])
  })

  test('looks only at messages whose words don’t decide by themselves', async (t) => {
    const { find, ofRows } = await setUp(t)
    assert.deepEqual(
      (await find('(number44 isread:false) OR (number45 isread:false) OR number46')).items,
      [46, 44],
    )
    assert.deepEqual(new Set(ofRows.flatMap(({ params }) => params.slice(2))), new Set([44, 45]))
  })

  test('of alternatives asks for messages that have one of them, by one question of each volume', async (t) => {
    const { find, matches } = await setUp(t)
    await find('(number44 isread:false) OR (number45 isread:false)')
    const [first] = matches()
    assert.match(`${first!.params[0]}`, /number44" \* OR .*number45" \*/)
    assert.equal(matches().length, 6 + 2, 'each alternative only where there is something')
  })

  test('is given up once nobody waits for it', async (t) => {
    const { find, ofIndex } = await setUp(t)
    const leaving = new AbortController()
    const searching = find('apples', { signal: leaving.signal })
    leaving.abort(new Error('nobody waits'))
    await assert.rejects(searching, { message: 'nobody waits' })
    assert.deepEqual(
      ofIndex.filter(({ sql }) => sql.includes('MATCH')),
      [],
    )
  })
})

describe('volumes', () => {
  const volumesOf = (index: ReadStore) =>
    index.all<{ volume: number; added: number; held: number }>(
      'SELECT volume, added, held FROM volumes ORDER BY volume',
    )

  test('take documents as they come until they are full', async (t) => {
    const { index } = await setUp(t, { perVolume: 25 })
    assert.deepEqual(
      (await volumesOf(index)).map(({ added, held }) => [added, held]),
      [
        [25, 25],
        [25, 25],
        [10, 10],
      ],
    )
  })

  test('go with their last document', async (t) => {
    const { index, find } = await setUp(t)
    await index.transaction(async (writer) => {
      for (let item = 11; item <= 20; item++) await removeDocument(writer, key, item)
      await removeDocument(writer, key, 21)
    })
    assert.deepEqual(
      (await volumesOf(index)).map(({ volume, held }) => [volume, held]),
      [
        [0, 10],
        [2, 9],
        [3, 10],
        [4, 10],
        [5, 10],
      ],
    )
    assert.equal((await find('apples')).total, COUNT - 11)
  })

  test('of an account that is erased are gone, and so is what they had', async (t) => {
    const { index } = await setUp(t)
    while ((await index.transaction((writer) => removeAccount(writer, key, 16))) === 16);
    assert.deepEqual(await volumesOf(index), [])
    assert.deepEqual(await index.all('SELECT * FROM volume_of'), [])
  })

  test('hold as many documents as one question may look at', () => {
    const terms = 32
    assert.ok(EFFORT.perVolume * terms <= 2 * EFFORT.inOneGo)
    assert.ok(2 * EFFORT.perVolume * terms < EFFORT.inAll)
  })
})

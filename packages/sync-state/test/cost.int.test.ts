import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { type Answer, answer } from '../src/answer/answer.ts'
import { estimate } from '../src/answer/estimate.ts'
import { NOTHING_APPLIED } from '../src/answer/knowledge.ts'
import { INVISIBLE_BUDGET, type Question } from '../src/answer/work.ts'
import { BOTTOM, type Cursor, firstCursor, type WindowEdge } from '../src/cursor.ts'
import { rowFeed } from '../src/feed.ts'
import { NOTHING_KNOWN } from '../src/known-list.ts'
import { CountingReader, Mailbox } from './simulation/mailbox.ts'
import { openRows } from './simulation/rows.ts'

const opened = openRows()
after(async () => (await opened).close())

const WINDOW = 100

type Asked = {
  readonly cursor: Cursor
  readonly floor?: WindowEdge
  readonly filter?: number
  readonly window?: number
}

const questionOf = (
  mailbox: Mailbox,
  { cursor, floor = BOTTOM, filter = 0, window = WINDOW }: Asked,
): Question => ({
  device: 'd1',
  syncKey: 'k',
  cursor,
  list: NOTHING_KNOWN,
  filter,
  floor,
  window,
  getChanges: true,
  applied: NOTHING_APPLIED,
  alsoWanted: new Set(),
  snapshot: mailbox.head,
})

/** An answer, the rows that were read for it, and the statements. */
const ask = async (
  mailbox: Mailbox,
  asked: Asked,
): Promise<Answer & { read: number; statements: Set<string> }> => {
  const { store } = await opened
  return store.snapshot(async (reader) => {
    const counting = new CountingReader(reader)
    const told = await answer(rowFeed(counting, mailbox.scope), questionOf(mailbox, asked))
    return { ...told, read: counting.rows, statements: counting.statements }
  })
}

const first = (mailbox: Mailbox) =>
  firstCursor(mailbox.head, { epoch: 1, generation: 1, filter: 0, level: 2, view: 0 })

/** A cursor that covers everything. */
const settled = (mailbox: Mailbox, floor = BOTTOM): Cursor => ({ ...first(mailbox), edge: floor })

const SIZES = [1000, 10_000, 100_000]

describe('rows read for an answer do not grow with the mailbox', () => {
  const mailboxes = Promise.all(
    SIZES.map(async (size) => {
      const mailbox = new Mailbox((await opened).store, `size-${size}`)
      await mailbox.create()
      const ids = await mailbox.fill(size)
      return { mailbox, ids, size }
    }),
  )

  const eachSize = async (measure: (made: Awaited<typeof mailboxes>[number]) => Promise<number>) => {
    const counts: number[] = []
    for (const made of await mailboxes) counts.push(await measure(made))
    return counts
  }

  test('nothing new', async () => {
    const counts = await eachSize(async ({ mailbox }) => {
      const { idle, examined, read } = await ask(mailbox, { cursor: settled(mailbox) })
      assert.deepEqual([idle, examined], [true, 0])
      return read
    })
    assert.deepEqual(new Set(counts).size, 1)
    assert.ok(counts[0]! <= 8, `${counts[0]} rows`)
  })

  test('a first page, newest first', async () => {
    const counts = await eachSize(async ({ mailbox, ids }) => {
      const { operations, more, read } = await ask(mailbox, { cursor: first(mailbox) })
      assert.deepEqual(
        operations.map(({ placement }) => placement),
        ids.toReversed().slice(0, WINDOW),
      )
      assert.equal(more, true)
      return read
    })
    assert.equal(new Set(counts).size, 1)
    assert.ok(counts[0]! <= 2 * WINDOW + 50, `${counts[0]} rows`)
  })

  test('a page in the middle of the walk', async () => {
    const counts = await eachSize(async ({ mailbox, ids, size }) => {
      const middle = ids[size / 2]!
      const edge = { sortKey: size / 2, placement: middle }
      const { operations, read } = await ask(mailbox, { cursor: { ...first(mailbox), edge } })
      assert.equal(operations[0]!.placement, ids[size / 2 - 1])
      return read
    })
    assert.equal(new Set(counts).size, 1)
  })

  test('the first page after a filter that lets a fifth through', async () => {
    const counts = await eachSize(async ({ mailbox, size }) => {
      const floor = { sortKey: size - size / 5, placement: 0 }
      const { operations, read } = await ask(mailbox, { cursor: first(mailbox), floor, filter: 1 })
      assert.equal(operations.length, WINDOW)
      return read
    })
    assert.equal(new Set(counts).size, 1)
  })

  test('one new message', async () => {
    const counts = await eachSize(async ({ mailbox }) => {
      const cursor = settled(mailbox)
      const [id] = await mailbox.fill(1, () => 10 ** 6)
      const { operations, read } = await ask(mailbox, { cursor })
      assert.deepEqual(
        operations.map(({ kind, placement }) => [kind, placement]),
        [['add', id]],
      )
      return read
    })
    assert.equal(new Set(counts).size, 1)
    assert.ok(counts[0]! <= 10, `${counts[0]} rows`)
  })

  test('a change of one', async () => {
    const counts = await eachSize(async ({ mailbox, ids }) => {
      const cursor = settled(mailbox)
      await mailbox.touch([ids[3]!])
      const { operations, read } = await ask(mailbox, { cursor })
      assert.deepEqual(
        operations.map(({ kind }) => kind),
        ['change'],
      )
      return read
    })
    assert.equal(new Set(counts).size, 1)
  })

  test('an estimate', async () => {
    const { store } = await opened
    for (const { mailbox, size } of await mailboxes) {
      const question = questionOf(mailbox, { cursor: first(mailbox), window: 512 })
      const [count, rows] = await store.snapshot(async (reader) => {
        const counting = new CountingReader(reader)
        return [await estimate(rowFeed(counting, mailbox.scope), question), counting.rows]
      })
      assert.ok(count >= Math.min(size, 10_000) && count <= 10_000, `${count} of ${size}`)
      assert.ok(rows <= 800, `${rows} rows`)
    }
  })

  test('every statement walks an index, and sorts nothing', async () => {
    const { store } = await opened
    const { mailbox, ids } = (await mailboxes)[0]!
    const cursor = settled(mailbox, { sortKey: 0, placement: 0 })
    await mailbox.touch([ids[5]!])
    const { statements } = await ask(mailbox, { cursor, floor: { sortKey: 500, placement: 0 }, filter: 1 })
    const walked = await ask(mailbox, { cursor: first(mailbox) })
    for (const sql of [...statements, ...walked.statements]) {
      const plan = await store.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      for (const { detail } of plan) {
        assert.match(detail, /^SEARCH .* USING .*INDEX/, sql)
        assert.doesNotMatch(detail, /TEMP B-TREE|SCAN/, sql)
      }
    }
  })
})

describe('an answer costs at most its window and a fixed budget', () => {
  const atMost = (read: number, lanes: number) =>
    assert.ok(read <= WINDOW + INVISIBLE_BUDGET + lanes * 128 + 20, `${read} rows`)

  const big = async (name: string, size = 5000) => {
    const mailbox = new Mailbox((await opened).store, name)
    await mailbox.create()
    return { mailbox, ids: await mailbox.fill(size) }
  }

  test('half of the mailbox was marked, all of it below the filter', async () => {
    const { mailbox, ids } = await big('marked')
    const floor = { sortKey: 4000, placement: 0 }
    let cursor = { ...settled(mailbox, floor), filter: 1 }
    await mailbox.touch(ids.slice(0, 2500))
    let answers = 0
    for (let more = true; more; answers++) {
      const told = await ask(mailbox, { cursor, floor, filter: 1 })
      atMost(told.read, 3)
      assert.equal(told.operations.length, 0)
      cursor = { ...told.cursor, filter: 1 }
      more = told.more
    }
    assert.equal(answers, 4)
  })

  test('thousands were deleted while a first Sync was half-way', async () => {
    const { mailbox, ids } = await big('deleted')
    const page = await ask(mailbox, { cursor: first(mailbox) })
    await mailbox.end(ids.slice(0, 3000))
    let cursor = page.cursor
    const told: string[] = []
    for (let more = true; more; ) {
      const next = await ask(mailbox, { cursor })
      atMost(next.read, 3)
      told.push(...next.operations.map(({ kind }) => kind))
      cursor = next.cursor
      more = next.more
    }
    assert.deepEqual(new Set(told), new Set(['add']))
    assert.equal(told.length, 2000 - WINDOW)
  })

  test('the horizon slides over thousands of tombstones', async () => {
    const { mailbox, ids } = await big('slides')
    await mailbox.end(ids.slice(0, 4000))
    let cursor = settled(mailbox)
    const floor = { sortKey: 4500, placement: 0 }
    const told: string[] = []
    for (let more = true; more; ) {
      const next = await ask(mailbox, { cursor, floor, filter: 1 })
      atMost(next.read, 3)
      told.push(...next.operations.map(({ kind }) => kind))
      cursor = next.cursor
      more = next.more
    }
    assert.deepEqual([new Set(told), told.length], [new Set(['soft_delete']), 500])
  })

  test('thousands came and went between two Syncs', async () => {
    const { mailbox } = await big('came', 100)
    let cursor = settled(mailbox)
    const ids = await mailbox.fill(3000)
    await mailbox.end(ids)
    for (let more = true; more; ) {
      const next = await ask(mailbox, { cursor })
      atMost(next.read, 3)
      assert.equal(next.operations.length, 0)
      cursor = next.cursor
      more = next.more
    }
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { anyList } from './arbitrary.fixture.ts'
import { BOTTOM, type Cursor, endOf, firstCursor, lastPlacement } from './cursor.ts'
import {
  answered,
  answeredFirst,
  answeredQuiet,
  type CollectionState,
  decodeState,
  encodeState,
  firstGeneration,
  isBehind,
  isRepeatable,
  isUnacknowledged,
  MAX_HELD_KEYS,
  MAX_LISTS,
  present,
  saidChanges,
} from './device-row.ts'
import { packKey } from './key.ts'
import { type KnownList, NOTHING_KNOWN, nameList } from './known-list.ts'

const cursorAt = (generation: number, position: number, change: Partial<Cursor> = {}): Cursor => ({
  ...firstCursor(position, { epoch: 1, generation, filter: 0, level: 2, view: 0 }),
  edge: BOTTOM,
  changes: endOf(position),
  added: lastPlacement(position),
  ...change,
})

const presented = (state: CollectionState | undefined, cursor: Cursor) => {
  const result = present(state, packKey(cursor), cursor)
  assert.equal(result.outcome, 'ok')
  return result as Extract<typeof result, { outcome: 'ok' }>
}

/** The phone presents a key and gets another. */
const exchange = (
  state: CollectionState | undefined,
  from: Cursor,
  to: Cursor,
  change: { list?: KnownList; behind?: boolean } = {},
) =>
  answered(presented(state, from).state, {
    presented: packKey(from),
    key: packKey(to),
    cursor: to,
    list: change.list ?? NOTHING_KNOWN,
    behind: change.behind ?? false,
  })

const quiet = (state: CollectionState | undefined, cursor: Cursor, snapshot: number, getChanges = true) =>
  answeredQuiet(state, { key: packKey(cursor), cursor, getChanges, snapshot, edge: BOTTOM })

const listOf = (placement: number): KnownList => ({ ...NOTHING_KNOWN, created: [placement] })

describe('depth: rows only serve to refuse what is older than the previous generation', () => {
  test('a key is accepted without a row', () => {
    assert.equal(presented(undefined, cursorAt(5, 10)).state.presented, 5)
  })

  test('the newest acknowledged and the one sent after it are accepted, older ones are not', () => {
    const state = exchange(undefined, cursorAt(5, 10), cursorAt(6, 11))
    assert.equal(present(state, 'k', cursorAt(5, 10)).outcome, 'ok')
    const newer = presented(state, cursorAt(6, 11)).state
    assert.equal(present(newer, 'k', cursorAt(5, 10)).outcome, 'old')
    assert.equal(present(newer, 'k', cursorAt(6, 11)).outcome, 'ok')
  })

  test('a first request takes nothing away from the state in use: it may be a late one', () => {
    const list = listOf(1)
    const to = cursorAt(6, 11, { list: nameList(list) })
    const state = answeredFirst(
      exchange(undefined, cursorAt(5, 10), to, { list }),
      'first',
      cursorAt(2000, 20),
    )
    assert.deepEqual(presented(state, to).list, list)
  })

  test('first generations are above all former ones, with rows and without', () => {
    const now = Date.UTC(2026, 11, 1)
    const state = exchange(undefined, cursorAt(5, 10), cursorAt(900_000, 11))
    assert.ok(firstGeneration(state, now) > 900_001)
    assert.ok(firstGeneration(undefined, now) > 100_000, 'time passes generations of lost rows')
    assert.ok(firstGeneration(undefined, now + 60_000) > firstGeneration(undefined, now))
    assert.ok(firstGeneration(undefined, Date.UTC(2400, 0)) < 2 ** 30)
  })
})

describe('known: lists are kept by name', () => {
  test('the list that a key names is there when it is presented', () => {
    const list = listOf(7)
    const to = cursorAt(6, 11, { list: nameList(list) })
    assert.deepEqual(presented(exchange(undefined, cursorAt(5, 10), to, { list }), to).list, list)
  })

  test('a lost one is refused', () => {
    assert.equal(present(undefined, 'k', cursorAt(6, 11, { list: 77 })).outcome, 'list')
  })

  test(`${MAX_LISTS} are kept; the least recently used goes first`, () => {
    const lists = Array.from({ length: MAX_LISTS + 1 }, (_, n) => listOf(n + 1))
    const first = cursorAt(6, 11, { list: nameList(lists[0]!) })
    const cursors = lists.map((list, n) => cursorAt(6, 11 + n, { list: nameList(list) }))
    let state: CollectionState | undefined
    for (const [n, list] of lists.entries()) {
      if (n === MAX_LISTS) state = { ...presented(state, first).state, presented: 5 }
      state = exchange(state, cursorAt(5, 10), cursors[n]!, { list })
    }
    assert.equal(state!.lists.length, MAX_LISTS)
    assert.equal(present(state, 'k', first).outcome, 'ok', 'it was used')
    assert.equal(present(state, 'k', cursors[1]!).outcome, 'list')
  })
})

describe('hint: nothing visible up to here', () => {
  test('is given back with the key it was found for', () => {
    const cursor = cursorAt(5, 10)
    const state = quiet(presented(undefined, cursor).state, cursor, 30)
    assert.deepEqual(presented(state, cursor).hint, { position: 30, edge: BOTTOM })
  })

  test('not with another key', () => {
    const state = quiet(presented(undefined, cursorAt(5, 10)).state, cursorAt(5, 10), 30)
    assert.equal(presented(state, cursorAt(6, 20)).hint, undefined)
  })

  test('Ping starts from it', () => {
    const cursor = cursorAt(5, 10)
    const state = quiet(presented(undefined, cursor).state, cursor, 30)
    assert.deepEqual([isBehind(state, 30), isBehind(state, 31)], [false, true])
  })

  test('an answer that was not asked for changes says nothing of them', () => {
    const cursor = cursorAt(5, 10)
    const state = quiet(presented(undefined, cursor).state, cursor, 30, false)
    assert.equal(state.hint, undefined)
    assert.equal(isBehind(state, 1), true)
  })

  test('the row may be lost between question and answer', () => {
    assert.equal(isBehind(quiet(undefined, cursorAt(5, 10), 30), 30), false)
  })
})

describe('may: Ping compares with every key that the phone may hold', () => {
  test('the one sent counts as soon as it is sent', () => {
    const state = exchange(undefined, cursorAt(5, 10), cursorAt(6, 20))
    assert.deepEqual([isBehind(state, 20), isBehind(state, 21)], [false, true])
  })

  test('an answer that was lost leaves the other one that was sent for the same key', () => {
    const first = exchange(undefined, cursorAt(5, 10), cursorAt(6, 20))
    const second = exchange(first, cursorAt(5, 10), cursorAt(6, 25))
    assert.equal(isBehind(second, 25), true, 'the phone may hold the one at 20')
    const acknowledged = presented(second, cursorAt(6, 25)).state
    assert.equal(isBehind(acknowledged, 25), true, 'both have one generation')
    const later = exchange(acknowledged, cursorAt(6, 25), cursorAt(7, 30))
    assert.equal(isBehind(presented(later, cursorAt(7, 30)).state, 30), false)
  })

  test('more to come, or changes not asked for: behind whatever happens', () => {
    assert.equal(isBehind(exchange(undefined, cursorAt(5, 10), cursorAt(6, 20), { behind: true }), 0), true)
  })

  test('a quiet answer after "changes" settles which key the phone holds', () => {
    const two = exchange(
      exchange(undefined, cursorAt(5, 10), cursorAt(6, 20)),
      cursorAt(5, 10),
      cursorAt(6, 25),
    )
    const asked = saidChanges(presented(two, cursorAt(6, 25)).state)
    assert.equal(isBehind(quiet(asked, cursorAt(6, 25), 25), 25), false)
  })

  test('a key presented after "changes" settles it too: another first answer that was lost is not behind for ever', () => {
    const first = cursorAt(6, 20)
    const beside = cursorAt(1006, 20)
    const two = answeredFirst(answeredFirst(undefined, packKey(first), first), packKey(beside), beside)
    assert.equal(isBehind(presented(two, first).state, 25), true)
    const told = exchange(saidChanges(presented(two, first).state), first, cursorAt(7, 25))
    assert.equal(isBehind(presented(told, cursorAt(7, 25)).state, 25), false)
    const newer = saidChanges(exchange(two, first, cursorAt(7, 25)))
    assert.equal(isBehind(presented(newer, cursorAt(7, 25)).state, 25), false)
  })

  test('a lost row is behind', () => {
    assert.equal(isBehind(undefined, 0), true)
  })

  test(`at most ${MAX_HELD_KEYS} are remembered; when one is forgotten the next Ping says "changes" once`, () => {
    let state: CollectionState | undefined
    for (let n = 0; n < MAX_HELD_KEYS; n++) state = exchange(state, cursorAt(5, 10), cursorAt(6, 20 + n))
    assert.equal(isBehind(state, 20), false)
    state = exchange(state, cursorAt(5, 10), cursorAt(6, 40))
    assert.equal(state.held.length, MAX_HELD_KEYS)
    assert.equal(isBehind(state, 0), true)
    const settled = quiet(saidChanges(presented(state, cursorAt(6, 40)).state), cursorAt(6, 40), 40)
    assert.equal(isBehind(settled, 40), false)
  })

  test('first requests over and over are bounded too', () => {
    let state: CollectionState | undefined
    for (let n = 0; n < 50; n++) state = answeredFirst(state, `k${n}`, cursorAt(n, 1))
    assert.equal(state!.held.length, MAX_HELD_KEYS)
  })
})

test('pinghead: the head compared with is the log’s, which may be ahead of the rows', () => {
  const state = exchange(undefined, cursorAt(5, 10), cursorAt(6, 20))
  const rows = { head: 20 }
  const log = { head: 21 }
  assert.deepEqual([isBehind(state, rows.head), isBehind(state, log.head)], [false, true])
})

describe('unacked: a heartbeat that ends over an unacknowledged answer says "changes"', () => {
  test('an answer is unacknowledged until its key is presented', () => {
    const sent = exchange(undefined, cursorAt(5, 10), cursorAt(6, 20))
    assert.equal(isUnacknowledged(sent), true)
    assert.equal(isUnacknowledged(presented(sent, cursorAt(6, 20)).state), false)
  })

  test('a key presented again acknowledges itself', () => {
    const state = presented(exchange(undefined, cursorAt(5, 10), cursorAt(6, 20)), cursorAt(6, 20)).state
    assert.equal(isUnacknowledged(presented(state, cursorAt(6, 20)).state), false)
  })

  test('an empty answer needs no acknowledgement', () => {
    const cursor = cursorAt(5, 10)
    assert.equal(isUnacknowledged(quiet(presented(undefined, cursor).state, cursor, 10)), false)
  })

  test('the answer to a first request, and a lost row', () => {
    assert.equal(isUnacknowledged(answeredFirst(undefined, 'k', cursorAt(1, 1))), true)
    assert.equal(isUnacknowledged(undefined), true)
  })
})

describe('empty: an empty Sync stands for the last request presented whose answer was empty', () => {
  const cursor = cursorAt(6, 20)
  const state = presented(exchange(undefined, cursorAt(5, 10), cursor), cursor).state
  const request = { collection: 'inbox', key: packKey(cursor), generation: 6, quiet: true }
  const stateOf = () => state

  test('it may be repeated', () => {
    assert.equal(isRepeatable([request], stateOf), true)
  })

  test('not if anything was told', () => {
    assert.equal(isRepeatable([request, { ...request, quiet: false }], stateOf), false)
  })

  test('not for an older generation, nor with the row lost', () => {
    assert.equal(isRepeatable([{ ...request, generation: 5 }], stateOf), false)
    assert.equal(
      isRepeatable([request], () => undefined),
      false,
    )
  })
})

describe('the stored form', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(anyList, fc.boolean(), (list, isQuiet) => {
        const to = cursorAt(6, 20, { list: nameList(list) })
        const full = exchange(undefined, cursorAt(5, 10), to, { list })
        const state = isQuiet ? quiet(full, to, 30) : full
        assert.deepEqual(decodeState(encodeState(state)), state)
      }),
    )
  })
})

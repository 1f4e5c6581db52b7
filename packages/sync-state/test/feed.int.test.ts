import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { compareEdges, compareFeed, type FeedPosition, type WindowEdge } from '../src/cursor.ts'
import { rowFeed } from '../src/feed.ts'
import { createdAt, type PlacementRow } from '../src/placement-row.ts'
import { PLACEMENT_COLUMNS, readPlacement, type StoredPlacement } from '../src/rows.ts'
import { ACCOUNT } from './simulation/rows.ts'
import { stage } from './simulation/scene.ts'

const open = stage({ after })

const take = async <T>(rows: AsyncGenerator<T>): Promise<T[]> => {
  const taken: T[] = []
  for await (const row of rows) taken.push(row)
  return taken
}

/** A calendar and a second one with moves, changes, re-datings and ends, as a random story tells. */
const tell = async (story: readonly (readonly [number, number])[]) => {
  const scene = await open({ collections: ['CAL', 'CON'] })
  const ids: number[] = []
  for (const [kind, pick] of story) {
    const id = ids[pick % (ids.length || 1)]
    const isLive = id !== undefined && scene.world.truth.items.get(id)!.ended === 0
    if (kind < 3 || !isLive) ids.push(await scene.deliver('CAL', { age: pick % 5 }))
    else if (kind === 3) await scene.write(id, { text: pick })
    else if (kind === 4) await scene.redate(id, pick % 7)
    else if (kind === 5) await scene.hide(id, pick % 2 === 0)
    else if (kind === 6) await scene.remove(id)
    else ids.push(await scene.move(id, 'CON'))
  }
  return scene
}

const allRows = async (scene: Awaited<ReturnType<typeof tell>>, collections: readonly string[]) => {
  const scope = { tenant: scene.world.tenant, account: ACCOUNT, collections }
  const stored = await scene.rows.all<StoredPlacement>(
    `SELECT ${PLACEMENT_COLUMNS} FROM placements p WHERE tenant = ? AND account = ? ORDER BY id`,
    ...[scope.tenant, ACCOUNT],
  )
  const rows: PlacementRow[] = []
  for (const one of stored) rows.push(await readPlacement(scene.rows, scope, one))
  return { scope, rows: rows.filter(({ collection }) => collections.includes(collection)) }
}

const placesOf = ({ id, sortKey, spans = [{ sortKey }] as never }: PlacementRow): WindowEdge[] =>
  [...new Set(spans.map((span) => span.sortKey))].map((place) => ({ sortKey: place, placement: id }))

const eventsOf = (row: PlacementRow): FeedPosition[] =>
  [
    row.changed,
    row.ended,
    ...(row.spans ?? []).map(({ from }) => from).filter((from) => from > createdAt(row)),
  ]
    .filter((position) => position > 0)
    .map((position) => ({ position, placement: row.id }))

const key = ({ id }: PlacementRow) => id
const anyStory = fc.array(fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 40 })), { minLength: 5, maxLength: 60 })
const anyScope = fc.constantFrom(['CAL'], ['CON'], ['CAL', 'CON'])
const runs = { numRuns: 25 }

describe('the ranges of the feed are what a scan of all rows would find', () => {
  test('events after a place, in order', async () => {
    await fc.assert(
      fc.asyncProperty(anyStory, anyScope, fc.nat({ max: 40 }), async (story, collections, from) => {
        const scene = await tell(story)
        const { scope, rows } = await allRows(scene, collections)
        const start = { position: from, placement: rows[from % (rows.length || 1)]?.id ?? 0 }
        const expected = rows.flatMap(eventsOf).filter((event) => compareFeed(event, start) > 0)
        const found = await take(rowFeed(scene.rows, scope).eventsAfter(start))
        assert.deepEqual(
          found.map(({ position, placement }) => ({ position, placement })),
          expected.toSorted(compareFeed),
        )
      }),
      runs,
    )
  })

  test('live items after an id, and those of a window, newest first', async () => {
    await fc.assert(
      fc.asyncProperty(anyStory, anyScope, fc.nat({ max: 12 }), async (story, collections, at) => {
        const scene = await tell(story)
        const { scope, rows } = await allRows(scene, collections)
        const live = rows.filter(({ ended }) => ended === 0)
        const feed = rowFeed(scene.rows, scope)
        const after = live[at % (live.length || 1)]?.id ?? 0
        assert.deepEqual(
          (await take(feed.additionsAfter(after))).map(key),
          live.map(key).filter((id) => id > after),
        )
        const below = { sortKey: scene.world.clock - (at % 6), placement: after }
        const floor = { sortKey: scene.world.clock - 4, placement: 0 }
        const edge = ({ sortKey, id }: PlacementRow) => ({ sortKey, placement: id })
        const inside = live
          .filter((row) => compareEdges(edge(row), below) < 0 && compareEdges(edge(row), floor) >= 0)
          .toSorted((a, b) => compareEdges(edge(b), edge(a)))
        assert.deepEqual((await take(feed.walk('main', below, floor))).map(key), inside.map(key))
      }),
      runs,
    )
  })

  test('every place that an item had between two edges', async () => {
    await fc.assert(
      fc.asyncProperty(anyStory, anyScope, fc.nat({ max: 8 }), async (story, collections, days) => {
        const scene = await tell(story)
        const { scope, rows } = await allRows(scene, collections)
        const from = { sortKey: scene.world.clock - days, placement: 0 }
        const below = { sortKey: scene.world.clock - 1, placement: 5 }
        const expected = rows
          .flatMap(placesOf)
          .filter((place) => compareEdges(place, from) >= 0 && compareEdges(place, below) < 0)
          .toSorted(compareEdges)
        const found = await take(rowFeed(scene.rows, scope).between('main', from, below))
        assert.deepEqual(
          found.map(({ edge }) => ({ ...edge })),
          expected,
        )
      }),
      runs,
    )
  })
})

test('placements are found by id wherever in the account, those that are not there left out', async () => {
  const scene = await open()
  const ids = await scene.deliverMany(40)
  const feed = rowFeed(scene.rows, { tenant: scene.world.tenant, account: ACCOUNT, collections: ['ARC'] })
  const found = await feed.byId([...ids, ...ids, 1, 2, -1])
  assert.deepEqual(
    [...found.keys()].toSorted((a, b) => a - b),
    ids,
  )
})

test('nothing of another tenant is found', async () => {
  const scene = await open()
  const [id] = await scene.deliverMany(1)
  const feed = rowFeed(scene.rows, { tenant: 'another', account: ACCOUNT, collections: ['INB'] })
  assert.equal((await feed.byId([id!])).size, 0)
  assert.deepEqual(await take(feed.additionsAfter(0)), [])
})

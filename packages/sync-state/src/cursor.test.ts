import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { anyCursor, anyEdge, anyPosition } from './arbitrary.fixture.ts'
import {
  applyHint,
  BOTTOM,
  compareEdges,
  compareFeed,
  endOf,
  firstCursor,
  isEndOf,
  isPossible,
  lastPlacement,
  reached,
  TOP,
} from './cursor.ts'
import { MAX_PLACEMENTS, placementId, placementPosition } from './placement.ts'

const anyFeed = fc.record({ position: anyPosition, placement: fc.maxSafeNat() })

describe('places in a feed', () => {
  test('a feed has reached a position for an item exactly if the pair is at or before it', () => {
    fc.assert(
      fc.property(anyFeed, anyPosition, fc.maxSafeNat(), (feed, position, placement) => {
        assert.equal(position <= reached(feed, placement), compareFeed({ position, placement }, feed) <= 0)
      }),
    )
  })

  test('the end of a position is after all its touches and before the next ones', () => {
    const touched = { position: 5, placement: placementId(5, MAX_PLACEMENTS - 1) }
    assert.ok(compareFeed(touched, endOf(5)) <= 0)
    assert.ok(compareFeed({ position: 6, placement: 0 }, endOf(5)) > 0)
    assert.ok(isEndOf(endOf(5), 5))
    assert.ok(!isEndOf({ position: 5, placement: 3 }, 5))
  })

  test('ids order by creation and name their position', () => {
    assert.ok(placementId(5, MAX_PLACEMENTS - 1) < placementId(6, 0))
    assert.equal(placementPosition(placementId(77, 12)), 77)
    assert.equal(lastPlacement(5) + 1, placementId(6, 0))
  })
})

describe('places in a window', () => {
  test('everything is between the bottom and the top', () => {
    fc.assert(fc.property(anyEdge, (edge) => compareEdges(BOTTOM, edge) <= 0 && compareEdges(edge, TOP) <= 0))
  })

  test('comparing is an order', () => {
    fc.assert(
      fc.property(
        anyEdge,
        anyEdge,
        (a, b) => Math.sign(compareEdges(a, b)) === -Math.sign(compareEdges(b, a)),
      ),
    )
  })
})

describe('the first cursor', () => {
  const first = firstCursor(9, { epoch: 2, generation: 3, filter: 1, level: 2, view: 0 })

  test('covers nothing: all that is there is still to be walked', () => {
    assert.deepEqual(first.edge, TOP)
    assert.deepEqual(first.changes, endOf(9))
    assert.equal(first.added, lastPlacement(9))
    assert.equal(first.told, 9)
  })

  test('is possible', () => {
    assert.ok(isPossible(first))
  })
})

describe('hint: a cursor moved on to where nothing visible was found', () => {
  test('all parts move to the hint', () => {
    const cursor = firstCursor(9, { epoch: 2, generation: 3, filter: 1, level: 2, view: 0 })
    const moved = applyHint(cursor, { position: 20, edge: BOTTOM })
    assert.deepEqual(moved, {
      ...cursor,
      changes: endOf(20),
      added: lastPlacement(20),
      told: 20,
      edge: BOTTOM,
    })
  })

  test('one behind the cursor is ignored, and so is none', () => {
    fc.assert(
      fc.property(anyCursor, anyEdge, (cursor, edge) => {
        fc.pre(cursor.changes.position > 0)
        assert.equal(applyHint(cursor, { position: cursor.changes.position - 1, edge }), cursor)
        assert.equal(applyHint(cursor, undefined), cursor)
      }),
    )
  })
})

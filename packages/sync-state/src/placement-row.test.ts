import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BOTTOM, endOf, lastPlacement, TOP } from './cursor.ts'
import { placementId } from './placement.ts'
import { edgeAt, isCovered, lastTouch, lastTouchByOthers, type PlacementRow } from './placement-row.ts'

const ID = placementId(10, 0)

const row = (change: Partial<PlacementRow> = {}): PlacementRow => ({
  id: ID,
  collection: 'inbox',
  item: ID,
  sortKey: 500,
  hidden: false,
  side: false,
  spans: undefined,
  createdBy: '',
  createdKey: '',
  clientId: '',
  digest: '',
  movedBy: '',
  changed: 0,
  changedBy: '',
  changedOther: 0,
  groups: { read: 0, flag: 0, categories: 0, content: 0 },
  ended: 0,
  endedCommand: '',
  movedTo: 0,
  ...change,
})

const holding = (position: number, change: object = {}) => ({
  changes: endOf(position),
  added: lastPlacement(position),
  edge: BOTTOM,
  level: 2,
  ...change,
})

describe('what a key covers', () => {
  test('an item from its creation until its end', () => {
    const ended = row({ ended: 20 })
    const covered = [9, 10, 15, 19, 20, 25].map((position) => isCovered(ended, holding(position)))
    assert.deepEqual(covered, [false, true, true, true, false, false])
  })

  test('only what additions have reached', () => {
    assert.equal(isCovered(row(), holding(15, { added: ID - 1 })), false)
    assert.equal(isCovered(row(), holding(15, { added: ID })), true)
  })

  test('only what is at or above the edge', () => {
    assert.equal(isCovered(row(), holding(15, { edge: { sortKey: 500, placement: ID } })), true)
    assert.equal(isCovered(row(), holding(15, { edge: { sortKey: 500, placement: ID + 1 } })), false)
    assert.equal(isCovered(row(), holding(15, { edge: TOP })), false)
  })

  test('within one commit, what the pair has reached', () => {
    const ended = row({ ended: 20 })
    assert.equal(isCovered(ended, holding(20, { changes: { position: 20, placement: ID - 1 } })), true)
    assert.equal(isCovered(ended, holding(20, { changes: { position: 20, placement: ID } })), false)
  })
})

describe('spans', () => {
  const moved = row({
    sortKey: 900,
    spans: [
      { from: 10, until: 15, sortKey: 500, hidden: false },
      { from: 15, until: 18, sortKey: 700, hidden: true },
      { from: 18, until: 0, sortKey: 900, hidden: false },
    ],
  })

  test('an item stands where it stood at the position', () => {
    const keys = [10, 14, 15, 17, 18, 99].map((position) => edgeAt(moved, position, 2)?.sortKey)
    assert.deepEqual(keys, [500, 500, 700, 700, 900, 900])
  })

  test('a private one stands nowhere for those who may not see it', () => {
    assert.equal(edgeAt(moved, 16, 1), undefined)
    assert.equal(edgeAt(moved, 14, 1)?.sortKey, 500)
  })

  test('before its first span that is kept, it stands nowhere', () => {
    assert.equal(edgeAt(moved, 9, 2), undefined)
  })

  test('one that never changed has none, and stands where it is', () => {
    assert.equal(edgeAt(row(), 3, 2)?.sortKey, 500)
    assert.equal(edgeAt(row({ hidden: true }), 3, 1), undefined)
  })
})

describe('touches', () => {
  test('the creation is the first one', () => {
    assert.equal(lastTouch(row()), 10)
    assert.equal(lastTouch(row({ changed: 12 })), 12)
  })

  test("the last one by others is the row's last, or the one before the device's own", () => {
    const mine = row({ changed: 14, changedBy: 'd1', changedOther: 12 })
    assert.equal(lastTouchByOthers(mine, 'd1'), 12)
    assert.equal(lastTouchByOthers(mine, 'd2'), 14)
    assert.equal(lastTouchByOthers(row({ changedBy: 'd1' }), 'd1'), 0)
  })
})

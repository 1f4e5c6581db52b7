import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BOTTOM } from './cursor.ts'
import { MAX_MAIL_FILTER, mailFilterEdge } from './filter.ts'

const NOW = Date.UTC(2026, 10, 25, 13, 30)
const daysBack = (filter: number) =>
  (Date.UTC(2026, 10, 25) / 1000 - mailFilterEdge(filter, NOW).sortKey) / 86_400

test('filter 0 lets everything through', () => {
  assert.deepEqual(mailFilterEdge(0, NOW), BOTTOM)
})

test('filters 1 to 7 look back a day, three, a week, two, a month, three, six', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(daysBack), [1, 3, 7, 14, 30, 90, 180])
  assert.equal(MAX_MAIL_FILTER, 7)
})

test('the edge stays where it is from midnight to midnight, and moves by a day then', () => {
  assert.deepEqual(
    mailFilterEdge(3, Date.UTC(2026, 10, 25, 0, 0)),
    mailFilterEdge(3, Date.UTC(2026, 10, 25, 23, 59)),
  )
  const next = mailFilterEdge(3, Date.UTC(2026, 10, 26))
  assert.equal(next.sortKey - mailFilterEdge(3, NOW).sortKey, 86_400)
})

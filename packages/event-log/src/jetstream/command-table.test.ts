import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CommandTable } from './command-table.ts'

const print = (low: number, high = 1) => ({ low, high })

const DAY = 24 * 3600 * 1000

test('what was added is found, and nothing else', () => {
  const table = new CommandTable(14 * DAY)
  table.add(print(7), 100, 0)
  table.add(print(8), 200, 0)
  assert.deepEqual([table.find(print(7)), table.find(print(8)), table.find(print(9))], [[100], [200], []])
})

test('commands of one fingerprint are all found, the newest first, whatever the day', () => {
  const table = new CommandTable(14 * DAY)
  table.add(print(7), 100, 0)
  table.add(print(7), 300, DAY)
  table.add(print(7), 200, 0)
  assert.deepEqual(table.find(print(7)), [300, 200, 100])
})

test('what is added again is there once', () => {
  const table = new CommandTable(14 * DAY)
  for (const position of [100, 200, 100]) table.add(print(7), position, 0)
  assert.deepEqual([table.find(print(7)), table.size], [[200, 100], 2])
})

test('fingerprints that fall into one slot, 0 and the highest among them, are kept apart', () => {
  const table = new CommandTable(14 * DAY)
  const fingerprints = [0, 1024, 2048, 0xffffffff, 0xfffffbff]
  for (const [i, fingerprint] of fingerprints.entries()) table.add(print(fingerprint), i + 1, 0)
  for (const [i, fingerprint] of fingerprints.entries())
    assert.deepEqual(table.find(print(fingerprint)), [i + 1])
})

test('days are forgotten whole, and only after the time for which they are kept', () => {
  const table = new CommandTable(14 * DAY)
  table.add(print(1), 10, 0)
  table.add(print(2), 20, 14 * DAY)
  assert.deepEqual(table.find(print(1)), [10])
  table.add(print(3), 30, 16 * DAY)
  assert.deepEqual([table.find(print(1)), table.find(print(2)), table.size], [[], [20], 2])
})

test('a server whose clock is behind adds to the days that are past', () => {
  const table = new CommandTable(14 * DAY)
  table.add(print(1), 10, 10 * DAY)
  table.add(print(2), 20, 5 * DAY)
  assert.deepEqual([table.find(print(1)), table.find(print(2))], [[10], [20]])
})

test('positions beyond 32 bits are kept whole', () => {
  const table = new CommandTable(14 * DAY)
  table.add(print(1), Number.MAX_SAFE_INTEGER, 0)
  assert.deepEqual(table.find(print(1)), [Number.MAX_SAFE_INTEGER])
})

test('whatever is added in whatever order, each is found', () => {
  const entry = fc.record({
    fingerprint: fc.integer({ min: 0, max: 3000 }),
    day: fc.integer({ min: 0, max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 4000, size: 'max' }), (entries) => {
      const table = new CommandTable(14 * DAY)
      const model = new Map<number, number[]>()
      for (const [i, { fingerprint, day }] of entries.entries()) {
        table.add(print(fingerprint), i + 1, day * DAY)
        model.set(fingerprint, [i + 1, ...(model.get(fingerprint) ?? [])])
      }
      for (const [fingerprint, positions] of model)
        assert.deepEqual(table.find(print(fingerprint)), positions)
      assert.equal(table.size, entries.length)
    }),
    { numRuns: 20 },
  )
})

test('fingerprints that differ in one half are different', () => {
  const table = new CommandTable(14 * DAY)
  table.add(print(7, 1), 10, 0)
  table.add(print(7, 2), 20, 0)
  assert.deepEqual(
    [table.find(print(7, 1)), table.find(print(7, 2)), table.find(print(7, 3))],
    [[10], [20], []],
  )
})

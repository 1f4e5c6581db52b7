import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Fault, faultPlan, type Targets } from './fault-plan.ts'
import { randomFrom } from './random.ts'

const TARGETS = { parts: ['mail', 'postgres'], cuts: ['connections of phones'] }

const first = (count: number, seed: number, targets: Targets = TARGETS): Fault[] => {
  const plan = faultPlan(randomFrom(seed, 'plan'), targets)
  return Array.from({ length: count }, () => plan.next().value)
}

test('a seed repeats its faults, and another seed makes others', () => {
  assert.deepEqual(first(50, 3), first(50, 3))
  assert.notDeepEqual(first(50, 3), first(50, 4))
})

test('connections are cut, and processes are killed, stopped and paused', () =>
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      for (const { kind, target } of first(30, seed))
        assert.equal(TARGETS.cuts.includes(target), kind === 'cut', `${kind} ${target}`)
    }),
  ))

test('every kind and every target comes up within a hundred faults', () => {
  const faults = first(100, 5)
  assert.deepEqual(new Set(faults.map(({ kind }) => kind)), new Set(['kill', 'pause', 'stop', 'cut']))
  assert.deepEqual(new Set(faults.map(({ target }) => target)), new Set([...TARGETS.parts, ...TARGETS.cuts]))
})

test('where no connection can be cut, none is', () => {
  for (const { kind } of first(100, 6, { ...TARGETS, cuts: [] })) assert.notEqual(kind, 'cut')
})

test('a fault is over within three seconds, a pause within fifteen, and the next one comes within another three', () =>
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      for (const { kind, holdMs, restMs } of first(30, seed)) {
        assert.ok(holdMs >= 0 && holdMs <= (kind === 'pause' ? 15_000 : 3_000))
        assert.ok(restMs >= 100 && restMs <= 2_500)
      }
    }),
  ))

test('some pauses outlast the ten seconds after which who was elected is replaced', () => {
  assert.ok(first(300, 8).some(({ kind, holdMs }) => kind === 'pause' && holdMs > 10_000))
})

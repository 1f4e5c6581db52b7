import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Fault, faultPlan, type Targets } from './fault-plan.ts'
import { randomFrom } from './random.ts'

const TARGETS: Targets = {
  parts: ['mail', 'postgres'],
  cuts: ['connections of phones'],
  disks: ['disk of postgres'],
  clocks: ['clock of mail'],
  weights: { kill: 3, stop: 1, pause: 2, cut: 2, full: 1, jump: 1 },
  restMs: [0, 200],
}
const ALL = ['parts', 'cuts', 'disks', 'clocks'] as const

const first = (count: number, seed: number, targets: Targets = TARGETS): Fault[] => {
  const plan = faultPlan(randomFrom(seed, 'plan'), targets)
  return Array.from({ length: count }, () => plan.next().value)
}

test('a seed repeats its faults, and another seed makes others', () => {
  assert.deepEqual(first(50, 3), first(50, 3))
  assert.notDeepEqual(first(50, 3), first(50, 4))
})

const VICTIM_OF = {
  kill: 'parts',
  stop: 'parts',
  pause: 'parts',
  cut: 'cuts',
  full: 'disks',
  jump: 'clocks',
} as const

test('processes are killed, stopped and paused, connections are cut, disks fill and clocks jump: each kind hurts what it can hurt', () =>
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      for (const { kind, target } of first(30, seed))
        assert.ok(TARGETS[VICTIM_OF[kind]].includes(target), `${kind} ${target}`)
    }),
  ))

test('every kind and every target comes up within two hundred faults', () => {
  const faults = first(200, 5)
  assert.deepEqual(new Set(faults.map(({ kind }) => kind)), new Set(Object.keys(VICTIM_OF)))
  assert.deepEqual(
    new Set(faults.map(({ target }) => target)),
    new Set(ALL.flatMap((victims) => [...TARGETS[victims]])),
  )
})

test('where there is no disk that can be filled and no connection that can be cut, none is', () => {
  for (const { kind } of first(100, 6, { ...TARGETS, cuts: [], disks: [] }))
    assert.ok(!['cut', 'full'].includes(kind))
})

test('a kind without a weight never comes: so processes can be spared, and grow old', () => {
  for (const { kind } of first(100, 7, { ...TARGETS, weights: { pause: 1, jump: 1 } }))
    assert.ok(['pause', 'jump'].includes(kind))
})

test('a fault is over within a second and a half, a long pause within fifteen, and the next one comes at once', () =>
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      for (const { kind, holdMs, restMs } of first(30, seed)) {
        assert.ok(holdMs >= 0 && holdMs <= (kind === 'pause' ? 15_000 : 1_500))
        assert.ok(restMs >= 0 && restMs <= 200)
      }
    }),
  ))

test('some pauses outlast the ten seconds after which who was elected is replaced', () => {
  assert.ok(first(600, 8).some(({ kind, holdMs }) => kind === 'pause' && holdMs > 10_000))
})

test('clocks jump forward and back, by a minute at least and by half a day at most: command ids are kept for longer', () => {
  const offsets = first(600, 9)
    .filter(({ kind }) => kind === 'jump')
    .map(({ offsetMs }) => offsetMs)
  assert.ok(offsets.some((offset) => offset > 0) && offsets.some((offset) => offset < 0))
  for (const offset of offsets)
    assert.ok(Math.abs(offset) >= 60_000 && Math.abs(offset) <= 12 * 3_600_000, String(offset))
})

test('only clocks have an offset', () => {
  for (const { kind, offsetMs } of first(100, 10)) assert.equal(offsetMs !== 0, kind === 'jump')
})

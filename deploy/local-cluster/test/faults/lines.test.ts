import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Part } from '../../src/parts.ts'
import { type Hurtable, linesOf, planOf } from './lines.ts'

const part = (name: string, kind: Part['kind'] = 'server') => ({ name, kind }) as Part

const SERVICES = ['directory', 'mail']
const CLUSTER = {
  parts: [
    ...['nats-1', 'nats-2', 'postgres', 's3', 'haproxy'].map((name) => part(name)),
    ...SERVICES.map((name) => part(name, 'service')),
  ],
  cuts: ['the others from nats-1', 'the others from nats-2', 'sessions of postgres'].map((name) => ({
    name,
  })),
  services: SERVICES.map((name) => ({ name })),
}

const HURTABLE = {
  cluster: CLUSTER,
  ways: { cuts: [{ name: 'connections of phones' }] },
  disks: { of: () => ['nats-1', 'postgres', 'mail-transport'].map((name) => ({ name: `disk of ${name}` })) },
  insides: { clockOf: (name: string) => ({ name: `clock of ${name}` }) },
} as unknown as Hurtable

const lines = (spared = false) => linesOf(HURTABLE, spared)

const first = (count: number, name: string, spared = false) => {
  const plan = planOf(lines(spared).find((line) => line.name === name)!, 7, 0)
  return Array.from({ length: count }, () => plan.next().value)
}

test('two things that keep data, two that work with it and a way to them may be hurt at a time', () => {
  assert.deepEqual(
    lines().map(({ name }) => name),
    ['storage 1', 'storage 2', 'services 1', 'services 2', 'ways'],
  )
})

test('every part, disk, clock and connection is in some line', () => {
  const names = new Set(
    lines().flatMap(({ victims: { parts, cuts, disks, clocks } }) =>
      [...parts, ...cuts, ...disks, ...clocks].map(({ name }) => name),
    ),
  )
  for (const { name } of [...CLUSTER.parts, ...CLUSTER.cuts]) assert.ok(names.has(name), name)
  for (const name of ['disk of postgres', 'disk of mail-transport', 'clock of mail', 'connections of phones'])
    assert.ok(names.has(name), name)
})

test('what keeps data falls apart from what works with it, and each as a whole too', () => {
  const partsOf = (name: string) =>
    lines()
      .find((line) => line.name === name)!
      .victims.parts.map((one) => one.name)
  assert.deepEqual(partsOf('storage 1'), ['nats-1', 'nats-2', 'postgres', 's3', 'all storage'])
  assert.deepEqual(partsOf('services 1'), ['haproxy', 'directory', 'mail', 'all services'])
})

test('the ways between two servers belong to both: one is cut at a time', () => {
  const { cuts } = lines()[0]!.victims
  assert.deepEqual(cuts[0]!.claims, cuts[1]!.claims)
  assert.notDeepEqual(cuts[0]!.claims, cuts[2]!.claims)
})

test('lines of one kind hurt other things at other times, and a seed repeats them', () => {
  assert.deepEqual(first(20, 'storage 1'), first(20, 'storage 1'))
  assert.notDeepEqual(first(20, 'storage 1'), first(20, 'storage 2'))
})

test('where services are spared none of them is ended, and they are hurt all the same', () => {
  const kinds = new Set(first(200, 'services 1', true).map(({ kind }) => kind))
  assert.deepEqual(kinds, new Set(['pause', 'full', 'jump']))
  assert.ok(first(200, 'services 1').some(({ kind }) => kind === 'kill'))
  assert.ok(first(200, 'storage 1', true).some(({ kind }) => kind === 'kill'))
})

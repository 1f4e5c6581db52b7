import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Part } from '../../src/parts.ts'
import { Claims, claimsOf, EndedByItself, inflict, together, type Victims } from './fault-lines.ts'
import type { Fault, FaultKind } from './fault-plan.ts'

/** A part that writes down what is done to it. */
const recorded = (name: string, said: string[], running = true): Part => {
  const say = (what: string) => void said.push(`${what} ${name}`)
  return {
    name,
    kind: 'service',
    running: () => running,
    kill: async () => say('kill'),
    stop: async () => say('stop'),
    start: async () => say('start'),
    pause: () => say('pause'),
    resume: () => say('resume'),
  }
}

const fault = (kind: FaultKind, target: string): Fault => ({
  ...{ kind, target, holdMs: 0, restMs: 0, offsetMs: 0 },
})

const victimsOf = (given: Partial<Victims>): Victims => ({
  parts: [],
  cuts: [],
  disks: [],
  clocks: [],
  ...given,
})

test('what was ended is started again, and what was paused goes on', async () => {
  const said: string[] = []
  const victims = victimsOf({ parts: [recorded('mail', said)] })
  for (const kind of ['kill', 'stop', 'pause'] as const) await inflict(fault(kind, 'mail'), victims)
  assert.deepEqual(said, ['kill mail', 'start mail', 'stop mail', 'start mail', 'pause mail', 'resume mail'])
})

test('a process that ended by itself is no victim but a finding', async () => {
  const said: string[] = []
  const victims = victimsOf({ parts: [recorded('mail', said, false)] })
  await assert.rejects(inflict(fault('kill', 'mail'), victims), EndedByItself)
  assert.deepEqual(said, [])
})

test('a connection that was cut is mended, also where there was nothing to cut', async () => {
  let mended = 0
  const cut = {
    name: 'phones',
    cut: () => Promise.reject(new Error('down')),
    mend: async () => void mended++,
  }
  await inflict(fault('cut', 'phones'), victimsOf({ cuts: [cut] }))
  assert.equal(mended, 1)
})

test('parts of one machine fall and rise together', async () => {
  const said: string[] = []
  const all = together('all', [recorded('a', said), recorded('b', said)])
  await inflict(fault('kill', 'all'), victimsOf({ parts: [all] }))
  assert.deepEqual(said, ['kill a', 'kill b', 'start a', 'start b'])
  assert.equal(together('all', [recorded('a', said), recorded('b', said, false)]).running(), false)
})

test('a target that is not there is an error', async () => {
  await assert.rejects(inflict(fault('kill', 'nobody'), victimsOf({})), /nothing is called nobody/)
})

test('a disk that is full has room again before whoever runs its part does what is to be done', async () => {
  const said: string[] = []
  const disk = {
    name: 'disk of postgres',
    fill: () => void said.push('fill'),
    empty: () => void said.push('empty'),
    recover: async () => void said.push('recover'),
  }
  await inflict(fault('full', disk.name), victimsOf({ disks: [disk] }))
  assert.deepEqual(said, ['fill', 'empty', 'recover'])
})

test('a clock that jumped is right again afterwards', async () => {
  const offsets: number[] = []
  const clock = { name: 'clock of mail', jump: (offsetMs: number) => void offsets.push(offsetMs) }
  await inflict({ ...fault('jump', clock.name), offsetMs: -60_000 }, victimsOf({ clocks: [clock] }))
  assert.deepEqual(offsets, [-60_000, 0])
})

test('what several lines hurt at once is never the same: the machine of all claims each, and a disk its server', () => {
  const parts = [recorded('a', []), recorded('b', [])]
  const disk = { name: 'disk of a', claims: ['a'], fill: () => {}, empty: () => {}, recover: async () => {} }
  const victims = victimsOf({ parts: [...parts, together('all', parts)], disks: [disk] })
  const claims = new Claims()
  const take = (kind: FaultKind, target: string) => claims.take(claimsOf(fault(kind, target), victims))
  const give = take('kill', 'all')
  for (const [kind, target] of [
    ['pause', 'a'],
    ['stop', 'b'],
    ['full', 'disk of a'],
    ['kill', 'all'],
  ] as const)
    assert.equal(take(kind, target), undefined, target)
  give?.()
  assert.ok(take('full', 'disk of a'))
  assert.equal(take('kill', 'a'), undefined)
  assert.equal(take('kill', 'all'), undefined)
  assert.ok(take('kill', 'b'))
})

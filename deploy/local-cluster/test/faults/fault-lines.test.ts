import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Part } from '../../src/parts.ts'
import { EndedByItself, inflict, together } from './fault-lines.ts'
import type { FaultKind } from './fault-plan.ts'

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

const fault = (kind: FaultKind, target: string) => ({ kind, target, holdMs: 0, restMs: 0, settled: false })

test('what was ended is started again, and what was paused goes on', async () => {
  const said: string[] = []
  const victims = { parts: [recorded('mail', said)], cuts: [] }
  for (const kind of ['kill', 'stop', 'pause'] as const) await inflict(fault(kind, 'mail'), victims)
  assert.deepEqual(said, ['kill mail', 'start mail', 'stop mail', 'start mail', 'pause mail', 'resume mail'])
})

test('a process that ended by itself is no victim but a finding', async () => {
  const said: string[] = []
  const victims = { parts: [recorded('mail', said, false)], cuts: [] }
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
  await inflict(fault('cut', 'phones'), { parts: [], cuts: [cut] })
  assert.equal(mended, 1)
})

test('parts of one machine fall and rise together', async () => {
  const said: string[] = []
  const all = together('all', [recorded('a', said), recorded('b', said)])
  await inflict(fault('kill', 'all'), { parts: [all], cuts: [] })
  assert.deepEqual(said, ['kill a', 'kill b', 'start a', 'start b'])
  assert.equal(together('all', [recorded('a', said), recorded('b', said, false)]).running(), false)
})

test('a target that is not there is an error', async () => {
  await assert.rejects(inflict(fault('kill', 'nobody'), { parts: [], cuts: [] }), /nothing is called nobody/)
})

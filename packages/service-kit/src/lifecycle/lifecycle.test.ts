import assert from 'node:assert/strict'
import test from 'node:test'
import { recordingLogger } from '../../test/recording-logger.ts'
import type { Component } from './component.ts'
import { createLifecycle } from './lifecycle.ts'

/** Components that write down what happens to them. */
const recorded = (graceMs = 10_000) => {
  const happened: string[] = []
  const { logger, entries } = recordingLogger()
  const lifecycle = createLifecycle(logger, { graceMs })
  const add = (name: string, over: Partial<Component> = {}) =>
    lifecycle.add({
      name,
      start: () => {
        happened.push(`start ${name}`)
      },
      drain: () => {
        happened.push(`drain ${name}`)
      },
      stop: () => {
        happened.push(`stop ${name}`)
      },
      ...over,
    })
  return { lifecycle, add, happened, entries }
}

const broken = (reason: string) => () => {
  throw new Error(reason)
}

test('components start in order, drain together, and stop in reverse order', async () => {
  const { lifecycle, add, happened } = recorded()
  add('store')
  add('listener')
  await lifecycle.start()
  await lifecycle.stop()
  assert.deepEqual(happened, [
    'start store',
    'start listener',
    'drain store',
    'drain listener',
    'stop listener',
    'stop store',
  ])
})

test('what is started next has everything before it running', async () => {
  const { lifecycle, add } = recorded()
  let ready = false
  add('store', {
    start: async () => {
      await new Promise((resolve) => setImmediate(resolve))
      ready = true
    },
  })
  add('listener', { start: () => assert.equal(ready, true) })
  await lifecycle.start()
})

test('if one cannot start, those that run are stopped, and its error is the answer', async () => {
  const { lifecycle, add, happened } = recorded()
  add('store')
  add('listener', { start: broken('the port is taken') })
  add('never')
  await assert.rejects(lifecycle.start(), /the port is taken/)
  assert.deepEqual(happened, ['start store', 'drain store', 'stop store'])
})

test('one that runs when it is added is stopped even if nothing was started, or something could not', async () => {
  const early = recorded()
  early.add('log', { start: undefined })
  early.add('listener')
  await early.lifecycle.stop()
  assert.deepEqual(early.happened, ['drain log', 'stop log'])
  const failing = recorded()
  failing.add('listener', { start: broken('the port is taken') })
  failing.add('log', { start: undefined })
  await assert.rejects(failing.lifecycle.start())
  assert.deepEqual(failing.happened, ['drain log', 'stop log'])
})

test('one that cannot stop or drain does not keep the others from it, and is in the log', async () => {
  const { lifecycle, add, happened, entries } = recorded()
  add('store')
  add('bad', { drain: broken('no drain'), stop: broken('no stop') })
  await lifecycle.start()
  await lifecycle.stop()
  assert.equal(happened.at(-1), 'stop store')
  assert.deepEqual(
    entries().map(({ msg, component, reason }) => [msg, component, reason]),
    [
      ['could not drain', 'bad', 'no drain'],
      ['could not stop', 'bad', 'no stop'],
    ],
  )
})

test('one that does not end its drain is stopped when the grace is over', async () => {
  const { lifecycle, add, happened, entries } = recorded(1)
  add('slow', { drain: () => new Promise(() => {}) })
  await lifecycle.start()
  await lifecycle.stop()
  assert.deepEqual(happened, ['start slow', 'stop slow'])
  assert.equal(entries()[0]?.msg, 'still busy after the grace period')
})

test('a drain is told how long it may take', async () => {
  const { lifecycle, add } = recorded(123)
  let told = 0
  add('listener', {
    drain: (graceMs) => {
      told = graceMs
    },
  })
  await lifecycle.start()
  await lifecycle.stop()
  assert.equal(told, 123)
})

test('a component may be an object with state of its own', async () => {
  const { lifecycle } = recorded()
  class Listener implements Component {
    readonly name = 'listener'
    readonly did: string[] = []
    start(): void {
      this.did.push('start')
    }
    drain(): void {
      this.did.push('drain')
    }
    stop(): void {
      this.did.push('stop')
    }
  }
  const listener = new Listener()
  lifecycle.add(listener)
  await lifecycle.start()
  await lifecycle.stop()
  assert.deepEqual(listener.did, ['start', 'drain', 'stop'])
})

test('stopping twice is stopping once', async () => {
  const { lifecycle, add, happened } = recorded()
  add('store')
  await lifecycle.start()
  await Promise.all([lifecycle.stop(), lifecycle.stop()])
  assert.equal(happened.filter((what) => what === 'stop store').length, 1)
})

test('a stop while things start: nothing more is started, and what was is stopped', async () => {
  const { lifecycle, add, happened } = recorded()
  const begun = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  add('store', {
    start: async () => {
      begun.resolve()
      await go.promise
    },
  })
  add('listener')
  const started = lifecycle.start()
  await begun.promise
  const stopped = lifecycle.stop()
  go.resolve()
  await Promise.all([started, stopped])
  assert.deepEqual(happened, ['drain store', 'stop store'])
})

test('ready means: started, not draining, and every component ready', async () => {
  const { lifecycle, add } = recorded()
  let caughtUp = false
  add('projector', { health: () => ({ live: true, ready: caughtUp, reason: 'catching up' }) })
  add('listener')
  assert.equal(lifecycle.health().ready, false)
  await lifecycle.start()
  assert.equal(lifecycle.health().ready, false)
  caughtUp = true
  assert.equal(lifecycle.health().ready, true)
  const stopped = lifecycle.stop()
  assert.equal(lifecycle.health().ready, false)
  await stopped
})

test('live means: no component that only a restart can help', async () => {
  const { lifecycle, add } = recorded()
  add('projector', { health: () => ({ live: false, ready: false, reason: 'a projection throws' }) })
  add('listener')
  await lifecycle.start()
  const { live, components } = lifecycle.health()
  assert.equal(live, false)
  assert.deepEqual(components, [
    { name: 'projector', live: false, ready: false, reason: 'a projection throws' },
    { name: 'listener', live: true, ready: true },
  ])
})

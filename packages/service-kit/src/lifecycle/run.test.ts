import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import test from 'node:test'
import { recordingLogger } from '../../test/recording-logger.ts'
import type { Component } from './component.ts'
import { createLifecycle } from './lifecycle.ts'
import { runUntilSignal } from './run.ts'

/** A process that only writes down how it would end. */
class Stage extends EventEmitter {
  readonly exits: number[] = []
  exit(code: number): void {
    this.exits.push(code)
  }
}

const running = (component: Partial<Component> = {}) => {
  const { logger, entries } = recordingLogger()
  const lifecycle = createLifecycle(logger)
  const started = Promise.withResolvers<void>()
  lifecycle.add({ name: 'part', ...component })
  lifecycle.add({ name: 'last', start: () => started.resolve() })
  const stage = new Stage()
  const said: string[] = []
  const ended = runUntilSignal(lifecycle, logger, { process: stage, say: (line) => said.push(line) })
  return { stage, said, ended, entries, started: started.promise }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} drains, stops, and leaves the exit code to the caller`, async () => {
    const happened: string[] = []
    const { stage, ended, started } = running({
      drain: () => {
        happened.push('drain')
      },
      stop: () => {
        happened.push('stop')
      },
    })
    await started
    stage.emit(signal)
    await ended
    assert.deepEqual(happened, ['drain', 'stop'])
    assert.deepEqual(stage.exits, [])
  })
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`a second signal (${signal}) ends the process at once with ${code}`, async () => {
    const finish = Promise.withResolvers<void>()
    const { stage, ended, started } = running({ drain: () => finish.promise })
    await started
    stage.emit('SIGTERM')
    stage.emit(signal)
    assert.deepEqual(stage.exits, [code])
    finish.resolve()
    await ended
  })
}

for (const event of ['unhandledRejection', 'uncaughtException']) {
  test(`${event} ends the process with one line that quotes nothing`, async () => {
    const { stage, said, ended, started, entries } = running()
    await started
    stage.emit(event, new TypeError('no mailbox of mike@example.org: "my secret"'))
    assert.deepEqual(stage.exits, [70])
    assert.deepEqual(said, ['relais: unexpected error, stopping (TypeError: no mailbox of <address> "…")'])
    assert.equal(entries()[0]?.msg, 'uncaught')
    stage.emit('SIGTERM')
    await ended
  })
}

test('what cannot start is told to the caller, and no listener stays', async () => {
  const { stage, ended } = running({
    start: () => {
      throw new Error('the port is taken')
    },
  })
  await assert.rejects(ended, /the port is taken/)
  assert.deepEqual(stage.eventNames(), [])
})

test('after the end no listener stays', async () => {
  const { stage, ended, started } = running()
  await started
  stage.emit('SIGINT')
  await ended
  assert.deepEqual(stage.eventNames(), [])
})

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { retryable } from '@relais/service-kit'
import { Dispatcher, type DispatcherDeps } from './dispatcher.ts'

const PAUSE_MS = 5_000

/** A queue with submissions that are long due, and a directory that can't be reached. */
const setUp = (context: TestContext, submissions: number) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const rows = Array.from({ length: submissions }, (_, n) => ({
    ...{
      tenant: 'acme',
      account: 'u_1',
      submission: n,
      recipient: `b${n}@acme.example`,
      attempts: 0,
      smtputf8: 0,
    },
  }))
  const state = { looks: 0, asked: 0, said: [] as string[], projected: () => {} }
  const deps = {
    clock: () => 1_000,
    projector: {
      store: {
        all: async () => {
          state.looks++
          return rows
        },
        get: async () => ({ at: 10 }),
      },
      onProjected: (listener: () => void) => {
        state.projected = listener
        return { close: () => {} }
      },
    },
    directory: {
      resolveAddresses: async () => {
        state.asked++
        throw retryable('UNAVAILABLE', 'the service can not be reached')
      },
    },
    logger: { warn: (_: object, message: string) => void state.said.push(message) },
  } as unknown as DispatcherDeps
  const dispatcher = new Dispatcher(deps)
  context.after(() => dispatcher.stop())
  return { dispatcher, state }
}

/** Until nothing more happens by itself. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('while the directory can not be reached the queue pauses, says so once, and is not worked off again before it is over', async (context) => {
  const { dispatcher, state } = setUp(context, 3)
  dispatcher.start()
  await settled()
  assert.deepEqual([state.looks, state.asked, state.said], [1, 3, ['the outbound queue pauses']])
  context.mock.timers.tick(PAUSE_MS)
  await settled()
  assert.deepEqual([state.looks, state.asked, state.said.length], [2, 6, 2])
})

test('new rows do not end the pause: they are looked at after it', async (context) => {
  const { dispatcher, state } = setUp(context, 1)
  dispatcher.start()
  await settled()
  for (const _ of [1, 2, 3]) state.projected()
  await settled()
  assert.equal(state.looks, 1)
  context.mock.timers.tick(PAUSE_MS)
  await settled()
  assert.equal(state.looks, 2)
})

test('after the end nothing is looked at any more, paused or not', async (context) => {
  const { dispatcher, state } = setUp(context, 1)
  dispatcher.start()
  await settled()
  await dispatcher.stop()
  context.mock.timers.tick(2 * PAUSE_MS)
  await settled()
  assert.equal(state.looks, 1)
})

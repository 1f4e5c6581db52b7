import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { sourcesOf } from '@relais/service-kit/telemetry/metrics.ts'
import { showHeld } from './held-figures.ts'

const setUp = (context: TestContext) => {
  const state = { count: 0, resident: 100_000 }
  const shown = showHeld(
    {
      get count() {
        return state.count
      },
    },
    () => state.resident,
  )
  context.after(() => shown.close())
  const read = async (name: 'relais_held_requests' | 'relais_held_request_bytes') =>
    (await Promise.all(sourcesOf(name).map((one) => one()))).flat().map(({ value }) => value)
  return { state, shown, read }
}

test('requests that wait are counted when somebody asks', async (context) => {
  const { state, read } = setUp(context)
  state.count = 3
  assert.deepEqual(await read('relais_held_requests'), [3])
})

test('each costs what the process has grown by since none waited', async (context) => {
  const { state, read } = setUp(context)
  state.resident = 120_000
  assert.deepEqual(await read('relais_held_request_bytes'), [])
  Object.assign(state, { count: 4, resident: 160_000 })
  assert.deepEqual(await read('relais_held_request_bytes'), [10_000])
  Object.assign(state, { count: 4, resident: 90_000 })
  assert.deepEqual(await read('relais_held_request_bytes'), [0])
})

test('a service that has ended shows nothing', async (context) => {
  const { shown, read } = setUp(context)
  shown.close()
  assert.deepEqual(await read('relais_held_requests'), [])
})

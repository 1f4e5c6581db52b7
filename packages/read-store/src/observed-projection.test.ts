import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { StoredCommit } from '@relais/event-log'
import { sourcesOf, useMetrics } from '@relais/service-kit/telemetry/metrics.ts'
import { ObservedProjection } from './observed-projection.ts'
import type { Projector, ReadModel, Writer } from './port.ts'
import { Sums } from './projecting/sums.ts'

const OPENED = 1_000_000

const setUp = (context: TestContext, { measuring = true } = {}) => {
  const counted: [string, number][] = []
  const seconds: number[] = []
  if (measuring)
    useMetrics({
      count: (_, { phase }, by) => void counted.push([phase ?? '', by]),
      observe: (_, __, value) => void seconds.push(value),
    })
  context.after(() => useMetrics(undefined))
  let now = OPENED
  const projected: number[] = []
  const model: ReadModel = {
    ...{ name: 'mail', version: 1, schema: [], service: 'mail', accountsApart: true },
    project: async (_, { position }) => void projected.push(position),
  }
  const observed = new ObservedProjection({ model, clock: () => now, head: async () => 20 })
  let tell = (_: number) => {}
  const projector = {
    checkpoint: () => 15,
    onProjected: (listener: (checkpoint: number) => void) => {
      tell = listener
      return { close: () => {} }
    },
  } as unknown as Projector
  const watching = observed.watch(projector)
  context.after(() => watching.close())
  const project = (position: number, at = OPENED) =>
    observed.model.project(
      {} as Writer,
      { position, at, traceparent: '' } as StoredCommit,
      new Sums({} as Writer),
    )
  const visible = (checkpoint: number, at: number) => {
    now = at
    tell(checkpoint)
  }
  return { observed, counted, seconds, projected, project, visible, watching }
}

test('a commit is visible when its rows are, not before', async (context) => {
  const { project, visible, seconds, projected } = setUp(context)
  await project(1)
  await project(3)
  await project(2)
  assert.deepEqual(seconds, [])
  visible(2, OPENED + 40)
  assert.deepEqual(seconds, [0.04, 0.04])
  visible(3, OPENED + 90)
  assert.deepEqual(seconds, [0.04, 0.04, 0.09])
  assert.deepEqual(projected, [1, 3, 2])
})

test('what was appended before it was opened, and what is projected again, is a rebuild', async (context) => {
  const { project, visible, counted, seconds } = setUp(context)
  await project(1, OPENED - 1)
  await project(2)
  visible(2, OPENED)
  await project(2)
  visible(2, OPENED)
  assert.deepEqual(counted, [
    ['live', 1],
    ['rebuild', 1],
    ['rebuild', 1],
  ])
  assert.equal(seconds.length, 1)
})

test('its lag is what the log has beyond its checkpoint, until it is closed', async (context) => {
  const { watching } = setUp(context)
  const read = async () =>
    (await Promise.all(sourcesOf('relais_projection_lag_positions').map((one) => one()))).flat()
  assert.deepEqual(await read(), [{ labels: { model: 'mail' }, value: 5 }])
  watching.close()
  assert.deepEqual(await read(), [])
})

test('where nobody measures, a commit is projected and nothing is kept of it', async (context) => {
  const { project, visible, projected, seconds, observed } = setUp(context, { measuring: false })
  await project(1)
  visible(1, OPENED)
  assert.deepEqual([projected, seconds], [[1], []])
  assert.equal(observed.model.accountsApart, true)
})

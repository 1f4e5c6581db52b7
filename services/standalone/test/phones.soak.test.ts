import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { play, type Schedule, schedule, withRestarts } from './phones/schedule.ts'
import { PairWorld, StandaloneWorld } from './phones/standalone-world.ts'
import type { World } from './phones/world.ts'
import { testFolder } from './process.ts'

/** Other schedules each time. Each test says its seed, so that a failing one is played again by itself. */
const start = Math.floor(Math.random() * 2 ** 30)

const startWorld = (create: (path: string) => World): (() => World) => {
  const folder = testFolder()
  const world = create(`${folder.path}/data`)
  before(() => world.start())
  after(async () => {
    await world.stop()
    folder.remove()
  })
  return () => world
}

type Batches = { readonly batches: number; readonly runs: number; readonly from: number }

const inBatches = (
  what: string,
  schedules: fc.Arbitrary<Schedule>,
  { world, batches, runs, from }: Batches & { readonly world: () => World },
): void => {
  for (let batch = 0; batch < batches; batch += 1) {
    const seed = from + batch
    test(`${runs} schedules ${what} leave every phone equal to the server (${batch + 1} of ${batches}, seed ${seed})`, () =>
      fc.assert(
        fc.asyncProperty(schedules, (one) => play(world(), one)),
        { seed, numRuns: runs },
      ))
  }
}

describe('phones of one process', () => {
  const world = startWorld((path) => new StandaloneWorld(path))
  inBatches('with faults', schedule, { world, batches: 30, runs: 100, from: start })
  const restarts = withRestarts(fc.boolean())
  inBatches('with restarts and lost device rows', restarts, {
    world,
    batches: 10,
    runs: 20,
    from: start + 100,
  })
})

describe('phones whose requests go to two device-syncs in turn', () => {
  const world = startWorld((path) => new PairWorld(path))
  inBatches('with faults', schedule, { world, batches: 10, runs: 100, from: start + 200 })
  const restarts = withRestarts(fc.boolean())
  inBatches('with restarts and lost device rows', restarts, {
    world,
    batches: 5,
    runs: 20,
    from: start + 300,
  })
})

import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { play, type Schedule, schedule, withRestarts } from './phones/schedule.ts'
import { PairWorld, StandaloneWorld } from './phones/standalone-world.ts'
import type { World } from './phones/world.ts'
import { testFolder } from './process.ts'

/** Other schedules each time. Each test says its seeds, so that a failing one is played again by itself. */
const start = Math.floor(Math.random() * 2 ** 30)

/** So many are played at a time: one by one most of the time would be spent on waiting for disks and for Pings. */
const AT_ONCE = 4

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

type Batches = {
  readonly batches: number
  /** Of each of those that are played at a time. */
  readonly runs: number
  readonly from: number
  /** Where each of them is played: a world that is restarted has no others. */
  readonly worlds: readonly (() => World)[]
}

/** All of them end before one's failure is told. */
const playAll = async (schedules: fc.Arbitrary<Schedule>, { runs, from, worlds }: Batches): Promise<void> => {
  const played = worlds.map((world, nth) =>
    fc.assert(
      fc.asyncProperty(schedules, (one) => play(world(), one)),
      { seed: from + nth, numRuns: runs },
    ),
  )
  for (const result of await Promise.allSettled(played)) if (result.status === 'rejected') throw result.reason
}

const inBatches = (what: string, schedules: fc.Arbitrary<Schedule>, all: Batches): void => {
  const { batches, runs, worlds } = all
  const count = worlds.length
  for (let batch = 0; batch < batches; batch += 1) {
    const from = all.from + batch * count
    const seeds = `seeds ${from} to ${from + count - 1}`
    test(`${runs * count} schedules ${what} leave every phone equal to the server (${batch + 1} of ${batches}, ${seeds})`, () =>
      playAll(schedules, { ...all, from }))
  }
}

const played = (create: (path: string) => World, from: number): void => {
  const shared = startWorld(create)
  const alone = Array.from({ length: AT_ONCE }, () => startWorld(create))
  const together = alone.map(() => shared)
  inBatches('with faults', schedule, { worlds: together, batches: 30, runs: 50, from })
  const restarts = withRestarts(fc.boolean())
  const others = from + 1000
  inBatches('with restarts and lost device rows', restarts, {
    worlds: alone,
    batches: 10,
    runs: 15,
    from: others,
  })
}

describe('phones of one process', () => played((path) => new StandaloneWorld(path), start))

describe('phones whose requests go to two device-syncs in turn', () =>
  played((path) => new PairWorld(path), start + 2000))

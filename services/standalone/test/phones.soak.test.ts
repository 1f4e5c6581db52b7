import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { play, schedule, withRestarts } from './phones/schedule.ts'
import { StandaloneWorld } from './phones/standalone-world.ts'
import { testFolder } from './process.ts'

const folder = testFolder()
const world = new StandaloneWorld(`${folder.path}/data`)
before(() => world.start())
after(async () => {
  await world.stop()
  folder.remove()
})

test('thousands of schedules with faults leave every phone equal to the server', () =>
  fc.assert(
    fc.asyncProperty(schedule, (one) => play(world, one)),
    { numRuns: 3000 },
  ))

test('hundreds of schedules with restarts and lost device rows', () =>
  fc.assert(
    fc.asyncProperty(withRestarts(fc.boolean()), (one) => play(world, one)),
    { numRuns: 200 },
  ))

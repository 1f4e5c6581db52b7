import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { standaloneOnly } from './form.ts'
import { play, schedule, withRestarts } from './phones/schedule.ts'
import { PairWorld } from './phones/standalone-world.ts'
import { testFolder } from './process.ts'

const folder = testFolder()
const world = new PairWorld(`${folder.path}/data`)
before(() => world.start())
after(async () => {
  await world.stop()
  folder.remove()
})

describe(
  'phones whose requests go to two device-syncs in turn',
  standaloneOnly('many processes have two in any case'),
  () => {
    test('with answers lost and repeated to the other one, and two at once in both, every copy ends equal to the server’s', () =>
      fc.assert(
        fc.asyncProperty(schedule, (one) => play(world, one)),
        { numRuns: 60, endOnFailure: true },
      ))

    test('the same with restarts, and device rows lost: at most a collection starts again, once', () =>
      fc.assert(
        fc.asyncProperty(withRestarts(fc.boolean()), (one) => play(world, one)),
        { numRuns: 6, endOnFailure: true },
      ))
  },
)

import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { standaloneOnly } from './form.ts'
import { play, schedule, withRestarts } from './phones/schedule.ts'
import { createWorld } from './phones/worlds.ts'
import { testFolder } from './process.ts'

const folder = testFolder()
const world = createWorld(`${folder.path}/data`)
before(() => world.start())
after(async () => {
  await world.stop()
  folder.remove()
})

describe('phones of one account, another program and deliveries, over HTTP', () => {
  test('with answers lost, requests repeated and two at once, every copy ends equal to the server’s, and nothing is shown twice', () =>
    fc.assert(
      fc.asyncProperty(schedule, (one) => play(world, one)),
      { numRuns: 60, endOnFailure: true },
    ))

  test('the same with restarts in between', standaloneOnly('it is restarted as a whole'), () =>
    fc.assert(
      fc.asyncProperty(withRestarts(fc.constant(false)), (one) => play(world, one)),
      { numRuns: 6, endOnFailure: true },
    ),
  )

  test(
    'the same with the device rows lost: at most a collection starts again, once',
    standaloneOnly('its file of device rows is removed'),
    () =>
      fc.assert(
        fc.asyncProperty(withRestarts(fc.boolean()), (one) => play(world, one)),
        { numRuns: 6, endOnFailure: true },
      ),
  )
})

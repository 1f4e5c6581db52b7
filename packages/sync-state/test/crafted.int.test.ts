import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { craftedSchedules } from './simulation/crafted.ts'
import { playSchedule } from './simulation/play.ts'
import { openRows } from './simulation/rows.ts'

const schedules = craftedSchedules()

if (schedules) {
  const opened = openRows()

  describe('the schedules of the model, on the engine and the real rows', () => {
    after(async () => (await opened).close())

    for (const { name, rule, schedule } of schedules)
      test(rule === null ? name : `${name} (${rule})`, async () => {
        assert.equal(await playSchedule((await opened).store, schedule), undefined)
      })

    test('are all there', () => {
      assert.equal(schedules.length, 35)
    })
  })
} else test('the schedules of the model', { skip: 'there is no ../shared/sync-model here' })

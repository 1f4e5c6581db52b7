import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { craftedSchedules } from '@relais/sync-state/test/simulation/crafted.ts'
import { isMail } from '@relais/sync-state/test/simulation/facts.ts'
import { MAIL_ONLY, scheduleFrom } from '@relais/sync-state/test/simulation/generate.ts'
import { startSimulatedMail } from './play-on-mail.ts'

describe('schedules of simulated phones, on mail itself', () => {
  const closing: (() => void | Promise<void>)[] = []
  let play: Awaited<ReturnType<typeof startSimulatedMail>>

  before(async () => {
    play = await startSimulatedMail({ after: (close) => closing.push(close) })
  })
  after(async () => {
    for (const close of closing) await close()
  })

  const crafted = craftedSchedules()?.filter(({ schedule }) => schedule.settings.collections.every(isMail))
  if (crafted)
    for (const { name, schedule } of crafted)
      test(name, async () => {
        assert.equal(await play(schedule), undefined)
      })
  else test('the schedules of the model', { skip: 'there is no ../shared/sync-model here' })

  test('60 random ones', async () => {
    for (let seed = 1; seed <= 60; seed++)
      assert.equal(await play(scheduleFrom(seed, 40, MAIL_ONLY)), undefined, `seed ${seed}`)
  })
})

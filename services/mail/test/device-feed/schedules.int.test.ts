import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { craftedSchedules } from '@relais/sync-state/test/simulation/crafted.ts'
import { isMail } from '@relais/sync-state/test/simulation/facts.ts'
import { MAIL_ONLY, scheduleFrom } from '@relais/sync-state/test/simulation/generate.ts'
import { playOn } from '@relais/sync-state/test/simulation/play.ts'
import type { Schedule } from '@relais/sync-state/test/simulation/schedule.ts'
import { startMail } from '../harness.ts'
import { type MailUnderTest, onMail } from './simulated-mail.ts'

/** Days for which a phone can want its mail, of those that the simulation has. */
const withMailFilters = ({ settings, steps }: Schedule): Schedule => ({
  settings: {
    ...settings,
    invisibleBudget: undefined,
    phones: settings.phones.map((phone) => ({
      ...phone,
      filters: Object.fromEntries(
        Object.entries(phone.filters).map(([name, days]) => [name, days === 2 ? 3 : days]),
      ),
    })),
  },
  steps: steps.map((step) =>
    step[0] === 'filter' && step[3] === 2 ? ['filter', step[1]!, step[2]!, 3] : step,
  ),
})

describe('schedules of simulated phones, on mail itself', () => {
  const closing: (() => void | Promise<void>)[] = []
  let mail: MailUnderTest

  before(async () => {
    const clock = { now: Date.now() }
    const harness = await startMail({ after: (close) => closing.push(close) }, { clock: () => clock.now })
    mail = { ...harness, clock }
  })
  after(async () => {
    for (const close of closing) await close()
  })

  const play = (schedule: Schedule) => playOn(onMail(mail), withMailFilters(schedule))

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

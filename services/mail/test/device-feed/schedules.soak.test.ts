import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAIL_ONLY, scheduleFrom } from '@relais/sync-state/test/simulation/generate.ts'
import { startSimulatedMail } from './play-on-mail.ts'

// Other schedules each time; a failing one names its seed.
const start = Math.floor(Math.random() * 2 ** 30)

test(`3,000 random schedules of simulated phones on mail itself, from seed ${start} on`, async (t) => {
  const play = await startSimulatedMail(t)
  for (let seed = start; seed < start + 3000; seed++)
    assert.equal(await play(scheduleFrom(seed, 60, MAIL_ONLY)), undefined, `seed ${seed}`)
})

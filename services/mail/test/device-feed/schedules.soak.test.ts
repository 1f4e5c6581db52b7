import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAIL_ONLY, scheduleFrom } from '@relais/sync-state/test/simulation/generate.ts'
import { startSimulatedMail } from './play-on-mail.ts'

/** Other schedules each time; a failing one names its seed. */
const start = Math.floor(Math.random() * 2 ** 30)
const PARTS = 15
const COUNT = 200

for (let part = 0; part < PARTS; part++) {
  const first = start + part * COUNT
  test(`${COUNT} random schedules of simulated phones on mail itself, from seed ${first} on (${part + 1} of ${PARTS})`, async (t) => {
    const play = await startSimulatedMail(t)
    for (let seed = first; seed < first + COUNT; seed++)
      assert.equal(await play(scheduleFrom(seed, 60, MAIL_ONLY)), undefined, `seed ${seed}`)
  })
}

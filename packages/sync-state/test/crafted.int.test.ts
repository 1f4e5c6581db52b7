import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, describe, test } from 'node:test'
import { playSchedule } from './simulation/play.ts'
import { openRows } from './simulation/rows.ts'
import type { Schedule, Step } from './simulation/schedule.ts'

// Hand-made schedules of the model that found the rules, each made to fail without one of them. They lie beside this repository.
const MODEL = new URL('../../../../shared/sync-model/crafted.js', import.meta.url)

type Crafted = readonly [name: string, rule: string | null, settings: CraftedSettings, steps: readonly Step[]]

type CraftedSettings = {
  readonly colls: readonly string[]
  readonly lag: number
  readonly strict: boolean
  readonly adoptAny: boolean
  readonly white: boolean
  readonly strictConfl: boolean
  readonly Ws: readonly number[]
  readonly phones: readonly CraftedPhone[]
}

type CraftedPhone = {
  readonly name: string
  readonly colls: readonly string[]
  readonly ft: Readonly<Record<string, number>>
  readonly confl: number
  readonly dam: boolean
  readonly respFirst: boolean
}

const scheduleOf = (crafted: CraftedSettings, steps: readonly Step[]): Schedule => ({
  steps,
  settings: {
    collections: crafted.colls,
    isLagging: crafted.lag > 0,
    isStrict: crafted.strict,
    adoptsAny: crafted.adoptAny,
    looksInside: crafted.white,
    isStrictOnConflicts: crafted.strictConfl,
    windows: crafted.Ws,
    phones: crafted.phones.map(({ name, colls, ft, confl, dam, respFirst }) => ({
      name,
      collections: colls,
      filters: ft,
      serverWins: confl === 1,
      deletesAsMoves: dam,
      responsesFirst: respFirst,
    })),
  },
})

if (existsSync(MODEL)) {
  const { S: schedules } = createRequire(import.meta.url)(MODEL.pathname) as { S: readonly Crafted[] }
  const opened = openRows()

  describe('the schedules of the model, on the engine and the real rows', () => {
    after(async () => (await opened).close())

    for (const [name, rule, settings, steps] of schedules)
      test(rule === null ? name : `${name} (${rule})`, async () => {
        const { store } = await opened
        assert.equal(await playSchedule(store, scheduleOf(settings, steps)), undefined)
      })

    test('are all there', () => {
      assert.equal(schedules.length, 35)
    })
  })
} else test('the schedules of the model', { skip: 'there is no ../shared/sync-model here' })

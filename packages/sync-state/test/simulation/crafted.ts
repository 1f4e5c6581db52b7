import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Schedule, Step } from './schedule.ts'

// Hand-made schedules of the model that found the rules, each made to fail without one of them. They lie beside this repository.
const MODEL = new URL('../../../../../shared/sync-model/crafted.js', import.meta.url)

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

export type CraftedSchedule = {
  readonly name: string
  readonly rule: string | null
  readonly schedule: Schedule
}

/** The model's schedules; undefined where it isn't beside this repository. */
export const craftedSchedules = (): readonly CraftedSchedule[] | undefined => {
  if (!existsSync(MODEL)) return undefined
  const { S: schedules } = createRequire(import.meta.url)(MODEL.pathname) as { S: readonly Crafted[] }
  return schedules.map(([name, rule, settings, steps]) => ({
    name,
    rule,
    schedule: scheduleOf(settings, steps),
  }))
}

import type { Schedule, ScheduleSettings, Step } from './schedule.ts'

type Fails = (schedule: Schedule) => Promise<boolean>

/** Passes over the whole schedule; each stops when nothing can be left out any more. */
const MAX_PASSES = 8

/** A smaller schedule that still fails. */
export const shrinkSchedule = async (schedule: Schedule, fails: Fails): Promise<Schedule> => {
  let smallest = schedule
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const before = JSON.stringify(smallest)
    smallest = await withoutSteps(smallest, fails)
    smallest = await withSmallerNumbers(smallest, fails)
    smallest = await withPlainerSettings(smallest, fails)
    if (JSON.stringify(smallest) === before) break
  }
  return smallest
}

const withoutSteps = async ({ settings, steps: all }: Schedule, fails: Fails): Promise<Schedule> => {
  let steps = all
  for (let size = Math.max(1, steps.length >> 1); size >= 1; size >>= 1)
    for (let at = 0; at + size <= steps.length; ) {
      const fewer = steps.toSpliced(at, size)
      if (await fails({ settings, steps: fewer })) steps = fewer
      else at++
    }
  return { settings, steps }
}

/** In a round, the window, whether changes are wanted and the fate aren't smaller or larger. */
const PLAIN: Readonly<Record<string, readonly number[]>> = { round: [2, 3, 4], send: [2, 3] }

const withSmallerNumbers = async ({ settings, steps: all }: Schedule, fails: Fails): Promise<Schedule> => {
  let steps = all
  for (const [at, [name, ...numbers]] of all.entries())
    for (const index of numbers.keys()) {
      if (PLAIN[name]?.includes(index)) continue
      for (const smaller of [0, 1, numbers[index]! - 1]) {
        if (smaller < 0 || smaller >= (steps[at]![index + 1] as number)) continue
        const step = steps[at]!.with(index + 1, smaller) as unknown as Step
        const other = steps.with(at, step)
        if (await fails({ settings, steps: other })) steps = other
      }
    }
  return { settings, steps }
}

const plainer = (settings: ScheduleSettings): ScheduleSettings[] => [
  ...settings.phones.map((_, index) => ({ ...settings, phones: settings.phones.toSpliced(index, 1) })),
  { ...settings, isLagging: false },
  { ...settings, isStrict: false },
  { ...settings, adoptsAny: false },
  { ...settings, windows: [512] },
  { ...settings, invisibleBudget: undefined },
  ...settings.phones.flatMap((phone, index) =>
    [
      { ...phone, filters: {} },
      { ...phone, sideFilters: undefined },
      { ...phone, deletesAsMoves: false },
      { ...phone, serverWins: false },
      { ...phone, responsesFirst: true },
      { ...phone, name: `ios${index + 1}` },
    ].map((one) => ({ ...settings, phones: settings.phones.with(index, one) })),
  ),
]

const withPlainerSettings = async ({ settings: all, steps }: Schedule, fails: Fails): Promise<Schedule> => {
  let settings = all
  for (let index = 0; index < plainer(settings).length; index++) {
    const other = plainer(settings)[index]!
    if (other.phones.length === 0 || JSON.stringify(other) === JSON.stringify(settings)) continue
    if (await fails({ settings: other, steps })) settings = other
  }
  return { settings, steps }
}

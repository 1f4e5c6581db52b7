import { scheduleFrom } from './generate.ts'
import { playSchedule } from './play.ts'
import { openRows } from './rows.ts'
import type { Schedule } from './schedule.ts'
import { shrinkSchedule } from './shrink.ts'

export type Run = {
  readonly seeds: Iterable<number>
  /** Steps of a schedule beyond the first eight, at most. */
  readonly length: number
  readonly isStrictOnConflicts?: boolean
}

/** Schedules that one database plays before another takes its place: their tenants stay in it. */
const PER_DATABASE = 500

/** What a failure looks like without the numbers that shrinking changes. */
const kindOf = (message: string) =>
  message
    .replaceAll(/\d+/g, 'N')
    .replaceAll(/\b(INB|ARC|TRA|CAL|CON)\b/g, 'C')
    .slice(0, 40)

/** Plays the schedules of all seeds; answers with a report of the first that fails, shrunk and traced. */
export const firstFailure = async ({
  seeds,
  length,
  isStrictOnConflicts = false,
}: Run): Promise<string | undefined> => {
  let rows = await openRows()
  let played = 0
  try {
    for (const seed of seeds) {
      if (++played % PER_DATABASE === 0) {
        await rows.close()
        rows = await openRows()
      }
      const { settings, steps } = scheduleFrom(seed, length)
      const schedule = { settings: { ...settings, isStrictOnConflicts }, steps }
      const failure = await playSchedule(rows.store, schedule)
      if (failure) return await report(rows.store, { seed, failure, schedule })
    }
    return undefined
  } finally {
    await rows.close()
  }
}

type Rows = Awaited<ReturnType<typeof openRows>>['store']
type Failed = { readonly seed: number; readonly failure: string; readonly schedule: Schedule }

const report = async (rows: Rows, { seed, failure, schedule }: Failed): Promise<string> => {
  const kind = kindOf(failure)
  const isSame = async (other: Schedule) => kindOf((await playSchedule(rows, other)) ?? '') === kind
  const smallest = await shrinkSchedule(schedule, isSame)
  const lines: string[] = []
  const message = await playSchedule(rows, smallest, (line) => lines.push(line))
  return [`seed ${seed}: ${failure}`, JSON.stringify(smallest), ...lines, message ?? ''].join('\n')
}

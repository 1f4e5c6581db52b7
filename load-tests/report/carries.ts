import { HABITS, type Habits, sizeOf } from '../sizing/model.ts'
import { PROCESSES, type UnitCosts } from '../sizing/unit-costs.ts'

/** What one core and one GiB carry of one kind of process. */
export type Carries = {
  readonly name: string
  /** Accounts that keep one core as busy, in their busiest minute, as it may be. */
  readonly accountsPerCore: number
  /** Phones that wait in one GiB, beyond what the process has by itself; undefined: phones don't wait there. */
  readonly waitingPerGiB: number | undefined
  readonly idleMiB: number
}

/** Enough that rounding doesn't matter. */
const SAMPLE = 100_000
const GIB_IN_KIB = 1024 * 1024

/** By the model of `npm run size` and its measured costs. */
export const carriesOf = (costs: UnitCosts, habits: Habits = HABITS): readonly Carries[] => {
  const { cores } = sizeOf(SAMPLE, habits, costs)
  return PROCESSES.map((name) => ({
    name,
    accountsPerCore: (SAMPLE * habits.usedShare) / (cores[name] ?? 0),
    waitingPerGiB: name === 'device-sync' ? Math.floor(GIB_IN_KIB / costs.heldKiB) : undefined,
    idleMiB: costs.idleMiB[name] ?? 0,
  }))
}

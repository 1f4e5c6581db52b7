import { OPERATIONS, type Operation, PROCESSES, type UnitCosts } from './unit-costs.ts'

/** What people and their phones do: change it to what yours do. */
export type Habits = {
  readonly phonesPerAccount: number
  /** Part of the phones that wait for mail at any time. */
  readonly waitingShare: number
  /** After this long without mail a phone asks anew. */
  readonly heartbeatMinutes: number
  readonly mailsPerDay: number
  readonly sentPerDay: number
  /** Messages read, flagged, moved or deleted, by phone. */
  readonly marksPerDay: number
  /** Times that somebody looks and there is nothing new, by phone. */
  readonly looksPerDay: number
  /** Phones that are set up anew each day, of a thousand. */
  readonly newPhonesPerThousand: number
  /** Messages that a new phone takes. */
  readonly firstSyncMessages: number
  /** Part of a day that happens in its busiest hour. */
  readonly busyHourShare: number
  /** How much more than the hour's mean its busiest minute has. */
  readonly peakFactor: number
  /** Part of a core that may be used at the peak: the rest is for what nobody foresaw. */
  readonly usedShare: number
  /** Waiting phones that one device-sync is given. */
  readonly waitingPerProcess: number
}

export const HABITS: Habits = {
  phonesPerAccount: 1.2,
  waitingShare: 0.9,
  heartbeatMinutes: 20,
  mailsPerDay: 30,
  sentPerDay: 8,
  marksPerDay: 30,
  looksPerDay: 40,
  newPhonesPerThousand: 2,
  firstSyncMessages: 500,
  busyHourShare: 0.12,
  peakFactor: 3,
  usedShare: 0.6,
  waitingPerProcess: 20_000,
}

export type Sizing = {
  readonly accounts: number
  /** Requests that wait. */
  readonly waiting: number
  /** A second, in the busiest minute. */
  readonly rates: Readonly<Record<Operation, number>>
  /** Cores that each kind of process is busy with then. */
  readonly cores: Readonly<Record<string, number>>
  readonly deviceSyncs: number
  /** Installations side by side: one `mail`, one `mail-transport` and one `directory` work in each. */
  readonly installations: number
  /** Of the device-syncs together. */
  readonly waitingMiB: number
  /** A year's mail, one copy each. */
  readonly yearGiB: { readonly log: number; readonly rows: number; readonly blobs: number }
}

const DAY_SECONDS = 86_400
/** New phones are set up in working hours. */
const WORKING_SECONDS = 8 * 3_600
/** The directory forgets a credential that isn't used for a week; by then nearly nobody has one. */
const SIGN_INS_PER_PHONE_AND_DAY = 1 / 7

/** What an installation of so many accounts needs. Errors: a number that can't be. */
export const sizeOf = (accounts: number, habits: Habits, costs: UnitCosts): Sizing => {
  refuse(accounts, habits)
  const waiting = Math.round(accounts * habits.phonesPerAccount * habits.waitingShare)
  const rates = ratesOf(accounts, waiting, habits)
  const cores = coresOf(rates, costs)
  const single = Math.max(...SINGLE.map((name) => cores[name] ?? 0))
  return {
    ...{ accounts, waiting, rates, cores },
    deviceSyncs: Math.max(
      2,
      Math.ceil((cores['device-sync'] ?? 0) / habits.usedShare),
      Math.ceil(waiting / habits.waitingPerProcess),
    ),
    installations: Math.max(1, Math.ceil(single / habits.usedShare)),
    waitingMiB: Math.round((waiting * costs.heldKiB) / 1024),
    yearGiB: yearOf(accounts, habits, costs),
  }
}

/** Of these one process works. */
const SINGLE = ['mail', 'mail-transport', 'directory'] as const

const refuse = (accounts: number, habits: Habits): void => {
  if (!Number.isInteger(accounts) || accounts < 1)
    throw new RangeError(`${accounts} is no number of accounts`)
  for (const [name, value] of Object.entries(habits))
    if (!Number.isFinite(value) || value < 0) throw new RangeError(`${name}: ${value} is no amount`)
  for (const name of ['waitingShare', 'busyHourShare', 'usedShare'] as const)
    if (habits[name] > 1) throw new RangeError(`${name}: ${habits[name]} is more than all`)
  for (const name of ['heartbeatMinutes', 'usedShare', 'waitingPerProcess'] as const)
    if (habits[name] === 0) throw new RangeError(`${name} can't be 0`)
}

const ratesOf = (accounts: number, waiting: number, habits: Habits): Record<Operation, number> => {
  const phones = accounts * habits.phonesPerAccount
  const atPeak = (perDay: number) => (perDay * habits.busyHourShare * habits.peakFactor) / 3_600
  const delivery = atPeak(accounts * (habits.mailsPerDay + habits.sentPerDay))
  return {
    signIn: (phones * SIGN_INS_PER_PHONE_AND_DAY) / DAY_SECONDS,
    delivery,
    // A message wakes every phone of its account that waits.
    pushRound: atPeak(accounts * habits.mailsPerDay) * habits.phonesPerAccount * habits.waitingShare,
    quietSync: atPeak(phones * habits.looksPerDay) + waiting / (habits.heartbeatMinutes * 60),
    markRead: atPeak(phones * habits.marksPerDay),
    firstSyncMessage:
      (((phones * habits.newPhonesPerThousand) / 1_000) * habits.firstSyncMessages) / WORKING_SECONDS,
  }
}

const coresOf = (rates: Readonly<Record<Operation, number>>, costs: UnitCosts): Record<string, number> =>
  Object.fromEntries(
    PROCESSES.map((process) => {
      const busy = OPERATIONS.map((one) => (rates[one] * costOf(one, process, costs)) / 1_000)
      return [process, busy.reduce((sum, one) => sum + one, 0)]
    }),
  )

/** A round of push was measured with the delivery that began it, which is counted by itself. */
const costOf = (operation: Operation, process: string, { cpuMs }: UnitCosts): number => {
  const whole = cpuMs[operation][process] ?? 0
  return operation === 'pushRound' ? Math.max(0, whole - (cpuMs.delivery[process] ?? 0)) : whole
}

const GIB = 1024 ** 3

const yearOf = (accounts: number, habits: Habits, { bytesPerMessage }: UnitCosts): Sizing['yearGiB'] => {
  const messages = accounts * (habits.mailsPerDay + habits.sentPerDay) * 365
  const gibibytes = (bytes: number) => (messages * bytes) / GIB
  return {
    log: gibibytes(bytesPerMessage.log),
    rows: gibibytes(bytesPerMessage.rows),
    blobs: gibibytes(bytesPerMessage.blobs),
  }
}

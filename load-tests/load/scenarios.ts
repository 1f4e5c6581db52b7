import type { NetworkName, Plan } from '../eas/plan.ts'
import { HABITS } from '../sizing/model.ts'

export const SCENARIO_NAMES = [
  'steady-day',
  'monday-morning',
  'reconnect-storm',
  'mail-burst',
  'slow-phones',
] as const
export type ScenarioName = (typeof SCENARIO_NAMES)[number]

export type Extent = {
  readonly phones: number
  readonly accounts: number
  readonly durationSeconds: number
  /** Until all phones have come; a fifth of the duration where nothing is said. */
  readonly rampSeconds?: number
  /** People and mail are so many times as busy as in the busiest hour of a day. */
  readonly speed: number
}

type Scenario = {
  /** For --help. */
  readonly about: string
  plan(extent: Extent): Plan
}

/** Phones of an institution. */
const MIX = { ios: 45, android: 35, outlook: 20 } as const
const GOOD: Readonly<Partial<Record<NetworkName, number>>> = { good: 1 }

/** What a phone's user does in the busiest hour. */
export const usersOf = (speed: number): Plan['users'] => {
  const inTheHour = (perDay: number) => perDay * HABITS.busyHourShare * speed
  return {
    looks: inTheHour(HABITS.looksPerDay),
    marks: inTheHour(HABITS.marksPerDay),
    sends: inTheHour(HABITS.sentPerDay / HABITS.phonesPerAccount),
  }
}

const HOUR = 3600

export const mailsPerSecond = ({ accounts, speed }: Pick<Extent, 'accounts' | 'speed'>): number =>
  (accounts * HABITS.mailsPerDay * HABITS.busyHourShare * speed) / HOUR

export const rampOf = ({
  durationSeconds,
  rampSeconds = durationSeconds / 5,
}: Pick<Extent, 'durationSeconds' | 'rampSeconds'>): number => rampSeconds

const plan = (name: string, extent: Extent, more: Partial<Plan>): Plan => ({
  name,
  phones: extent.phones,
  mix: MIX,
  networks: GOOD,
  rampSeconds: rampOf(extent),
  durationSeconds: extent.durationSeconds,
  users: usersOf(extent.speed),
  post: { perSecond: mailsPerSecond(extent), whileAway: 0 },
  ...more,
})

/** A share of the duration, or a tenth of it after the last phone has come. */
const allWait = (extent: Extent, share: number): number =>
  Math.max(extent.durationSeconds * share, rampOf(extent) + extent.durationSeconds * 0.1)

/** Mail of a weekend: a third of what two working days bring. */
const WEEKEND_MAILS = Math.round((2 * HABITS.mailsPerDay) / 3)
/** People who come back do twice as much. */
const MONDAY = 2
const OUTAGE_SECONDS = 2

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  'steady-day': {
    about: 'the busiest hour of an institution: phones wait, mail wakes them, people look, mark and send',
    plan: (extent) => plan('steady-day', extent, {}),
  },
  'monday-morning': {
    about: 'phones that were off for a weekend come within a while, and take what has gathered',
    plan: (extent) => {
      const from = allWait(extent, 0.3)
      const rest = extent.durationSeconds - from
      return plan('monday-morning', extent, {
        away: { from, until: from + (rest * 2) / 7, spreadSeconds: (rest * 2) / 7 },
        users: usersOf(extent.speed * MONDAY),
        post: { perSecond: mailsPerSecond(extent), whileAway: WEEKEND_MAILS },
      })
    },
  },
  'reconnect-storm': {
    about: 'every connection breaks at once, and all phones come back in the same second',
    plan: (extent) => {
      const from = allWait(extent, 0.4)
      return plan('reconnect-storm', extent, {
        away: { from, until: from + OUTAGE_SECONDS, spreadSeconds: 1 },
      })
    },
  },
  'mail-burst': {
    about: 'a message to many accounts at once, again and again, while their phones wait',
    plan: (extent) =>
      plan('mail-burst', extent, {
        post: {
          perSecond: 0,
          whileAway: 0,
          bursts: {
            from: allWait(extent, 0.4),
            everySeconds: extent.durationSeconds * 0.15,
            recipients: Math.min(extent.accounts, GROUP),
          },
        },
      }),
  },
  'slow-phones': {
    about: 'phones on networks that are slow, late, and end connections',
    plan: (extent) => plan('slow-phones', extent, { networks: { good: 30, slow: 45, bad: 25 } }),
  },
}

/** Members of a large group. */
const GROUP = 1000

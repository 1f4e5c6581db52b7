import { chance } from '@relais/testing/chance.ts'
import { prepareK6 } from '../k6/start.ts'
import type { Report } from '../report/report.ts'
import { type Crowd, startCrowd } from '../simulator/crowd.ts'
import { figuresOf } from './figures.ts'
import { watchInstallation } from './installation.ts'
import { Measurements } from './measurements.ts'
import type { Order } from './order.ts'
import { handIn } from './post.ts'

/** A run that goes on. */
export type Run = {
  readonly measurements: Measurements
  /** Seconds since it began. */
  now(): number
  /** Resolves when all phones have ended. Errors: they couldn't be led. */
  readonly ended: Promise<Report>
  /** Ends it before its time; there is a report all the same. */
  stop(): void
}

/** k6 makes a runtime for each phone before the first one comes. */
const BEFORE_K6_MS = 2000
const BEFORE_K6_EACH_MS = 10

const beforehand = ({ driver, plan }: Order): number =>
  driver === 'k6' ? BEFORE_K6_MS + BEFORE_K6_EACH_MS * plan.phones : 0

/** Leads the phones of an order, hands mail in beside them, and says what came of it. */
export const startRun = async (order: Order): Promise<Run> => {
  const { plan, target } = order
  const measurements = new Measurements()
  const date = () => performance.timeOrigin + performance.now()
  const stop = new AbortController()
  const crowd = await startCrowdOf(order, measurements)
  const installation = watchInstallation(order.installationPid)
  const began = date() + beforehand(order)
  const now = () => (date() - began) / 1000
  crowd.begin(began)
  const post = startPost(order, measurements, { now, date, signal: stop.signal })
  const ended = Promise.all([crowd.ended, post]).then(() => {
    const seconds = Math.max(0, now()) // k6 may have been ended before the first phone came
    const used = installation.used(seconds)
    return {
      name: plan.name,
      against: target.url,
      driver: order.driver,
      began: new Date(began).toISOString(),
      seconds,
      plan,
      processes: order.driver === 'k6' ? 1 : order.processes,
      residentMiB: crowd.residentMiB(),
      figures: figuresOf(measurements, { ...plan, used }, order.thresholds),
      measurements,
      used,
    }
  })
  const end = () => {
    stop.abort()
    crowd.stop()
  }
  // Without phones nobody needs the mail; without mail phones go on.
  crowd.ended.catch(end).finally(() => stop.abort())
  ended.catch(() => {}).finally(installation.close)
  return { measurements, now, ended, stop: end }
}

const startCrowdOf = (
  { plan, accounts, target, seed, driver, k6 = 'k6', processes }: Order,
  measurements: Measurements,
): Promise<Crowd> => {
  const share = { plan, accounts, target, seed }
  return driver === 'k6'
    ? prepareK6({ ...share, program: k6 }, measurements)
    : startCrowd({ ...share, processes }, measurements)
}

type Times = { readonly now: () => number; readonly date: () => number; readonly signal: AbortSignal }

const startPost = async (order: Order, measurements: Measurements, times: Times): Promise<void> => {
  const { plan, accounts, door, seed } = order
  if (door === undefined) return
  const observer = {
    count: (what, by = 1) => measurements.count(times.now(), what, by),
    took: (what, ms) => measurements.took(times.now(), what, ms),
    wondered: (why) => measurements.wondered(why),
  } satisfies Parameters<typeof handIn>[0]['observer']
  await handIn({ plan, accounts, door, observer, random: chance(seed), ...times })
}

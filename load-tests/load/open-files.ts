import { readFileSync } from 'node:fs'
import type { Plan } from '../eas/plan.ts'
import { UsageError } from './options.ts'
import type { Order } from './order.ts'

/** A process has some files besides. */
const OTHER_FILES = 64
/** A phone is an open file; one on a slow network has two more, of the proxy that is its network. */
const FILES = { good: 1, slow: 3, bad: 3 } as const

/** Open files of a process that leads so many of the plan's phones. */
export const filesFor = (phones: number, networks: Plan['networks']): number => {
  const weights = Object.entries(networks) as [keyof typeof FILES, number][]
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0)
  const each = weights.reduce((sum, [name, weight]) => sum + FILES[name] * (weight / total), 0)
  return Math.ceil(phones * each) + OTHER_FILES
}

/** Asked before the run begins, not found out in its midst. Errors: UsageError. */
export const refuseTooManyFiles = (
  { plan, processes, driver }: Pick<Order, 'plan' | 'processes' | 'driver'>,
  most = mostFiles(),
): void => {
  const phones = Math.ceil(plan.phones / (driver === 'k6' ? 1 : processes))
  const files = filesFor(phones, plan.networks)
  if (files <= most) return
  const more = driver === 'k6' ? 'take the simulator' : 'give more --processes'
  throw new UsageError(
    `${phones} phones in a process are ${files} open files, but it may have ${most}: ${more}, or raise ulimit -n`,
  )
}

const mostFiles = (): number => {
  try {
    return mostFilesIn(readFileSync('/proc/self/limits', 'utf8'))
  } catch {
    return Number.POSITIVE_INFINITY // of another system: unknown
  }
}

/** proc_pid_limits(5): the soft limit, which may be `unlimited`. */
export const mostFilesIn = (limits: string): number =>
  Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)

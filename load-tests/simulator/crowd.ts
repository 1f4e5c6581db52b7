import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Measurements } from '../load/measurements.ts'
import { partsOf, type Share, type Told } from './share.ts'

export type CrowdOrder = Omit<Share, 'first' | 'count'> & { readonly processes: number }

/** Phones that several processes lead. */
export type Crowd = {
  /** Resolves when all have ended. Errors: a process ended before its phones did. */
  readonly ended: Promise<unknown>
  /** Most memory that any process had, in MiB. */
  residentMiB(): number
  stop(): void
}

const PROGRAM = fileURLToPath(new URL('phone-process.ts', import.meta.url))

/** Starts the processes; what they tell goes into `measurements`. */
export const startCrowd = (order: CrowdOrder, measurements: Measurements): Crowd => {
  const { processes, ...rest } = order
  let most = 0
  const hear = ({ at, batch, residentMiB }: Told) => {
    measurements.take(at, batch)
    most = Math.max(most, residentMiB)
  }
  const children = partsOf(order.plan.phones, processes).map((part) => startOne({ ...rest, ...part }, hear))
  return {
    ended: Promise.all(children.map(({ ended }) => ended)),
    residentMiB: () => most,
    stop: () => {
      for (const { child } of children) if (child.connected) child.send('stop')
    },
  }
}

const startOne = (
  share: Share,
  hear: (told: Told) => void,
): { readonly child: ChildProcess; readonly ended: Promise<void> } => {
  const child = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] })
  let isDone = false
  child.on('message', (told: Told) => {
    isDone ||= told.kind === 'ended'
    hear(told)
  })
  child.send(share)
  const ended = once(child, 'exit').then(([code, signal]) => {
    if (!isDone)
      throw new Error(`a process of the simulator ended with ${code ?? signal} before its phones did`)
  })
  ended.catch(() => {}) // whoever waits for all hears of it
  return { child, ended }
}

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Measurements } from '../load/measurements.ts'
import { type Command, type FromProcess, partsOf, type Share, type Told } from './share.ts'

export type CrowdOrder = Omit<Share, 'first' | 'count'> & { readonly processes: number }

/** Phones that are led by somebody, and are ready to come. */
export type Crowd = {
  /** The first of them comes now; in milliseconds since 1970. */
  begin(began: number): void
  /** Resolves when all phones have ended. Errors: a process ended before its phones did. */
  readonly ended: Promise<unknown>
  /** Most memory that any process had, in MiB. */
  residentMiB(): number
  stop(): void
}

const PROGRAM = fileURLToPath(new URL('phone-process.ts', import.meta.url))

/** Starts the processes and waits until they are ready; what they tell then goes into `measurements`. */
export const startCrowd = async (order: CrowdOrder, measurements: Measurements): Promise<Crowd> => {
  const { processes, ...rest } = order
  let most = 0
  const hear = ({ at, batch, residentMiB }: Told) => {
    measurements.take(at, batch)
    most = Math.max(most, residentMiB)
  }
  const all = partsOf(order.plan.phones, processes).map((part) => startOne({ ...rest, ...part }, hear))
  const tell = (command: Command) => {
    for (const { child } of all) if (child.connected) child.send(command, whoeverEnded)
  }
  const ended = Promise.all(all.map((one) => one.ended))
  ended.catch(() => tell({ kind: 'stop' })) // without one of them there is no result
  await Promise.race([Promise.all(all.map((one) => one.ready)), ended])
  return {
    ended,
    begin: (began) => tell({ kind: 'begin', began }),
    residentMiB: () => most,
    stop: () => tell({ kind: 'stop' }),
  }
}

/** One that ends just now isn't told any more: its end says so. */
const whoeverEnded = (): void => {}

type One = { readonly child: ChildProcess; readonly ready: Promise<void>; readonly ended: Promise<void> }

const startOne = (share: Share, hear: (told: Told) => void): One => {
  const child = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] })
  let isDone = false
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message: FromProcess) => {
      if (message.kind === 'ready') return resolve()
      isDone ||= message.kind === 'ended'
      hear(message)
    })
  })
  child.send(share, whoeverEnded)
  const ended = once(child, 'exit').then(([code, signal]) => {
    if (!isDone)
      throw new Error(`a process of the simulator ended with ${code ?? signal} before its phones did`)
  })
  return { child, ready, ended }
}

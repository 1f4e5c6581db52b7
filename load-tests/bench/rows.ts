import type { EventLog, NewCommit } from '@relais/event-log'
import type { Projector } from '@relais/read-store'
import { READ_MESSAGE } from './mail-like.ts'

/** Commits that a rebuild reads. */
export const HISTORY = 60_000
const ACCOUNTS = 500
const LIVE = 1000
const READS = 20_000

const PAYLOAD = new Uint8Array(600).fill(7)

let made = 0

const nextCommit = (): NewCommit => {
  const account = `u_${(made * 7919) % ACCOUNTS}`
  made += 1
  return {
    stream: { tenant: 't_1', account, service: 'mail' },
    events: [{ type: 'MessageDelivered', version: 1, payload: PAYLOAD }],
    commandId: `rows-${made}`,
    actor: { kind: 'service', id: 'mail-transport', device: '' },
    principal: account,
    at: 1_764_000_000_000 + made,
    collections: [`inbox-${account}`],
  }
}

export const fillLog = async (log: EventLog): Promise<void> => {
  for (let at = 0; at < HISTORY; at += 1000) {
    await Promise.all(Array.from({ length: 1000 }, () => log.append(nextCommit())))
  }
}

/** The longest time for which nothing else had the thread, in milliseconds. */
const longestTurn = async (work: Promise<unknown>): Promise<number> => {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 1)
  await work
  clearInterval(timer)
  return longest
}

export const measureRebuild = async (projector: Projector) => {
  const started = performance.now()
  const turn = await longestTurn(projector.rebuild())
  return { rate: (HISTORY / (performance.now() - started)) * 1000, turn }
}

/** From the moment an append is durable until its rows can be read, in milliseconds. */
export const visibleAfter = async (log: EventLog, projector: Projector): Promise<number[]> => {
  const times: number[] = []
  for (let at = 0; at < LIVE; at += 1) {
    const { position } = await log.append(nextCommit())
    const durable = performance.now()
    await projector.waitFor(position, Date.now() + 10_000)
    times.push(performance.now() - durable)
  }
  return times
}

const microseconds = async (read: (at: number) => Promise<unknown>): Promise<number> => {
  const started = performance.now()
  for (let at = 0; at < READS; at += 1) await read(at)
  return ((performance.now() - started) / READS) * 1000
}

export const measureReads = async ({ store }: Projector) => {
  const row = (at: number) => ['t_1', `u_${at % ACCOUNTS}`, at] as const
  return {
    get: await microseconds((at) => store.get(READ_MESSAGE, ...row(at))),
    snapshot: await microseconds((at) => store.snapshot((reader) => reader.get(READ_MESSAGE, ...row(at)))),
  }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventLog, NewCommit } from '@relais/event-log'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { openSqliteProjector, type Projector } from '@relais/read-store'
import { type Figure, median, percentile } from './figure.ts'
import { mailLike, READ_MESSAGE } from './mail-like.ts'

const ROUNDS = 3
const HISTORY = 60_000
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

const fill = async (log: EventLog): Promise<void> => {
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

const rebuild = async (projector: Projector) => {
  const started = performance.now()
  const turn = await longestTurn(projector.rebuild())
  return { rate: (HISTORY / (performance.now() - started)) * 1000, turn }
}

/** From the moment an append is durable until its rows can be read. */
const visibleAfter = async (log: EventLog, projector: Projector): Promise<number[]> => {
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

const measureReads = async ({ store }: Projector) => {
  const row = (at: number) => ['t_1', `u_${at % ACCOUNTS}`, at] as const
  return {
    get: await microseconds((at) => store.get(READ_MESSAGE, ...row(at))),
    snapshot: await microseconds((at) => store.snapshot((reader) => reader.get(READ_MESSAGE, ...row(at)))),
  }
}

const measureRound = async (folder: string) => {
  const log = await openSqliteLog({ file: join(folder, 'log.db') })
  await fill(log)
  const projector = await openSqliteProjector({ log, folder: join(folder, 'rows'), model: mailLike })
  try {
    const rebuilt = await rebuild(projector)
    return { ...rebuilt, visible: await visibleAfter(log, projector), ...(await measureReads(projector)) }
  } finally {
    await projector.stop()
    await log.close()
  }
}

type Round = Awaited<ReturnType<typeof measureRound>>

const measureRounds = async (): Promise<Round[]> => {
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const folder = mkdtempSync(join(tmpdir(), 'relais-bench-'))
    try {
      rounds.push(await measureRound(folder))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return rounds
}

const rounded = (value: number) => Math.round(value * 100) / 100

/** The SQLite read store by itself, in the system's temporary folder: medians of three rounds. */
export const benchReadStore = async (): Promise<Figure[]> => {
  const rounds = await measureRounds()
  const of = (pick: (round: Round) => number) => rounded(median(rounds.map(pick)))
  return [
    {
      name: 'rebuild of a mail-like read model',
      value: of(({ rate }) => rate),
      unit: 'commits/s',
      atLeast: 20_000,
    },
    { name: 'rebuild: longest turn of the event loop', value: of(({ turn }) => turn), unit: 'ms' },
    { name: 'durable → visible, p50', value: of(({ visible }) => percentile(visible, 50)), unit: 'ms' },
    {
      name: 'durable → visible, p99',
      value: of(({ visible }) => percentile(visible, 99)),
      unit: 'ms',
      atMost: 2,
    },
    { name: 'read store: one row', value: of(({ get }) => get), unit: 'µs', atMost: 10 },
    { name: 'read store: one row in a snapshot', value: of(({ snapshot }) => snapshot), unit: 'µs' },
  ]
}

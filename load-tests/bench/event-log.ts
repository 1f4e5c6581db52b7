import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventLog } from '@relais/event-log'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { type Figure, median, percentile } from './figure.ts'
import { ACCOUNTS, nextCommit, perSecond } from './log-commits.ts'

const ROUNDS = 3
const ONE_BY_ONE = 1000
const IN_FLIGHT = 64
const TOGETHER = 30_000
const HEADS = 5000

/** Bytes that one append of this size writes to the journal: five pages and their headers. */
const JOURNAL_BYTES = 5 * 4120

/** What the disk alone can do: the same bytes, written and synced one by one. */
const syncedWrites = (folder: string): number => {
  const file = openSync(join(folder, 'raw'), 'w')
  const bytes = new Uint8Array(JOURNAL_BYTES)
  const started = performance.now()
  for (let i = 0; i < ONE_BY_ONE; i++) {
    writeSync(file, bytes, 0, bytes.length, i * bytes.length)
    fdatasyncSync(file)
  }
  const rate = perSecond(ONE_BY_ONE, started)
  closeSync(file)
  return rate
}

const appendOneByOne = async (log: EventLog): Promise<number> => {
  const started = performance.now()
  for (let i = 0; i < ONE_BY_ONE; i++) await log.append(nextCommit())
  return perSecond(ONE_BY_ONE, started)
}

const appendTogether = async (log: EventLog): Promise<{ rate: number; latencies: number[] }> => {
  const latencies: number[] = []
  const worker = async () => {
    while (latencies.length + IN_FLIGHT <= TOGETHER) {
      const asked = performance.now()
      await log.append(nextCommit())
      latencies.push(performance.now() - asked)
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return { rate: perSecond(latencies.length, started), latencies }
}

const replay = async (log: EventLog): Promise<number> => {
  const started = performance.now()
  let commits = 0
  for await (const batch of log.read({ service: 'mail' }, 0)) commits += batch.length
  return perSecond(commits, started)
}

const readHeads = async (log: EventLog): Promise<number> => {
  const started = performance.now()
  for (let i = 0; i < HEADS; i++) {
    await log.head({ tenant: 't_1', account: `u_${i % ACCOUNTS}`, service: 'mail' })
  }
  return ((performance.now() - started) / HEADS) * 1000
}

const measureRound = async (folder: string, round: number) => {
  const log = await openSqliteLog({ file: join(folder, `log-${round}.db`) })
  try {
    const raw = syncedWrites(folder)
    const alone = await appendOneByOne(log)
    const together = await appendTogether(log)
    return { raw, alone, together, replayed: await replay(log), head: await readHeads(log) }
  } finally {
    await log.close()
  }
}

/** The SQLite event log by itself: medians of three rounds, each on a new file in the system's temporary folder. */
export const benchEventLog = async (): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-bench-'))
  try {
    const rounds: Awaited<ReturnType<typeof measureRound>>[] = []
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(folder, round))
    const of = (pick: (round: (typeof rounds)[number]) => number) =>
      Math.round(median(rounds.map(pick)) * 100) / 100
    return [
      {
        name: 'event log: the disk alone, synced writes one by one',
        value: of(({ raw }) => raw),
        unit: '/s',
      },
      { name: 'event log: appends one by one', value: of(({ alone }) => alone), unit: '/s' },
      {
        name: `event log: appends, ${IN_FLIGHT} in flight`,
        value: of(({ together }) => together.rate),
        unit: '/s',
        atLeast: 10_000,
      },
      {
        name: `event log: an append's time, ${IN_FLIGHT} in flight, p99`,
        value: of(({ together }) => percentile(together.latencies, 99)),
        unit: 'ms',
      },
      {
        name: "event log: replay of a service's commits",
        value: of(({ replayed }) => replayed),
        unit: '/s',
        atLeast: 100_000,
      },
      { name: "event log: head of an account's stream", value: of(({ head }) => head), unit: 'µs' },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

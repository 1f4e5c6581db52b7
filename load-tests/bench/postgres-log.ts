import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventLog } from '@relais/event-log'
import { openPostgresLog } from '@relais/event-log/postgres/postgres-log.ts'
import { type PostgresServer, startPostgres } from '@relais/servers/postgres.ts'
import { type Figure, median, percentile } from './figure.ts'
import { ACCOUNTS, nextCommit, perSecond } from './log-commits.ts'

const ROUNDS = 3
const ONE_BY_ONE = 500
const IN_FLIGHT = 32
const TOGETHER = 8000
const HEADS = 1000

/** Milliseconds of each. */
const appendOneByOne = async (log: EventLog): Promise<number[]> => {
  const times: number[] = []
  for (let i = 0; i < ONE_BY_ONE; i++) {
    const asked = performance.now()
    await log.append(nextCommit())
    times.push(performance.now() - asked)
  }
  return times
}

const appendTogether = async (log: EventLog): Promise<number> => {
  let begun = 0
  const worker = async () => {
    while (begun < TOGETHER) {
      begun++
      await log.append(nextCommit())
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return perSecond(TOGETHER, started)
}

const replay = async (log: EventLog): Promise<number> => {
  const started = performance.now()
  let commits = 0
  for await (const batch of log.read({ service: 'mail' }, 0)) commits += batch.length
  return perSecond(commits, started)
}

const readHeads = async (log: EventLog): Promise<number> => {
  const started = performance.now()
  for (let i = 0; i < HEADS; i++)
    await log.head({ tenant: 't_1', account: `u_${i % ACCOUNTS}`, service: 'mail' })
  return (performance.now() - started) / HEADS
}

const measureRound = async ({ connection }: PostgresServer, round: number) => {
  const log = await openPostgresLog({ connection, schema: `round_${round}` })
  try {
    const alone = await appendOneByOne(log)
    const together = await appendTogether(log)
    return { alone, together, replayed: await replay(log), head: await readHeads(log) }
  } finally {
    await log.close()
  }
}

/** The event log on a real PostgreSQL on the same cores, every commit synced: medians of three rounds. */
export const benchPostgresLog = async (): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-bench-'))
  chmodSync(folder, 0o755) // PostgreSQL isn't root
  const server = await startPostgres({ folder: join(folder, 'data') })
  try {
    const rounds: Awaited<ReturnType<typeof measureRound>>[] = []
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(server, round))
    const of = (pick: (round: (typeof rounds)[number]) => number) =>
      Math.round(median(rounds.map(pick)) * 100) / 100
    return [
      {
        name: 'PostgreSQL log: one append, p50',
        value: of(({ alone }) => median(alone)),
        unit: 'ms',
        atMost: 6,
      },
      {
        name: 'PostgreSQL log: one append, p99',
        value: of(({ alone }) => percentile(alone, 99)),
        unit: 'ms',
      },
      {
        name: `PostgreSQL log: appends, ${IN_FLIGHT} in flight`,
        value: of(({ together }) => together),
        unit: '/s',
        atLeast: 1500,
      },
      {
        name: "PostgreSQL log: replay of a service's commits",
        value: of(({ replayed }) => replayed),
        unit: '/s',
      },
      { name: "PostgreSQL log: head of an account's stream", value: of(({ head }) => head), unit: 'ms' },
    ]
  } finally {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

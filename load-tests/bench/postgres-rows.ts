import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { openPostgresProjector } from '@relais/read-store/postgres/projector.ts'
import { startPostgres, temporaryPostgresFolder } from '@relais/servers'
import { type Figure, median, percentile } from './figure.ts'
import { mailLike } from './mail-like.ts'
import { fillLog, measureReads, measureRebuild, visibleAfter } from './rows.ts'

const ROUNDS = 3

/** Rows in a PostgreSQL of durable settings on this machine, made from a log of SQLite. */
const measureRound = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-bench-'))
  const place = temporaryPostgresFolder()
  const server = await startPostgres({ folder: join(place, 'data') })
  const log = await openSqliteLog({ file: join(folder, 'log.db') })
  await fillLog(log)
  const projector = await openPostgresProjector({ log, connection: server.connection, model: mailLike })
  try {
    const rebuilt = await measureRebuild(projector)
    return { ...rebuilt, visible: await visibleAfter(log, projector), ...(await measureReads(projector)) }
  } finally {
    await projector.stop()
    await log.close()
    await server.kill()
    for (const each of [folder, place]) rmSync(each, { recursive: true, force: true })
  }
}

type Round = Awaited<ReturnType<typeof measureRound>>

const rounded = (value: number) => Math.round(value * 100) / 100

/** The read store on PostgreSQL by itself: medians of three rounds. */
export const benchPostgresRows = async (): Promise<Figure[]> => {
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measureRound())
  const of = (pick: (round: Round) => number) => rounded(median(rounds.map(pick)))
  return [
    {
      name: 'PostgreSQL: rebuild of a mail-like read model',
      value: of(({ rate }) => rate),
      unit: 'commits/s',
      atLeast: 10_000,
    },
    {
      name: 'PostgreSQL: durable → visible, p50',
      value: of(({ visible }) => percentile(visible, 50)),
      unit: 'ms',
    },
    {
      name: 'PostgreSQL: durable → visible, p99',
      value: of(({ visible }) => percentile(visible, 99)),
      unit: 'ms',
    },
    { name: 'PostgreSQL: one row', value: of(({ get }) => get), unit: 'µs' },
    { name: 'PostgreSQL: one row in a snapshot', value: of(({ snapshot }) => snapshot), unit: 'µs' },
  ]
}

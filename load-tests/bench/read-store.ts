import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { openSqliteProjector } from '@relais/read-store'
import { type Figure, median, percentile } from './figure.ts'
import { mailLike } from './mail-like.ts'
import { fillLog, measureReads, measureRebuild, visibleAfter } from './rows.ts'

const ROUNDS = 3
const measureRound = async (folder: string) => {
  const log = await openSqliteLog({ file: join(folder, 'log.db') })
  await fillLog(log)
  const projector = await openSqliteProjector({ log, folder: join(folder, 'rows'), model: mailLike })
  try {
    const rebuilt = await measureRebuild(projector)
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

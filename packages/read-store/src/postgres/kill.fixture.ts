import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { EventLog } from '@relais/event-log'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { linesOf } from '../contract/kill-lines.fixture.ts'
import { compareWithRebuild } from '../sqlite/dump.ts'
import type { PostgresConnection } from './connection.ts'
import { lateLedger } from './late-ledger.fixture.ts'
import { openPostgresProjector } from './projector.ts'
import { listGenerations } from './registry.ts'
import { Serving } from './serving.ts'
import { Session } from './session.ts'

const CHILD = new URL('./kill-child.fixture.ts', import.meta.url).pathname

type Place = { readonly connection: PostgresConnection; readonly unit: string; readonly file: string }

/** Lets a process append and project until it is killed, from outside or from within; returns the positions whose rows it had seen. */
const runAndKill = async (place: Place): Promise<number[]> => {
  const within = randomInt(2) === 0 ? [String(randomInt(1, 150))] : []
  const child = spawn(process.execPath, [CHILD, JSON.stringify(place), ...within], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const { positions, ready, seen, ended } = linesOf(child)
  await Promise.race([ready, exited])
  if (within.length === 0) {
    await seen(randomInt(30)) // however slow the machine is
    await delay(randomInt(250))
    child.kill('SIGKILL')
  }
  const [, signal] = await exited
  assert.equal(signal, 'SIGKILL', 'the process ended by itself')
  await ended
  return positions
}

/** Every generation, as the kill has left it, is what the log says up to its own checkpoint. */
const checkGenerations = async (log: EventLog, { connection, unit }: Place): Promise<void> => {
  const session = await Session.open({ connection })
  const head = await log.head({ service: 'notes' })
  for (const entry of await listGenerations(session, { unit, model: 'ledger', version: 1 })) {
    const { readers } = new Serving(entry, { connection, readers: 1 })
    const checkpoint = await readers.snapshot(async (_, position) => position)
    assert.ok(checkpoint <= head, 'the checkpoint is ahead of the log')
    const store = {
      snapshot: <T>(read: Parameters<typeof readers.snapshot<T>>[0]) => readers.snapshot(read),
    }
    assert.deepEqual(await compareWithRebuild({ store, log, model: lateLedger() }), [])
    await readers.close()
  }
  await session.close()
}

const checkAfterStart = async (
  log: EventLog,
  { connection, unit }: Place,
  seen: readonly number[],
): Promise<void> => {
  const projector = await openPostgresProjector({ log, connection, unit, model: lateLedger() })
  assert.deepEqual(await compareWithRebuild({ store: projector.store, log, model: lateLedger() }), [])
  const rows = await projector.store.all<{ position: number }>('SELECT DISTINCT position FROM entry')
  const there = new Set(rows.map(({ position }) => position))
  assert.deepEqual(
    seen.filter((position) => !there.has(position)),
    [],
  )
  await projector.stop()
}

/** Kills again and again; after each kill rows equal a rebuild, and what was seen is there. */
export const surviveKills = async (connection: PostgresConnection, kills: number): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-kills-'))
  const place = { connection, unit: `kills-${randomInt(1e9)}`, file: join(folder, 'log.sqlite') }
  let seen = 0
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const positions = await runAndKill(place)
      seen += positions.length
      const log = await openSqliteLog({ file: place.file })
      await checkGenerations(log, place)
      await checkAfterStart(log, place, positions)
      await log.close()
    }
    assert.ok(seen > kills / 2, `only ${seen} commits were seen in ${kills} runs`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

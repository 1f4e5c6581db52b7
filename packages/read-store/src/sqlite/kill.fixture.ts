import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { EventLog } from '@relais/event-log'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { linesOf } from '../contract/kill-lines.fixture.ts'
import { ledger } from '../contract/ledger.ts'
import { compareWithRebuild } from './dump.ts'
import { Generation } from './generation.ts'
import { listGenerations } from './generations.ts'
import { openSqliteProjector } from './projector.ts'

const CHILD = new URL('./kill-child.fixture.ts', import.meta.url).pathname

/** Half of the time from outside, half from within, between two steps of a projection. */
const killings: readonly (() => { from: 'outside' | 'within'; arguments_: string[] })[] = [
  () => ({ from: 'outside', arguments_: [] }),
  () => ({ from: 'within', arguments_: [String(randomInt(1, 100))] }),
]

/** Lets a process append and project in a folder until it is killed; returns the positions whose rows it had seen. */
const runAndKill = async (folder: string): Promise<number[]> => {
  const { from, arguments_ } = killings[randomInt(killings.length)]!()
  const child = spawn(process.execPath, [CHILD, folder, ...arguments_], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const { positions, ready, seen, ended } = linesOf(child)
  await Promise.race([ready, exited])
  if (from === 'outside') {
    await seen(randomInt(30)) // however slow the machine is
    await delay(randomInt(150))
    child.kill('SIGKILL')
  }
  const [, signal] = await exited
  assert.equal(signal, 'SIGKILL', 'the process ended by itself')
  await ended
  return positions
}

const aheadOfLog = async (log: EventLog, position: number) =>
  position > (await log.head({ service: 'notes' }))

/** Every file of rows, as the crash has left it, is what the log says up to its own checkpoint. */
const checkFiles = async (log: EventLog, folder: string): Promise<void> => {
  const model = ledger()
  const options = { log, filter: { service: 'notes' }, model, walLimit: undefined, onAlarm: assert.ifError }
  for (const file of await listGenerations(folder, model.name)) {
    const generation = await Generation.open(file, options)
    try {
      assert.equal(await aheadOfLog(log, generation.checkpoint), false, 'the checkpoint is ahead of the log')
      assert.deepEqual(await compareWithRebuild({ store: generation.database, log, model }), [])
    } finally {
      await generation.close()
    }
  }
}

const checkAfterStart = async (log: EventLog, folder: string, seen: readonly number[]): Promise<void> => {
  const projector = await openSqliteProjector({ log, folder, model: ledger(), onAlarm: assert.ifError })
  assert.deepEqual(await compareWithRebuild({ store: projector.store, log, model: ledger() }), [])
  const rows = await projector.store.all<{ position: number }>('SELECT DISTINCT position FROM entry')
  const there = new Set(rows.map(({ position }) => position))
  assert.deepEqual(
    seen.filter((position) => !there.has(position)),
    [],
  )
  await projector.stop()
  assert.equal((await listGenerations(folder, 'ledger')).length, 1)
}

const checkAll = async (folder: string, seen: readonly number[]): Promise<void> => {
  const log = await openSqliteLog({ file: join(folder, 'log.sqlite') })
  try {
    await checkFiles(log, join(folder, 'rows'))
    await checkAfterStart(log, join(folder, 'rows'), seen)
  } finally {
    await log.close()
  }
}

/** Kills again and again in one folder; after each kill rows equal a rebuild, and what was seen is there. */
export const surviveKills = async (folder: string, kills: number): Promise<void> => {
  let seen = 0
  for (let kill = 0; kill < kills; kill += 1) {
    const positions = await runAndKill(folder)
    seen += positions.length
    await checkAll(folder, positions)
  }
  assert.ok(seen > kills / 2, `only ${seen} commits were seen in ${kills} runs`)
}

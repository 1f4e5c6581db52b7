import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ProgramMissingError } from '@relais/servers/pinned-program.ts'
import { startPostgres } from '@relais/servers/postgres.ts'
import { postgresProgram } from '@relais/servers/postgres-program.ts'
import { keepRunning } from '@relais/testing/keep-running.ts'
import { smallDisk } from '@relais/testing/small-disk.ts'
import { range } from '../contract/commits.ts'
import { BusyLogs } from '../history/busy-logs.fixture.ts'
import { openFor } from './postgres.fixture.ts'

const missing = (): string | false => {
  try {
    postgresProgram('postgres')
    return false
  } catch (error) {
    if (error instanceof ProgramMissingError) return error.message
    throw error
  }
}

test('a full disk refuses appends, loses nothing, and with room again the log goes on', {
  skip: missing(),
}, async (context) => {
  const disk = smallDisk(context, '160m')
  if (!disk) return context.skip('no small disk can be mounted here')
  const settings = { min_wal_size: '32MB', max_wal_size: '48MB', wal_init_zero: 'on' }
  const server = await startPostgres({ folder: join(disk.folder, 'data'), settings })
  context.after(() => server.kill())
  const options = { schema: 'log_1', answerWithinMs: 2000, patienceMs: 1000, recheckMs: 200 }
  const busy = new BusyLogs([await openFor(context, server.connection, options)], 'p', 8)
  for (const _ of range(2)) {
    await busy.progress()
    const failed = busy.recorder.count('unknown')
    disk.fill()
    while (busy.recorder.count('unknown') === failed) await delay(20)
    disk.empty()
    await keepRunning(server, busy.progress())
  }
  await busy.stop()
  assert.deepEqual(await busy.faults(), [])
})

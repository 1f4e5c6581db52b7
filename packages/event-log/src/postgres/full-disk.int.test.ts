import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ProgramMissingError } from '@relais/servers/pinned-program.ts'
import { startPostgres } from '@relais/servers/postgres.ts'
import { postgresProgram } from '@relais/servers/postgres-program.ts'
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

/** A disk of this size; undefined where none can be mounted. */
const smallDisk = (context: TestContext, size: string): string | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-disk-'))
  chmodSync(folder, 0o755)
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  const mounted =
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', disk]).status === 0
  context.after(() => {
    if (mounted) spawnSync('umount', ['-l', disk])
    rmSync(folder, { recursive: true, force: true })
  })
  return mounted ? disk : undefined
}

/** Takes all that is left. */
const fill = (file: string) => {
  const fd = openSync(file, 'w')
  for (const block of [new Uint8Array(1 << 20), new Uint8Array(4096)]) {
    try {
      while (writeSync(fd, block) === block.length);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
    }
  }
  closeSync(fd)
}

test('a full disk refuses appends, loses nothing, and with room again the log goes on', {
  skip: missing(),
}, async (context) => {
  const disk = smallDisk(context, '160m')
  if (disk === undefined) return context.skip('no small disk can be mounted here')
  const settings = { min_wal_size: '32MB', max_wal_size: '48MB', wal_init_zero: 'on' }
  const server = await startPostgres({ folder: join(disk, 'data'), settings })
  context.after(() => server.kill())
  const options = { schema: 'log_1', answerWithinMs: 2000, patienceMs: 1000, recheckMs: 200 }
  const busy = new BusyLogs([await openFor(context, server.connection, options)], 'p', 8)
  for (const _ of range(2)) {
    await busy.progress()
    const failed = busy.recorder.count('unknown')
    fill(join(disk, 'ballast'))
    while (busy.recorder.count('unknown') === failed) await delay(20)
    rmSync(join(disk, 'ballast'))
    // Without room for its journal the server ends itself: whoever runs it starts it again.
    if (
      !(await server.query('SELECT 1').then(
        () => true,
        () => server.running(),
      ))
    )
      await server.start()
    await busy.progress()
  }
  await busy.stop()
  assert.deepEqual(await busy.faults(), [])
})

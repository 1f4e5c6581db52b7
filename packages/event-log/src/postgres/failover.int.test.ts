import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startStandby } from '@relais/servers/postgres-standby.ts'
import { commitOf } from '../contract/commits.ts'
import { BusyLogs } from '../history/busy-logs.fixture.ts'
import { LogUnavailableError } from '../port.ts'
import { openFor, startForTest, startForTests } from './postgres.fixture.ts'
import { openPostgresLog } from './postgres-log.ts'

const probe = await startForTests()
const skip = 'missing' in probe ? probe.missing : false

test('the standby takes over from a primary that dies: nothing acknowledged is missing, and followers go on', {
  skip,
}, async (context) => {
  const primary = await startForTest(context)
  const folder = mkdtempSync(join(tmpdir(), 'relais-standby-'))
  chmodSync(folder, 0o755)
  // Hooks run in the order in which they come: its servers end before.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const standby = await startStandby(primary, { folder: join(folder, 'data'), synchronous: true })
  context.after(() => standby.kill())
  const { host, port } = standby.connection
  const connection = { ...primary.connection, others: [{ host, port }] }
  const options = { schema: 'log_1', answerWithinMs: 1000, patienceMs: 20_000, recheckMs: 200 }
  const busy = new BusyLogs([
    await openFor(context, connection, options),
    await openFor(context, connection, options),
  ])
  await busy.progress(100)
  await primary.kill()
  await standby.promote()
  await busy.progress(100)
  await busy.stop()
  assert.deepEqual(await busy.faults(), [])
})

test('a standby alone is no log: it takes no writes', { skip }, async (context) => {
  const primary = await startForTest(context)
  const folder = mkdtempSync(join(tmpdir(), 'relais-standby-'))
  chmodSync(folder, 0o755)
  // Hooks run in the order in which they come: its servers end before.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const log = await openFor(context, primary.connection, { schema: 'log_1' })
  await log.append(commitOf())
  const standby = await startStandby(primary, { folder: join(folder, 'data') })
  context.after(() => standby.kill())
  const opening = openPostgresLog({ connection: standby.connection, schema: 'log_1', patienceMs: 200 })
  await assert.rejects(opening, LogUnavailableError)
})

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { ledger, noteAll, notesOf, soon, texts } from '../contract/ledger.ts'
import { compareWithRebuild } from './dump.ts'
import { openSqliteProjector } from './projector.ts'

// Rows on a disk of 3 MiB, the log elsewhere: fills the disk, gives it room again.

const disk = process.argv[2]!
const elsewhere = mkdtempSync(join(tmpdir(), 'relais-full-'))
const log = await openSqliteLog({ file: join(elsewhere, 'log.sqlite') })
const full = Promise.withResolvers<Error>()
const projector = await openSqliteProjector({ log, folder: disk, model: ledger(), onAlarm: full.resolve })

const last = await noteAll(log, texts(4000, 'x'.repeat(500)))
const alarm = (await full.promise) as Error & { code: string; retryable: boolean }
assert.deepEqual({ code: alarm.code, retryable: alarm.retryable }, { code: 'STORE_FULL', retryable: true })
assert.equal(projector.fault(), alarm)
await assert.rejects(projector.waitFor(last, Date.now() + 50), { code: 'DEADLINE_EXCEEDED' })
const kept = await notesOf(projector.store)
assert.deepEqual(await compareWithRebuild({ store: projector.store, log, model: ledger() }), [])

execFileSync('mount', ['-o', 'remount,size=100m', disk])
await projector.waitFor(last, soon())
assert.equal(projector.fault(), undefined)
assert.ok((await notesOf(projector.store)).length > kept.length)
assert.deepEqual(await compareWithRebuild({ store: projector.store, log, model: ledger() }), [])
await projector.stop()
await log.close()
rmSync(elsewhere, { recursive: true })
process.stdout.write('done\n')

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { ledger, noteAll, notesOf, range, scalar, texts } from '../contract/ledger.ts'
import { openSqliteProjector } from './projector.ts'

// Rows that fit on the disk, with indexes for readers that don't before it has more room.

const disk = process.argv[2]!
const resize = (size: string) => execFileSync('mount', ['-o', `remount,size=${size}`, disk])
const elsewhere = mkdtempSync(join(tmpdir(), 'relais-full-'))
const log = await openSqliteLog({ file: join(elsewhere, 'log.sqlite') })
const readingIndexes = range(20).map(
  (at) => `CREATE INDEX IF NOT EXISTS long_${at} ON entry (note, tenant, account)`,
)
const model = ledger({ readingIndexes })
const open = () => openSqliteProjector({ log, folder: disk, model })

resize('6m')
await noteAll(log, texts(1500, 'x'.repeat(500)))
await assert.rejects(open(), { code: 'STORE_FULL', retryable: true })

resize('100m')
const projector = await open()
assert.equal((await notesOf(projector.store)).length, 1500)
const INDEXES = "SELECT COUNT(*) FROM sqlite_master WHERE name LIKE 'long_%'"
assert.equal(await scalar(projector.store, INDEXES), readingIndexes.length)
assert.equal(await scalar(projector.store, 'PRAGMA integrity_check'), 'ok')
await projector.stop()
await log.close()
rmSync(elsewhere, { recursive: true })
process.stdout.write('done\n')

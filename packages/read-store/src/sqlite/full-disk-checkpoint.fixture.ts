import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { range, scalar } from '../contract/ledger.ts'
import { Database } from './database.ts'

// A write-ahead log that has taken all of a disk of 3 MiB: none of it can be copied before there is more room.

const disk = process.argv[2]!
const database = new Database({ path: join(disk, 'rows.sqlite'), durable: false, onFault: assert.ifError })
await database.transaction((writer) => writer.run('CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)'))

let rows = 0
const fill = () =>
  database.transaction(async (writer) => {
    for (const at of range(100)) await writer.run('INSERT INTO row VALUES (?, ?)', rows + at, 'x'.repeat(500))
  })
const untilFull = async () => {
  for (;;) {
    await fill()
    rows += 100
  }
}
await assert.rejects(untilFull(), { code: 'STORE_FULL' })
assert.ok(rows > 0)
await assert.rejects(database.checkpoint(), { code: 'STORE_FULL', retryable: true })
assert.equal(await scalar(database, 'SELECT COUNT(*) FROM row'), rows)

execFileSync('mount', ['-o', 'remount,size=100m', disk])
await database.checkpoint()
await fill()
assert.equal(await scalar(database, 'SELECT COUNT(*) FROM row'), rows + 100)
assert.equal(await scalar(database, 'PRAGMA integrity_check'), 'ok')
await database.close()
process.stdout.write('done\n')

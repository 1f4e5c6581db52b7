import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { commitOf, ledger, note, noteAll, notesOf, range, soon, texts } from '../../contract/ledger.ts'
import type { ReadStore } from '../../port.ts'
import { compareWithRebuild } from '../dump.ts'
import { openSqliteProjector } from '../projector.ts'
import { openSqliteRows, temporaryFolder } from '../rows.fixture.ts'
import { openSqliteStore } from '../store.ts'

const opened = async (context: TestContext) => {
  const rows = await openSqliteRows()
  const restored: ReadStore[] = []
  context.after(async () => {
    await Promise.all(restored.map((store) => store.close()))
    await rows.dispose()
  })
  return { rows, restored, target: temporaryFolder(context) }
}

test('a backup made while rows are projected holds one moment, and goes on from there', async (context) => {
  const { rows, restored, target } = await opened(context)
  const { log } = rows
  await noteAll(log, texts(2000))
  const projector = await rows.project(ledger())
  const appending = Promise.all(range(300).map((at) => log.append(commitOf(texts(3), { account: `u${at}` }))))
  const path = await projector.backupTo(target)
  await appending
  assert.deepEqual(await readdir(target), ['ledger.1.1.sqlite'])
  assert.equal(path, join(target, 'ledger.1.1.sqlite'))
  const again = await openSqliteProjector({ log, folder: target, model: ledger(), onAlarm: assert.ifError })
  restored.push(again.store)
  assert.deepEqual(await compareWithRebuild({ store: again.store, log, model: ledger() }), [])
  await again.waitFor(await note(log, 'after'), soon())
})

test('serving goes on during a backup', async (context) => {
  const { rows, target } = await opened(context)
  await noteAll(rows.log, texts(3000))
  const projector = await rows.project(ledger())
  const backup = projector.backupTo(target)
  await projector.waitFor(await note(rows.log, 'meanwhile'), soon())
  assert.equal((await notesOf(projector.store)).at(-1), 'meanwhile')
  await backup
})

test('a backup is not written over another, and none is left half done', async (context) => {
  const { rows, target } = await opened(context)
  await note(rows.log, 'here')
  const projector = await rows.project(ledger())
  await writeFile(join(target, 'ledger.1.1.sqlite.part'), 'left by a crash')
  await projector.backupTo(target)
  await assert.rejects(projector.backupTo(target), { code: 'BACKUP_EXISTS', retryable: false })
  assert.deepEqual(await readdir(target), ['ledger.1.1.sqlite'])
})

test('a folder that can not be written is STORE_UNAVAILABLE, and rows go on', async (context) => {
  const { rows, target } = await opened(context)
  const projector = await rows.project(ledger())
  await writeFile(join(target, 'file'), '')
  await assert.rejects(projector.backupTo(join(target, 'file', 'below')), { code: 'STORE_UNAVAILABLE' })
  await projector.waitFor(await note(rows.log, 'here'), soon())
})

test("a backup of a service's own rows opens as they were", async (context) => {
  const { rows, restored, target } = await opened(context)
  const schema = ['CREATE TABLE device (tenant TEXT PRIMARY KEY, key TEXT NOT NULL)']
  const store = await rows.store({ schema, version: 1 })
  await store.transaction((writer) => writer.run('INSERT INTO device VALUES (?, ?)', 'acme', 'key'))
  await store.backupTo(target)
  await store.transaction((writer) => writer.run('DELETE FROM device'))
  const again = await openSqliteStore({ file: join(target, 'devices.sqlite'), schema, version: 1 })
  restored.push(again)
  assert.equal((await again.get<{ key: string }>('SELECT key FROM device'))?.key, 'key')
})

test('closing waits for a backup under way', async (context) => {
  const { rows, target } = await opened(context)
  await noteAll(rows.log, texts(500))
  const projector = await rows.project(ledger())
  const backup = projector.backupTo(target)
  await projector.stop()
  await backup
  assert.deepEqual(await readdir(target), ['ledger.1.1.sqlite'])
  await assert.rejects(projector.backupTo(target), { code: 'STORE_CLOSED' })
})

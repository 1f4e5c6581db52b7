import assert from 'node:assert/strict'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { GroupedSync } from './grouped-sync.ts'
import { temporaryFolder } from './rows.fixture.ts'

const opened = async (context: TestContext) => {
  const path = join(temporaryFolder(context), 'rows.sqlite-wal')
  await writeFile(path, 'frames')
  return { path, sync: new GroupedSync(path) }
}

test('all who ask while a sync runs share the next one, and none shares the one that had begun', async (context) => {
  const { sync } = await opened(context)
  const first = sync.sync()
  const second = sync.sync()
  assert.notEqual(second, first)
  assert.equal(sync.sync(), second)
  await Promise.all([first, second])
  const third = sync.sync()
  assert.notEqual(third, second)
  await third
  await sync.close()
})

test('what was written meanwhile is covered by a sync that is asked for afterwards', async (context) => {
  const { path, sync } = await opened(context)
  const syncs: Promise<void>[] = []
  for (let at = 0; at < 50; at += 1) {
    await appendFile(path, `frame ${at}`)
    syncs.push(sync.sync())
  }
  await Promise.all(syncs)
  await sync.close()
})

test('closing waits for the syncs under way', async (context) => {
  const { sync } = await opened(context)
  let done = 0
  const syncs = [sync.sync(), sync.sync()].map((one) => one.then(() => (done += 1)))
  await sync.close()
  assert.equal(done, 2)
  await Promise.all(syncs)
})

test('a log that is not there is told at once', (context) => {
  assert.throws(() => new GroupedSync(join(temporaryFolder(context), 'none')), { code: 'STORE_UNAVAILABLE' })
})

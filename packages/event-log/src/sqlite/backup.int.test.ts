import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { commitOf, range, readAll } from '../contract/commits.ts'
import { LogUnavailableError } from '../port.ts'
import { temporaryFolder } from './log-file.fixture.ts'
import { openSqliteLog, type SqliteLog } from './sqlite-log.ts'

const openIn = async (t: TestContext) => {
  const folder = temporaryFolder(t)
  const log = await openSqliteLog({ file: join(folder, 'log.db') })
  t.after(() => log.close())
  return { folder, log }
}

/** Appends until it is told to stop. */
const keepAppending = (log: SqliteLog) => {
  let going = true
  const writers = range(8).map(async (i) => {
    while (going) await log.append(commitOf({ account: `a${i}` }))
  })
  return async () => {
    going = false
    await Promise.all(writers)
  }
}

test('a backup made while appends go on is one moment of the log: everything up to a position, nothing after', async (t) => {
  const { folder, log } = await openIn(t)
  await Promise.all(range(3000).map(() => log.append(commitOf())))
  const acknowledged = await log.head({})
  const stop = keepAppending(log)
  const target = join(folder, 'backup.db')
  await log.backupTo(target)
  await stop()

  const backup = await openSqliteLog({ file: target })
  t.after(() => backup.close())
  const head = await backup.head({})
  assert.ok(head >= acknowledged)
  assert.deepEqual(
    await readAll(backup),
    (await readAll(log)).filter(({ position }) => position <= head),
  )
})

test('a backup is a log: it knows the command ids and goes on with higher positions', async (t) => {
  const { folder, log } = await openIn(t)
  const commit = commitOf()
  const { position } = await log.append(commit)
  await log.append(commitOf({ account: 'purged' }))
  await log.purge('acme', 'purged')
  await log.backupTo(join(folder, 'backup.db'))

  const backup = await openSqliteLog({ file: join(folder, 'backup.db') })
  t.after(() => backup.close())
  assert.deepEqual(await backup.append(commit), { position, repeated: true })
  assert.equal((await backup.append(commitOf())).position, position + 2)
})

test('a backup never overwrites a file, least of all the log', async (t) => {
  const { folder, log } = await openIn(t)
  await log.append(commitOf())
  writeFileSync(join(folder, 'precious'), 'kept')
  for (const name of ['precious', 'log.db']) {
    await assert.rejects(log.backupTo(join(folder, name)), { code: 'BACKUP_EXISTS', retryable: false })
  }
  assert.equal((await readAll(log)).length, 1)
})

test('a backup that fails leaves no file of its name, and the log goes on', async (t) => {
  const { folder, log } = await openIn(t)
  await log.append(commitOf())
  const target = join(folder, 'missing', 'backup.db')
  await assert.rejects(log.backupTo(target), LogUnavailableError)
  assert.equal(existsSync(dirname(target)), false)
  await log.append(commitOf())
  await log.backupTo(join(folder, 'backup.db'))
})

test('what an interrupted backup has left is replaced', async (t) => {
  const { folder, log } = await openIn(t)
  await log.append(commitOf())
  writeFileSync(join(folder, 'backup.db.part'), 'half of it')
  await log.backupTo(join(folder, 'backup.db'))
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('backup')),
    ['backup.db'],
  )
})

test('backups and purges at once wait for each other', async (t) => {
  const { folder, log } = await openIn(t)
  await Promise.all(range(50).map(() => log.append(commitOf({ account: 'purged' }))))
  const [, erased] = await Promise.all([
    log.backupTo(join(folder, 'before.db')),
    log.purge('acme', 'purged'),
    log.backupTo(join(folder, 'after.db')),
  ])
  assert.equal(erased, 50)
  const after = await openSqliteLog({ file: join(folder, 'after.db') })
  t.after(() => after.close())
  assert.deepEqual(await readAll(after), [])
})

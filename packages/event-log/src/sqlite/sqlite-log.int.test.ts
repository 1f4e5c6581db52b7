import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { commitOf, range, readAll } from '../contract/commits.ts'
import { LogUnavailableError, MAX_COMMIT_BYTES, type NewCommit } from '../port.ts'
import { temporaryFolder } from './log-file.fixture.ts'
import { openSqliteLog } from './sqlite-log.ts'

const openIn = async (t: TestContext) => {
  const file = join(temporaryFolder(t), 'log.db')
  const log = await openSqliteLog({ file })
  t.after(() => log.close())
  return { file, log }
}

const longCommit = (given: Parameters<typeof commitOf>[0] = {}): NewCommit =>
  commitOf({ events: [{ type: 'Long', version: 1, payload: new Uint8Array(4000) }], ...given })

/** Opens the file in another process; says the code of its error, or "opened". */
const openElsewhere = (file: string): string => {
  const module = new URL('./sqlite-log.ts', import.meta.url).href
  const program = `
    const { openSqliteLog } = await import(${JSON.stringify(module)})
    try { await (await openSqliteLog({ file: ${JSON.stringify(file)} })).close(); console.log('opened') }
    catch (error) { console.log(error.code + ' ' + error.message) }`
  return spawnSync(process.execPath, ['--input-type=module', '-e', program]).stdout.toString().trim()
}

test('a file that is open in another process is refused, and free again when that has closed it', async (t) => {
  const { file, log } = await openIn(t)
  assert.equal(openElsewhere(file), `LOG_IN_USE ${file} is open in another process`)
  await assert.rejects(openSqliteLog({ file }), { code: 'LOG_IN_USE', retryable: false })
  await log.append(commitOf())
  await log.close()
  assert.equal(openElsewhere(file), 'opened')
})

test('a file of a newer format is refused and left as it is', async (t) => {
  const { file, log } = await openIn(t)
  await log.close()
  const db = new DatabaseSync(file)
  db.exec('PRAGMA user_version = 99')
  db.close()
  await assert.rejects(openSqliteLog({ file }), {
    code: 'LOG_FORMAT_NEWER',
    retryable: false,
    message: `${file} has format 99, this program knows 1: use a newer program`,
  })
  const version = new DatabaseSync(file).prepare('PRAGMA user_version').get()
  assert.equal(version?.user_version, 99)
})

test('a database of another program is refused and left as it is', async (t) => {
  const file = join(temporaryFolder(t), 'other.db')
  const other = new DatabaseSync(file)
  other.exec('CREATE TABLE theirs (a)')
  other.close()
  await assert.rejects(openSqliteLog({ file }), { code: 'LOG_FORMAT_UNKNOWN', retryable: false })
  const again = new DatabaseSync(file)
  const tables = again.prepare('SELECT name FROM sqlite_schema').all()
  again.close()
  assert.deepEqual(
    tables.map(({ name }) => name),
    ['theirs'],
  )
})

test('a file that is no database is called damaged and not overwritten', async (t) => {
  const file = join(temporaryFolder(t), 'log.db')
  writeFileSync(file, 'hello '.repeat(2000))
  await assert.rejects(openSqliteLog({ file }), { code: 'LOG_DAMAGED', retryable: false })
  assert.equal(statSync(file).size, 12_000)
})

test('an empty file becomes a log: the program may have been killed while it made one', async (t) => {
  const file = join(temporaryFolder(t), 'log.db')
  writeFileSync(file, '')
  const log = await openSqliteLog({ file })
  t.after(() => log.close())
  assert.equal(await log.head({}), 0)
})

test('a log whose end is cut off is called damaged when that is read, never taken for a shorter one', async (t) => {
  const { file, log } = await openIn(t)
  await Promise.all(range(500).map(() => log.append(longCommit())))
  await log.close()
  truncateSync(file, 300 * 4096)
  const outcome = (async () => {
    const cut = await openSqliteLog({ file })
    t.after(() => cut.close())
    await readAll(cut)
  })()
  await assert.rejects(outcome, { code: 'LOG_DAMAGED', retryable: false })
})

test('a folder that is missing, or where nothing may be written, is said in one line', async (t) => {
  const folder = temporaryFolder(t)
  await assert.rejects(openSqliteLog({ file: join(folder, 'missing', 'log.db') }), LogUnavailableError)
  if (process.getuid?.() === 0) return
  chmodSync(folder, 0o500)
  await assert.rejects(openSqliteLog({ file: join(folder, 'log.db') }), LogUnavailableError)
  chmodSync(folder, 0o700)
})

test('a failed opening leaves no lock behind', async (t) => {
  const file = join(temporaryFolder(t), 'log.db')
  writeFileSync(file, 'no database, surely not a database')
  await assert.rejects(openSqliteLog({ file }), { code: 'LOG_DAMAGED' })
  writeFileSync(file, '')
  await (await openSqliteLog({ file })).close()
})

test('appends that wait take bounded memory: what is too much is refused for now, what was taken is written', async (t) => {
  const { log } = await openIn(t)
  const payload = new Uint8Array(MAX_COMMIT_BYTES - 1000)
  const outcomes = await Promise.allSettled(
    range(100).map(() => log.append(commitOf({ events: [{ type: 'Long', version: 1, payload }] }))),
  )
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  assert.ok(refused.length >= 30)
  for (const { reason } of refused) assert.ok(reason instanceof LogUnavailableError)
  assert.equal((await readAll(log)).length, 100 - refused.length)
  await log.append(commitOf())
})

test('the journal is copied while appends go on and stays short', async (t) => {
  const { file, log } = await openIn(t)
  let longest = 0
  await Promise.all(
    range(32).map(async (writer) => {
      for (const _ of range(400)) {
        await log.append(longCommit({ account: `a${writer}` }))
        longest = Math.max(longest, statSync(`${file}-wal`).size)
      }
    }),
  )
  assert.ok(statSync(file).size > 40 * 1024 * 1024)
  assert.ok(longest < 64 * 1024 * 1024, `the journal had ${longest} bytes`)
})

test('a closed log leaves one file with everything in it', async (t) => {
  const { file, log } = await openIn(t)
  await log.append(commitOf())
  await log.close()
  assert.deepEqual(readdirSync(join(file, '..')).sort(), ['log.db', 'log.db.lock'])
  assert.ok(existsSync(file))
})

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { encodeCommit } from '../commit-record.ts'
import { commitOf, range, readAll } from '../contract/commits.ts'
import { faultOf } from './faults.ts'
import { temporaryFolder } from './log-file.fixture.ts'
import { openForWriting } from './schema.ts'
import { openSqliteLog } from './sqlite-log.ts'
import { type AppendRequest, Writer } from './writer.ts'

type Outcome = {
  acknowledged: string[]
  errors: string[]
  whileFull: string[]
  raised: boolean
  again: { acknowledged: string[]; errors: string[] }
  after: string[]
  faults: string[]
}

const FIXTURE = fileURLToPath(new URL('./full-disk-writer.fixture.ts', import.meta.url))

/** Runs the writer with files of at most so many blocks of 512 bytes. */
const runLimited = (file: string, blocks: number): Outcome => {
  const script = `ulimit -S -f ${blocks}; exec "$0" "$1" "$2"`
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script, process.execPath, FIXTURE, file])
  assert.equal(status, 0, stderr.toString())
  return JSON.parse(stdout.toString()) as Outcome
}

const skipWithoutLimits = (t: TestContext): boolean => {
  const able = spawnSync('sh', ['-c', 'ulimit -S -f 1000']).status === 0
  if (!able) t.skip('this system has no limit for the size of files')
  return !able
}

test('when files can no longer grow, appends are refused for now, nothing is half there, and reading goes on', (t) => {
  if (skipWithoutLimits(t)) return
  const { acknowledged, errors, whileFull, faults } = runLimited(join(temporaryFolder(t), 'log.db'), 8192)
  assert.ok(acknowledged.length > 100)
  assert.deepEqual(new Set(errors), new Set(['LOG_UNAVAILABLE']))
  assert.deepEqual(whileFull, acknowledged)
  for (const fault of faults) assert.equal(fault, 'LOG_UNAVAILABLE')
})

test('when files can grow again the log goes on: what was refused is appended, what was acknowledged is known', (t) => {
  if (skipWithoutLimits(t)) return
  const { acknowledged, errors, raised, again, after } = runLimited(join(temporaryFolder(t), 'log.db'), 8192)
  if (!raised) return t.skip('this system has no prlimit')
  assert.deepEqual(again.errors, [])
  assert.equal(again.acknowledged.length, acknowledged.length + errors.length)
  assert.equal(after.length, again.acknowledged.length)
  assert.equal(new Set(after).size, after.length)
})

test('a log that ended full is opened with all that it acknowledged', async (t) => {
  if (skipWithoutLimits(t)) return
  const file = join(temporaryFolder(t), 'log.db')
  const { after } = runLimited(file, 4096)
  const log = await openSqliteLog({ file })
  t.after(() => log.close())
  assert.deepEqual(
    (await readAll(log)).map(({ commandId }) => commandId),
    after,
  )
})

const requestsOf = (count: number): AppendRequest[] =>
  range(count).map(() => {
    const commit = commitOf({ events: [{ type: 'Long', version: 1, payload: new Uint8Array(3000) }] })
    return {
      ...commit.stream,
      commandId: commit.commandId,
      expected: undefined,
      record: encodeCommit(commit),
    }
  })

test('a database that is full refuses a group whole, and the next one that fits has the next positions', (t) => {
  const db = openForWriting(join(temporaryFolder(t), 'log.db'))
  t.after(() => db.close())
  const writer = new Writer(db)
  const count = () => db.prepare('SELECT count(*) AS commits, max(position) AS last FROM commits').get()
  writer.append(requestsOf(3), 0)
  db.exec('PRAGMA max_page_count = 30')
  assert.throws(
    () => writer.append(requestsOf(100), 0),
    (error) => {
      const { code, retryable } = faultOf(error, 'append')
      assert.deepEqual({ code, retryable }, { code: 'LOG_UNAVAILABLE', retryable: true })
      return true
    },
  )
  assert.deepEqual({ ...count() }, { commits: 3, last: 3 })
  assert.deepEqual(writer.append(requestsOf(1), 0), [{ position: 4, repeated: false }])
  db.exec('PRAGMA max_page_count = 1000000')
  assert.equal(writer.append(requestsOf(100), 0).length, 100)
  assert.deepEqual({ ...count() }, { commits: 104, last: 104 })
})

test('a stream that was new in a refused group is no stream: it is made again with the next', (t) => {
  const db = openForWriting(join(temporaryFolder(t), 'log.db'))
  t.after(() => db.close())
  const writer = new Writer(db)
  db.exec('PRAGMA max_page_count = 40')
  const refused = requestsOf(100).map((request, i) => ({ ...request, account: `a${i}` }))
  assert.throws(() => writer.append(refused, 0))
  const [first, second] = refused
  writer.append([second!, first!], 0)
  const rows = db
    .prepare('SELECT s.account FROM commits c JOIN streams s ON s.id = c.stream ORDER BY position')
    .all()
  assert.deepEqual(
    rows.map(({ account }) => account),
    ['a1', 'a0'],
  )
})

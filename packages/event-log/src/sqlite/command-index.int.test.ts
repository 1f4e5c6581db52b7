import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeCommit } from '../commit-record.ts'
import { commitOf, range } from '../contract/commits.ts'
import { COMMAND_RETENTION_MS, type NewCommit } from '../port.ts'
import { temporaryFolder } from './log-file.fixture.ts'
import { openForWriting } from './schema.ts'
import { Writer } from './writer.ts'

const requestOf = (commit: NewCommit) => ({
  ...commit.stream,
  commandId: commit.commandId,
  expected: commit.expected,
  record: encodeCommit(commit),
})

const writerOf = (t: TestContext) => {
  const db = openForWriting(join(temporaryFolder(t), 'log.db'))
  t.after(() => db.close())
  return {
    writer: new Writer(db),
    remembered: () => Number(db.prepare('SELECT count(*) AS count FROM commands').get()?.count),
    restarted: () => new Writer(db),
  }
}

const append = (writer: Writer, now: number, count = 1) =>
  writer.append(
    range(count).map((i) => requestOf(commitOf({ account: `a${i % 7}` }))),
    now,
  )

test('old command ids leave the index in small steps, paid by the appends that come', (t) => {
  const { writer, remembered } = writerOf(t)
  append(writer, 0, 100)
  append(writer, COMMAND_RETENTION_MS)
  assert.equal(remembered(), 101)
  const sizes = range(8).map(() => {
    append(writer, COMMAND_RETENTION_MS + 1)
    return remembered()
  })
  assert.deepEqual(sizes, [85, 69, 53, 37, 21, 7, 8, 9])
})

test('forgetting goes on where it was after a restart', (t) => {
  const { writer, remembered, restarted } = writerOf(t)
  append(writer, 0, 40)
  append(writer, COMMAND_RETENTION_MS + 1)
  assert.equal(remembered(), 24)
  append(restarted(), COMMAND_RETENTION_MS + 1)
  assert.equal(remembered(), 8)
})

test('an old id that was used anew is not forgotten with its first use', (t) => {
  const { writer, remembered } = writerOf(t)
  const old = range(60).map(() => requestOf(commitOf()))
  writer.append(old, 0)
  const later = COMMAND_RETENTION_MS + 1
  // Its first use is the last of sixty, which this append doesn't come to forget yet.
  assert.deepEqual(writer.append([old[59]!], later), [{ position: 61, repeated: false }])
  for (const _ of range(5)) append(writer, later)
  assert.equal(remembered(), 6)
  assert.deepEqual(writer.append([old[59]!], later), [{ position: 61, repeated: true }])
})

test('an id that is too old is new even while it is still in the index', (t) => {
  const { writer } = writerOf(t)
  const old = range(60).map(() => requestOf(commitOf()))
  writer.append(old, 0)
  const [result] = writer.append([old[59]!], COMMAND_RETENTION_MS + 1)
  assert.deepEqual(result, { position: 61, repeated: false })
})

test('a group that fails forgets nothing', (t) => {
  const { writer, remembered } = writerOf(t)
  append(writer, 0, 50)
  const broken = { ...requestOf(commitOf()), record: null as unknown as Uint8Array }
  assert.throws(() => writer.append([broken], COMMAND_RETENTION_MS + 1))
  assert.equal(remembered(), 50)
  append(writer, COMMAND_RETENTION_MS + 1)
  assert.equal(remembered(), 34)
})

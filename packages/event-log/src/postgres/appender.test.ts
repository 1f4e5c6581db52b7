import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commitOf, range } from '../contract/commits.ts'
import { CommitTooLargeError, ConflictError, LogUnavailableError, MAX_COMMIT_BYTES } from '../port.ts'
import { Appender, type AppendRow } from './appender.ts'
import { APPENDED, CONFLICT, REPEATED } from './schema.ts'

type Run = {
  readonly values: unknown[]
  readonly forMs: number
  answer(rows: AppendRow[]): void
  fail(error: unknown): void
}

/** An appender whose statements are answered by the test. */
const underTest = (patienceMs = 1000) => {
  const runs: Run[] = []
  const told: number[] = []
  const appender = new Appender({
    run: (values, forMs) => {
      const { promise, resolve, reject } = Promise.withResolvers<AppendRow[]>()
      runs.push({ values, forMs, answer: resolve, fail: reject })
      return promise
    },
    patienceMs,
    clock: () => 5000,
    appended: (position) => told.push(position),
  })
  return { appender, runs, told }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

const appendedAt = (...positions: number[]) => positions.map((at) => ({ at, outcome: APPENDED }))

const idsOf = ({ values }: Run) => values[3] as string[]

test('appends of one moment are one statement, in their order, and those that come meanwhile the next', async () => {
  const { appender, runs, told } = underTest()
  const first = ['a', 'b'].map((commandId) => appender.append(commitOf({ commandId })))
  await turn()
  const later = ['c', 'd'].map((commandId) => appender.append(commitOf({ commandId })))
  await turn()
  assert.deepEqual(runs.map(idsOf), [['a', 'b']])
  runs[0]!.answer(appendedAt(7, 8))
  assert.deepEqual(
    (await Promise.all(first)).map(({ position }) => position),
    [7, 8],
  )
  await turn()
  assert.deepEqual(runs.map(idsOf), [
    ['a', 'b'],
    ['c', 'd'],
  ])
  runs[1]!.answer(appendedAt(9, 10))
  await Promise.all(later)
  assert.deepEqual(told, [8, 10])
})

test('each learns its own outcome: appended, known already, in conflict', async () => {
  const { appender, runs } = underTest()
  const appends = range(3).map((at) => appender.append(commitOf({ expected: at })))
  await turn()
  runs[0]!.answer([
    { at: 4, outcome: APPENDED },
    { at: 2, outcome: REPEATED },
    { at: 3, outcome: CONFLICT },
  ])
  assert.deepEqual(await appends[0], { position: 4, repeated: false })
  assert.deepEqual(await appends[1], { position: 2, repeated: true })
  await assert.rejects(appends[2]!, (error) => error instanceof ConflictError && error.head === 3)
})

test('records go as one piece, with the length of each', async () => {
  const { appender, runs } = underTest()
  void appender.append(commitOf())
  void appender.append(commitOf({ correlation: 'x'.repeat(100) }))
  await turn()
  const [lengths, records] = [runs[0]!.values[5] as number[], runs[0]!.values[6] as Buffer]
  assert.equal(lengths[0]! + lengths[1]!, records.length)
  assert.ok(lengths[1]! > lengths[0]! + 99)
})

test('a failure is that of its group alone', async () => {
  const { appender, runs } = underTest()
  const failing = [appender.append(commitOf()), appender.append(commitOf())]
  await turn()
  const next = appender.append(commitOf())
  runs[0]!.fail(Object.assign(new Error('gone'), { code: 'ECONNRESET' }))
  for (const append of failing) await assert.rejects(append, LogUnavailableError)
  await turn()
  runs[1]!.answer(appendedAt(1))
  assert.equal((await next).position, 1)
})

test('a group has at most 256 commits, and not many more than 4 MiB', async () => {
  const { appender, runs } = underTest()
  for (const _ of range(300)) void appender.append(commitOf()).catch(() => {})
  await turn()
  assert.equal(idsOf(runs[0]!).length, 256)
  const large = underTest()
  const events = [{ type: 'E', version: 1, payload: new Uint8Array(1_000_000) }]
  for (const _ of range(10)) void large.appender.append(commitOf({ events })).catch(() => {})
  await turn()
  assert.equal(idsOf(large.runs[0]!).length, 5)
})

test('what waits is bounded: beyond it appends are refused at once, until some were answered', async () => {
  const { appender, runs } = underTest()
  const events = [{ type: 'E', version: 1, payload: new Uint8Array(1_000_000) }]
  const refusals: unknown[] = []
  for (const _ of range(90)) {
    try {
      void appender.append(commitOf({ events })).catch(() => {})
    } catch (error) {
      refusals.push(error)
    }
  }
  assert.ok(refusals.length > 10 && refusals.every((error) => error instanceof LogUnavailableError))
  await turn()
  runs[0]!.answer(appendedAt(1, 2, 3, 4, 5))
  await turn()
  void appender.append(commitOf({ events })).catch(() => {})
})

test('who waited for another group has that much less patience left', async () => {
  const { appender, runs } = underTest(1000)
  void appender.append(commitOf())
  await turn()
  void appender.append(commitOf())
  await new Promise((resolve) => setTimeout(resolve, 30))
  runs[0]!.answer(appendedAt(1))
  await turn()
  assert.ok(runs[1]!.forMs <= 975, `${runs[1]!.forMs} ms`)
  assert.ok(runs[0]!.forMs > runs[1]!.forMs)
})

test('idle is when nothing waits any more', async () => {
  const { appender, runs } = underTest()
  void appender.append(commitOf())
  let idle = false
  const waiting = appender.idle().then(() => {
    idle = true
  })
  await turn()
  assert.equal(idle, false)
  runs[0]!.answer(appendedAt(1))
  await waiting
})

test('a commit that is too large reaches no server', async () => {
  const { appender, runs } = underTest()
  const events = [{ type: 'E', version: 1, payload: new Uint8Array(MAX_COMMIT_BYTES) }]
  assert.throws(() => appender.append(commitOf({ events })), CommitTooLargeError)
  await turn()
  assert.equal(runs.length, 0)
})

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type CommitFilter, type EventLog, LogUnavailableError } from '@relais/event-log'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { ledger, note, noteAll, notesOf, POISON, range, scalar, soon, texts } from '../contract/ledger.ts'
import { makeFolder } from '../sqlite/folder.ts'
import { Generation } from '../sqlite/generation.ts'
import { generationFile } from '../sqlite/generations.ts'
import { openSqliteRows, temporaryFolder } from '../sqlite/rows.fixture.ts'

const FILTER: CommitFilter = { service: 'notes' }

const opened = async (context: TestContext, wrapped: (log: EventLog) => EventLog = (log) => log) => {
  const folder = temporaryFolder()
  const log = await openSqliteLog({ file: join(folder, 'log.sqlite') })
  await makeFolder(join(folder, 'rows'))
  const alarms: Error[] = []
  const options = {
    log: wrapped(log),
    filter: FILTER,
    model: ledger(),
    walLimit: undefined,
    onAlarm: (alarm: Error) => alarms.push(alarm),
  }
  const generation = await Generation.open(generationFile(join(folder, 'rows'), 'ledger', 1, 1), options)
  context.after(async () => {
    await generation.close()
    await log.close()
    rmSync(folder, { recursive: true })
  })
  return { log, generation, alarms }
}

/** A log whose first times of following fail, as when its server is away. */
const failingFirst =
  (times: number) =>
  (log: EventLog): EventLog => {
    let left = times
    return {
      append: (commit) => log.append(commit),
      read: (...request) => log.read(...request),
      follow: (...request) => {
        left -= 1
        if (left >= 0) throw new LogUnavailableError('away')
        return log.follow(...request)
      },
      head: (filter) => log.head(filter),
      notices: (...request) => log.notices(...request),
      purge: (...account) => log.purge(...account),
      close: () => log.close(),
    }
  }

test('far behind, many commits share a transaction; every one of them is there', async (context) => {
  const { log, generation } = await opened(context)
  const last = await noteAll(log, texts(3000))
  const steps: number[] = []
  await generation.follow(() => steps.push(generation.checkpoint)).rested
  assert.ok(steps.length < 300, `${steps.length} transactions`)
  assert.equal(generation.checkpoint, last)
  assert.equal(await scalar(generation.database, 'SELECT COUNT(*) FROM entry'), 3000)
})

test('a live commit is not held back for others to come', async (context) => {
  const { log, generation } = await opened(context)
  const seen: number[] = []
  await generation.follow(() => seen.push(generation.checkpoint)).rested
  for (const at of range(5)) {
    const position = await note(log, `note ${at}`)
    while (!seen.includes(position)) await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal((await notesOf(generation.database)).length, 5)
})

test('a log that is away is asked again, with an alarm each time', async (context) => {
  const { log, generation, alarms } = await opened(context, failingFirst(2))
  const last = await note(log, 'here')
  const caughtUp = Promise.withResolvers<void>()
  const follower = generation.follow(() => generation.checkpoint === last && caughtUp.resolve())
  await follower.rested
  assert.equal(follower.fault?.message, 'away')
  assert.equal(follower.standsStill, false)
  await caughtUp.promise
  assert.equal(follower.fault, undefined)
  assert.deepEqual(
    alarms.map(({ message }) => message),
    ['away', 'away'],
  )
})

test('stopped while it waits to ask again, it stops at once', async (context) => {
  const { generation } = await opened(context, failingFirst(1000))
  const follower = generation.follow(() => {})
  await follower.rested
  await follower.stop()
  assert.equal(follower.caughtUp, false)
})

test('stopped in the middle of a backlog, its rows are those of its checkpoint', async (context) => {
  const { log, generation } = await opened(context)
  await noteAll(log, texts(3000))
  const follower = generation.follow(() => {})
  await new Promise((resolve) => setImmediate(resolve))
  await follower.stop()
  assert.equal(
    (await scalar(generation.database, 'SELECT MAX(position) FROM entry')) ?? 0,
    generation.checkpoint,
  )
})

test('a commit in the middle of a backlog that fails leaves all before it, and none after', async (context) => {
  const { log, generation, alarms } = await opened(context)
  const before = await noteAll(log, texts(1000))
  const bad = await note(log, POISON)
  await noteAll(log, texts(1000))
  const follower = generation.follow(() => {})
  await follower.rested
  assert.equal(follower.standsStill, true)
  assert.equal(generation.checkpoint, before)
  assert.equal(await scalar(generation.database, 'SELECT COUNT(*) FROM entry'), 1000)
  assert.deepEqual(
    alarms.map((alarm) => (alarm as Error & { position: number }).position),
    [bad],
  )
})

test('other work has its turns while a backlog is projected', async (context) => {
  const { log, generation } = await opened(context)
  await noteAll(log, texts(5000))
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 0)
  await generation.follow(() => {}).rested
  clearInterval(timer)
  assert.ok(turns > 3, `${turns} turns`)
})

test('two projections of one log keep their own time', async (context) => {
  const rows = await openSqliteRows()
  context.after(() => rows.dispose())
  const stuck = ledger({ name: 'stuck', project: () => Promise.reject(new Error('stuck')) })
  const [good, bad] = [await rows.project(ledger()), await rows.project(stuck)]
  const position = await note(rows.log, 'here')
  await good.waitFor(position, soon())
  await assert.rejects(bad.waitFor(position, soon()), { code: 'PROJECTION_STOPPED' })
  assert.deepEqual([good.checkpoint(), bad.checkpoint()], [position, 0])
})

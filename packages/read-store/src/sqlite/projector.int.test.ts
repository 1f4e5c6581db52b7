import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { EventLog } from '@relais/event-log'
import type { RelaisError } from '@relais/service-kit/errors.ts'
import { ledger, note, noteAll, notesOf, scalar, soon, texts } from '../contract/ledger.ts'
import type { ReadModel } from '../port.ts'
import { compareWithRebuild } from './dump.ts'
import { Generation } from './generation.ts'
import { generationFile } from './generations.ts'
import { openSqliteRows, type SqliteRowsUnderTest } from './rows.fixture.ts'

const opened = async (context: TestContext): Promise<SqliteRowsUnderTest & { rowsFolder: string }> => {
  const rows = await openSqliteRows()
  context.after(() => rows.dispose())
  return { ...rows, rowsFolder: join(rows.folder, 'rows') }
}

type Leave = {
  readonly log: EventLog
  readonly folder: string
  readonly number: number
  readonly upTo: number
  readonly ready: boolean
}

/** Leaves a generation behind as a process would that ended there. */
const leaveGeneration = async ({ log, folder, number, upTo, ready }: Leave): Promise<void> => {
  const file = generationFile(folder, 'ledger', 1, number)
  const filter = { service: 'notes' }
  const options = { log, filter, model: ledger(), walLimit: undefined, onAlarm: assert.ifError }
  const generation = await Generation.open(file, options)
  for await (const commits of log.read(filter, 0)) {
    await generation.projection.transaction(async (add) => {
      for (const commit of commits) if (commit.position <= upTo) await add(commit)
    })
  }
  if (ready) await generation.markReady()
  await generation.close()
}

const counting = (): { model: ReadModel; positions: number[] } => {
  const positions: number[] = []
  const { project, ...rest } = ledger()
  const counted: ReadModel['project'] = (writer, commit, gathered) => {
    positions.push(commit.position)
    return project(writer, commit, gathered)
  }
  return { model: { ...rest, project: counted }, positions }
}

const databases = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith('.sqlite'))

test('a first building that was cut off goes on where it was', async (context) => {
  const { log, rowsFolder, project } = await opened(context)
  const last = await noteAll(log, texts(50))
  await (await project(ledger({ name: 'other' }))).stop()
  await leaveGeneration({ log, folder: rowsFolder, number: 1, upTo: last - 10, ready: false })
  const { model, positions } = counting()
  const projector = await project(model)
  assert.equal(positions.length, 10)
  assert.equal((await notesOf(projector.store)).length, 50)
})

const INDEXES = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'entry_by_note'"

test('indexes for readers are made after the rows, in a building that was cut off before as well', async (context) => {
  const { log, rowsFolder, project } = await opened(context)
  const last = await noteAll(log, texts(50))
  await (await project(ledger({ name: 'other' }))).stop()
  await leaveGeneration({ log, folder: rowsFolder, number: 1, upTo: last - 10, ready: false })
  const { project: write, ...rest } = ledger()
  const seen: unknown[] = []
  const looking: ReadModel['project'] = async (writer, commit, gathered) => {
    seen.push(await scalar(writer, INDEXES))
    return write(writer, commit, gathered)
  }
  const projector = await project({ ...rest, project: looking })
  assert.deepEqual(new Set(seen), new Set([0]))
  assert.equal(await scalar(projector.store, INDEXES), 1)
  await projector.stop()
  const again = await project(ledger())
  assert.equal(await scalar(again.store, INDEXES), 1)
})

test('an index that can not be made leaves no rows that serve without it', async (context) => {
  const { log, project } = await opened(context)
  await noteAll(log, texts(5))
  const wrong = ledger({ readingIndexes: ['CREATE INDEX IF NOT EXISTS wrong ON entry (nothing)'] })
  await assert.rejects(project(wrong), /nothing/)
  const projector = await project(ledger())
  assert.equal((await notesOf(projector.store)).length, 5)
})

test('a rebuild that was cut off is dropped: the complete rows before it serve', async (context) => {
  const { log, rowsFolder, project } = await opened(context)
  const last = await noteAll(log, texts(50))
  await (await project(ledger())).stop()
  await leaveGeneration({ log, folder: rowsFolder, number: 2, upTo: last - 10, ready: false })
  const { model, positions } = counting()
  const projector = await project(model)
  assert.deepEqual(positions, [])
  assert.deepEqual(await databases(rowsFolder), ['ledger.1.1.sqlite'])
  assert.equal((await notesOf(projector.store)).length, 50)
})

test('cut off between switch and clean-up, the newest complete rows serve and the others go', async (context) => {
  const { log, rowsFolder, project } = await opened(context)
  const last = await noteAll(log, texts(50))
  await (await project(ledger())).stop()
  await leaveGeneration({ log, folder: rowsFolder, number: 2, upTo: last, ready: true })
  const projector = await project(ledger())
  assert.deepEqual(await databases(rowsFolder), ['ledger.1.2.sqlite'])
  assert.equal((await notesOf(projector.store)).length, 50)
})

test('after a rebuild one generation is left', async (context) => {
  const { log, rowsFolder, project } = await opened(context)
  await noteAll(log, texts(50))
  const projector = await project(ledger())
  await projector.rebuild()
  assert.deepEqual(await databases(rowsFolder), ['ledger.1.2.sqlite'])
  assert.equal(existsSync(join(rowsFolder, 'ledger.1.1.sqlite-wal')), false)
})

test('rows of an older version go once the new ones are complete; those of a newer one stay', async (context) => {
  const { log, rowsFolder, project } = await opened(context)
  await note(log, 'here')
  for (const version of [1, 3]) await (await project(ledger({ version }))).stop()
  assert.deepEqual(await databases(rowsFolder), ['ledger.3.1.sqlite'])
  await project(ledger({ version: 2 }))
  assert.deepEqual(await databases(rowsFolder), ['ledger.2.1.sqlite', 'ledger.3.1.sqlite'])
})

test('rows that were complete before the new version failed to build are still there', async (context) => {
  const { log, rowsFolder, project } = await opened(context)
  await note(log, 'here')
  await (await project(ledger())).stop()
  const broken = ledger({ version: 2, project: () => Promise.reject(new Error('broken')) })
  await assert.rejects(project(broken), { code: 'PROJECTION_FAILED' })
  assert.ok((await databases(rowsFolder)).includes('ledger.1.1.sqlite'))
  assert.deepEqual(await notesOf((await project(ledger())).store), ['here'])
})

const damages: Readonly<Record<string, (path: string) => Promise<void>>> = {
  'overwritten with something else': (path) =>
    writeFile(path, 'this is no database, but long enough to be read as one'.repeat(100)),
  'cut to a part of its first page': (path) => truncate(path, 1000),
}

for (const [how, damage] of Object.entries(damages)) {
  test(`a file that was ${how} is built anew, with an alarm`, async (context) => {
    const { log, rowsFolder, project } = await opened(context)
    await noteAll(log, texts(50))
    await (await project(ledger())).stop()
    await damage(join(rowsFolder, 'ledger.1.1.sqlite'))
    const alarms: string[] = []
    const projector = await project(ledger(), {
      onAlarm: (alarm) => alarms.push((alarm as Error & { code: string }).code),
    })
    assert.deepEqual(alarms, ['STORE_DAMAGED'])
    assert.deepEqual(await databases(rowsFolder), ['ledger.1.2.sqlite'])
    assert.equal((await notesOf(projector.store)).length, 50)
  })
}

test('an empty file is a database without rows', async (context) => {
  const { log, rowsFolder, project } = await opened(context)
  await noteAll(log, texts(50))
  await (await project(ledger())).stop()
  await truncate(join(rowsFolder, 'ledger.1.1.sqlite'), 0)
  assert.equal((await notesOf((await project(ledger())).store)).length, 50)
})

test('a folder that can not be made is STORE_UNAVAILABLE', async (context) => {
  const { folder, project } = await opened(context)
  await writeFile(join(folder, 'rows'), 'a file where the folder should be')
  await assert.rejects(project(ledger()), { code: 'STORE_UNAVAILABLE', retryable: true })
})

test('rows are readable by their owner alone', async (context) => {
  const { log, rowsFolder, project } = await opened(context)
  await note(log, 'here')
  await project(ledger())
  assert.equal(statSync(rowsFolder).mode & 0o077, 0)
})

test('thousands of commits while it is rebuilt twice leave rows equal to the log', async (context) => {
  const { log, project } = await opened(context)
  await noteAll(log, texts(2000))
  const projector = await project(ledger())
  const appending = (async () => {
    for (const group of texts(40, 'group')) await noteAll(log, texts(50, group), { account: group })
  })()
  await projector.rebuild()
  await projector.rebuild()
  await appending
  await projector.waitFor(await note(log, 'last'), soon())
  assert.deepEqual(await compareWithRebuild({ store: projector.store, log, model: ledger() }), [])
})

/** Garbage over the second half of the file: where the rows are, not the tables' names. */
const damageRows = async (path: string): Promise<void> => {
  const bytes = await readFile(path)
  bytes.fill(0xee, Math.floor(bytes.length / 2 / 4096) * 4096)
  await writeFile(path, bytes)
}

test('rows that turn out to be damaged when they are read are built anew while the rest serves', async (context) => {
  const { log, rowsFolder, project } = await opened(context)
  await noteAll(log, texts(3000))
  await (await project(ledger())).stop()
  await damageRows(join(rowsFolder, 'ledger.1.1.sqlite'))
  const alarms = new Set<string>()
  const projector = await project(ledger(), { onAlarm: (alarm) => alarms.add((alarm as RelaisError).code) })
  const healed = Promise.withResolvers<void>()
  projector.onProjected(() => healed.resolve())
  await assert.rejects(notesOf(projector.store), { code: 'STORE_DAMAGED' })
  await healed.promise
  assert.equal((await notesOf(projector.store)).length, 3000)
  assert.deepEqual([...alarms], ['STORE_DAMAGED'])
})

test('damage that a projection meets is built anew, and the commit is there then', async (context) => {
  const { log, rowsFolder, project } = await opened(context)
  await noteAll(log, texts(3000))
  await (await project(ledger())).stop()
  await damageRows(join(rowsFolder, 'ledger.1.1.sqlite'))
  const projector = await project(ledger(), { onAlarm: () => {} })
  const last = await note(log, 'after')
  const reached = () =>
    projector.waitFor(last, soon()).then(
      () => true,
      () => false,
    )
  while (!(await reached())) await new Promise((resolve) => setImmediate(resolve))
  while (
    (await compareWithRebuild({ store: projector.store, log, model: ledger() }).catch(() => ['damaged']))
      .length > 0
  ) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(projector.fault(), undefined)
  assert.equal((await notesOf(projector.store)).at(-1), 'after')
})

test('a rebuild ends also where the last commits of the rows that serve were purged, and no checkpoint goes back', async (context) => {
  const { log, project } = await opened(context)
  await noteAll(log, texts(10), { account: 'stays' })
  const last = await noteAll(log, texts(10), { account: 'goes' })
  const projector = await project(ledger())
  await projector.waitFor(last, soon())
  await log.purge('acme', 'goes')
  await projector.rebuild()
  assert.equal(projector.checkpoint(), last)
  assert.equal(await projector.store.snapshot(async (_, checkpoint) => checkpoint), last)
  assert.deepEqual(await notesOf(projector.store, 'goes'), [])
  await projector.waitFor(last, 0)
  await projector.waitFor(await note(log, 'after', { account: 'stays' }), soon())
  assert.equal((await notesOf(projector.store, 'stays')).length, 11)
})

test('commits that come while rows without the purged ones take over are there', async (context) => {
  const { log, project } = await opened(context)
  await noteAll(log, texts(500), { account: 'stays' })
  await noteAll(log, texts(10), { account: 'goes' })
  const projector = await project(ledger())
  await log.purge('acme', 'goes')
  const rebuilt = projector.rebuild()
  for (const text of texts(30, 'meanwhile')) {
    await projector.waitFor(await note(log, text, { account: 'stays' }), soon())
  }
  await rebuilt
  assert.deepEqual(await compareWithRebuild({ store: projector.store, log, model: ledger() }), [])
})

test('after a start rows whose last commit was purged are made anew, and what comes is added', async (context) => {
  const { log, project } = await opened(context)
  await noteAll(log, texts(10), { account: 'stays' })
  await noteAll(log, texts(10), { account: 'goes' })
  const projector = await project(ledger())
  await log.purge('acme', 'goes')
  await projector.rebuild()
  await projector.stop()
  const again = await project(ledger())
  await again.waitFor(await note(log, 'after', { account: 'stays' }), soon())
  assert.equal((await notesOf(again.store, 'stays')).length, 11)
  assert.deepEqual(await compareWithRebuild({ store: again.store, log, model: ledger() }), [])
})

import assert from 'node:assert/strict'
import type { EventLog } from '@relais/event-log'
import type { Projector, ReadModel } from '../port.ts'
import { commitOf, ledger, noteAll, notesOf, range, scalar, soon, texts } from './ledger.ts'
import type { Rule } from './rule.ts'

type Moment = {
  readonly checkpoint: number
  readonly last: unknown
  readonly entries: unknown
  readonly notes: unknown
}

const momentOf = ({ store }: Projector): Promise<Moment> =>
  store.snapshot(async (reader, checkpoint) => ({
    checkpoint,
    last: (await scalar(reader, 'SELECT MAX(position) FROM entry')) ?? 0,
    entries: await scalar(reader, 'SELECT COUNT(*) FROM entry'),
    notes: (await scalar(reader, 'SELECT SUM(notes) FROM tally')) ?? 0,
  }))

/** Rows are those of the checkpoint. */
const assertTrue = ({ checkpoint, last, entries, notes }: Moment) => {
  assert.equal(last, checkpoint)
  assert.equal(entries, notes)
}

const momentsInARow = async (projector: Projector, count: number): Promise<Moment[]> => {
  const moments: Moment[] = []
  for (const _ of range(count)) moments.push(await momentOf(projector))
  return moments
}

/** Looks at the rows over and over while `work` goes on. */
const momentsDuring = async (projector: Projector, work: Promise<unknown>): Promise<Moment[]> => {
  const moments: Moment[] = []
  let working = true
  const ended = work.finally(() => {
    working = false
  })
  while (working) {
    moments.push(await momentOf(projector))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await ended
  return moments
}

const appendInGroups = async (log: EventLog): Promise<number> => {
  let last = 0
  for (const group of range(40)) last = await noteAll(log, texts(20, `group ${group}`))
  return last
}

export const togetherRules = (rule: Rule) => {
  rule(
    'rows are those of the checkpoint, neither fewer nor more, at every moment',
    async ({ log, project }) => {
      const projector = await project(ledger())
      const moments = await momentsDuring(projector, appendInGroups(log))
      for (const { checkpoint, last, entries, notes } of moments) {
        assert.equal(last, checkpoint)
        assert.equal(entries, notes)
      }
    },
  )

  rule('so they are at every step of a projection', async ({ log, project }) => {
    const looks: Promise<Moment[]>[] = []
    const { project: writeRows, ...rest } = ledger()
    let projector: Projector | undefined
    const watched: ReadModel = {
      ...rest,
      project: async (writer, commit, gathered) => {
        await writeRows(writer, commit, gathered)
        // Not waited for: these looks come between the steps that end the transaction.
        if (projector) looks.push(momentsInARow(projector, 60))
      },
    }
    projector = await project(watched)
    for (const group of range(30))
      await projector.waitFor(await noteAll(log, texts(3, `group ${group}`)), soon())
    for (const moment of (await Promise.all(looks)).flat()) assertTrue(moment)
  })

  rule('a commit of many events is visible whole or not at all', async ({ log, project }) => {
    const projector = await project(ledger())
    const work = Promise.all(range(50).map(() => log.append(commitOf(texts(7)))))
    const counts = (await momentsDuring(projector, work)).map(({ entries }) => Number(entries) % 7)
    assert.deepEqual(new Set(counts), new Set([0]))
  })

  rule('the checkpoint never goes back', async ({ log, project }) => {
    const projector = await project(ledger())
    const seen: number[] = []
    projector.onProjected((checkpoint) => seen.push(checkpoint))
    await projector.waitFor(await appendInGroups(log), soon())
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    )
    assert.equal(projector.checkpoint(), seen.at(-1))
  })

  rule('what was there before the start is there when it has started', async ({ log, project }) => {
    const last = await noteAll(log, texts(300))
    const projector = await project(ledger())
    assert.equal(projector.checkpoint(), last)
    assert.equal((await notesOf(projector.store)).length, 300)
  })

  rule('a thousand commits of a backlog cost no row and no order', async ({ log, project }) => {
    await noteAll(log, texts(5000))
    const projector = await project(ledger())
    const order = await projector.store.all<{ position: number }>(
      'SELECT position FROM entry ORDER BY position',
    )
    assert.equal(order.length, 5000)
    assert.equal(await scalar(projector.store, 'SELECT notes FROM tally'), 5000)
  })

  rule('a commit of thousands of events is one', async ({ log, project }) => {
    const projector = await project(ledger())
    const { position } = await log.append(commitOf(texts(4000)))
    await projector.waitFor(position, soon())
    assert.equal(await scalar(projector.store, 'SELECT COUNT(*) FROM entry'), 4000)
  })

  rule("another service's commits make no rows", async ({ log, project }) => {
    const projector = await project(ledger())
    await noteAll(log, texts(10), { service: 'mail' })
    await projector.waitFor(await noteAll(log, texts(1, 'ours')), soon())
    assert.deepEqual(await notesOf(projector.store), ['ours 0'])
  })

  rule('a listener is called when the rows can be read', async ({ log, project }) => {
    const projector = await project(ledger())
    const read = Promise.withResolvers<string[]>()
    const position = Promise.withResolvers<number>()
    projector.onProjected(async (checkpoint) => {
      if (checkpoint === (await position.promise)) read.resolve(await notesOf(projector.store))
    })
    position.resolve(await noteAll(log, ['here']))
    assert.deepEqual(await read.promise, ['here'])
  })

  rule('a listener that was closed is not called again', async ({ log, project }) => {
    const projector = await project(ledger())
    let calls = 0
    projector
      .onProjected(() => {
        calls += 1
      })
      .close()
    await projector.waitFor(await noteAll(log, ['here']), soon())
    assert.equal(calls, 0)
  })

  rule('a listener that throws is an alarm, and stops nothing', async ({ log, project }) => {
    const alarms: string[] = []
    const projector = await project(ledger(), { onAlarm: ({ message }) => alarms.push(message) })
    projector.onProjected(() => {
      throw new Error('my listener is broken')
    })
    await projector.waitFor(await noteAll(log, ['here']), soon())
    await projector.waitFor(await noteAll(log, ['there']), soon())
    assert.deepEqual(await notesOf(projector.store), ['here', 'there'])
    assert.ok(alarms.includes('my listener is broken'))
    assert.equal(projector.fault(), undefined)
  })
}

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { EventLog } from '@relais/event-log'
import { note } from '../contract/ledger.ts'
import { openSqliteRows } from '../sqlite/rows.fixture.ts'
import { HeadProbe } from './head-probe.ts'

type Probing = { readonly probe: HeadProbe; readonly reached: Promise<number>; asked(): number }

const probing = (log: EventLog, checkpoint: () => number): Probing => {
  const reached = Promise.withResolvers<number>()
  let asked = 0
  const counted: Pick<EventLog, 'head'> = {
    head: (filter) => {
      asked += 1
      return log.head(filter)
    },
  }
  const probe = new HeadProbe({
    log: counted,
    filter: { service: 'notes' },
    checkpoint,
    reached: reached.resolve,
  })
  return { probe, reached: reached.promise, asked: () => asked }
}

const opened = async (context: TestContext): Promise<EventLog> => {
  const rows = await openSqliteRows()
  context.after(() => rows.dispose())
  return rows.log
}

test("when nothing of ours is newer, our rows are those of the log's end", async (context) => {
  const log = await opened(context)
  const ours = await note(log, 'ours')
  const theirs = await note(log, 'theirs', { service: 'mail' })
  const { probe, reached } = probing(log, () => ours)
  probe.start()
  assert.equal(await reached, theirs)
  probe.stop()
})

test('while something of ours is newer, nothing is said; once it is projected, it is', async (context) => {
  const log = await opened(context)
  const ours = await note(log, 'ours')
  let checkpoint = 0
  const { probe, reached, asked } = probing(log, () => checkpoint)
  probe.start()
  while (asked() < 4) await new Promise((resolve) => setImmediate(resolve))
  checkpoint = ours
  assert.equal(await reached, ours)
  probe.stop()
})

test('stopped, it asks no more; started twice, it asks as one', async (context) => {
  const log = await opened(context)
  const { probe, asked } = probing(log, () => 0)
  probe.start()
  probe.start()
  probe.stop()
  await note(log, 'here')
  assert.equal(asked(), 0)
})

test('a log that is away is asked again', async (context) => {
  const log = await opened(context)
  const ours = await note(log, 'ours')
  let away = 3
  const reached = Promise.withResolvers<number>()
  const flaky: Pick<EventLog, 'head'> = {
    head: async (filter) => {
      away -= 1
      if (away > 0) throw new Error('away')
      return log.head(filter)
    },
  }
  const probe = new HeadProbe({ log: flaky, filter: {}, checkpoint: () => ours, reached: reached.resolve })
  probe.start()
  assert.equal(await reached.promise, ours)
  probe.stop()
})

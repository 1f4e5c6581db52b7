import assert from 'node:assert/strict'
import type { EventLog, StoredCommit } from '@relais/event-log'
import fc from 'fast-check'
import type { Projector } from '../port.ts'
import { commitOf, ledger, soon } from './ledger.ts'
import type { Rows, RowsUnderTest } from './rule.ts'

/** What the rows of a log should be, made without a database. */
const expectedRows = async (log: EventLog): Promise<Rows> => {
  const entries: string[] = []
  const tallies = new Map<string, { tenant: string; account: string; notes: number; last: number }>()
  for await (const commits of log.read({ service: 'notes' }, 0)) {
    for (const commit of commits) addTo(entries, tallies, commit)
  }
  const tally = [...tallies.values()].map((row) => JSON.stringify(row))
  return new Map([
    ['entry', entries.sort()],
    ['tally', tally.sort()],
  ])
}

const addTo = (
  entries: string[],
  tallies: Map<string, { tenant: string; account: string; notes: number; last: number }>,
  { stream: { tenant, account }, position, events }: StoredCommit,
) => {
  for (const [ordinal, { payload }] of events.entries()) {
    const note = Buffer.from(payload).toString('utf8')
    entries.push(JSON.stringify({ tenant, account, position, ordinal, note }))
    const notes = (tallies.get(`${tenant} ${account}`)?.notes ?? 0) + 1
    tallies.set(`${tenant} ${account}`, { tenant, account, notes, last: position })
  }
}

class Run {
  readonly #opened: RowsUnderTest
  #projector: Projector
  last = 0

  constructor(opened: RowsUnderTest, projector: Projector) {
    this.#opened = opened
    this.#projector = projector
  }

  async append(account: string, notes: readonly string[], strict: boolean): Promise<void> {
    const { log } = this.#opened
    const expected = strict ? await log.head({ tenant: 'acme', account, service: 'notes' }) : undefined
    this.last = (await log.append(commitOf(notes, { account, expected }))).position
  }

  async restart(): Promise<void> {
    await this.#projector.stop()
    this.#projector = await this.#opened.project(ledger())
  }

  rebuild(): Promise<void> {
    return this.#projector.rebuild()
  }

  async check(): Promise<void> {
    await this.#projector.waitFor(this.last, soon())
    assert.equal(this.#projector.checkpoint(), this.last)
    assert.deepEqual(await this.#opened.rows(this.#projector.store), await expectedRows(this.#opened.log))
  }
}

type Step = { readonly name: string; run(run: Run): Promise<void> }

const account = fc.constantFrom('mike', 'eva', 'otto')
const notes = fc.array(fc.constantFrom('milk', 'bread', 'ö', ''), { minLength: 1, maxLength: 4 })

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(account, notes, fc.boolean()).map(([who, what, strict]) => ({
      name: `append ${what.length} to ${who}${strict ? ', expecting the last' : ''}`,
      run: (run: Run) => run.append(who, what, strict),
    })),
  },
  { weight: 2, arbitrary: fc.constant({ name: 'check', run: (run: Run) => run.check() }) },
  { weight: 1, arbitrary: fc.constant({ name: 'restart', run: (run: Run) => run.restart() }) },
  { weight: 1, arbitrary: fc.constant({ name: 'rebuild', run: (run: Run) => run.rebuild() }) },
)

/** Whatever happens in whatever order, the rows are those of the log. */
export const rowsFollowTheLog = async (open: () => Promise<RowsUnderTest>): Promise<void> => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
    const opened = await open()
    try {
      const run = new Run(opened, await opened.project(ledger()))
      for (const { run: take } of steps) await take(run)
      await run.check()
    } finally {
      await opened.dispose()
    }
  })
  await fc.assert(property, { numRuns: 20 })
}

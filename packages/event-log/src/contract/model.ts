import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  type Appended,
  COMMAND_RETENTION_MS,
  type CommitFilter,
  ConflictError,
  type EventLog,
  type NewCommit,
} from '../port.ts'
import { commitOf, positionsOf, readAll } from './commits.ts'
import { matches } from './filters.ts'
import type { LogUnderTest, Rule } from './rule.ts'

type Entry = { readonly position: number; readonly commit: NewCommit; readonly appended: number }

/** The log in its plainest form: a list. */
class Model {
  entries: Entry[] = []
  now = 0
  last = 0

  head(filter: CommitFilter): number {
    return this.entries.findLast(({ commit }) => matches(filter, commit))?.position ?? 0
  }

  /** The answer that is due; undefined: a new commit. */
  due(commit: NewCommit): Appended | 'conflict' | undefined {
    const known = this.entries.findLast(
      (entry) => matches(commit.stream, entry.commit) && entry.commit.commandId === commit.commandId,
    )
    if (known && known.appended >= this.now - COMMAND_RETENTION_MS) {
      return { position: known.position, repeated: true }
    }
    const { expected } = commit
    return expected === undefined || expected === this.head(commit.stream) ? undefined : 'conflict'
  }
}

type Step = { readonly name: string; run(model: Model, opened: LogUnderTest): Promise<void> }

const stream = fc.record({
  tenant: fc.constantFrom('acme', 'umbrella'),
  account: fc.constantFrom('mike', 'eva'),
  service: fc.constantFrom('mail', 'calendar'),
})

const append = fc
  .record({
    stream,
    id: fc.integer({ min: 0, max: 9 }),
    expect: fc.constantFrom('any', 'any', 'head', 'older', 'none'),
  })
  .map(
    ({ stream, id, expect }): Step => ({
      name: `append ${stream.tenant}/${stream.account}/${stream.service} #${id} expecting ${expect}`,
      run: async (model, { log }) => {
        const head = model.head(stream)
        const expected = { any: undefined, head, older: Math.max(0, head - 1), none: 0 }[expect]
        await appendAsDue(model, log, commitOf({ ...stream, commandId: `c${id}`, expected }))
      },
    }),
  )

const appendAsDue = async (model: Model, log: EventLog, commit: NewCommit) => {
  const due = model.due(commit)
  if (due === 'conflict') {
    const head = model.head(commit.stream)
    await assert.rejects(log.append(commit), (error) => error instanceof ConflictError && error.head === head)
    return
  }
  const appended = await log.append(commit)
  if (due) return assert.deepEqual(appended, due)
  assert.equal(appended.repeated, false)
  assert.ok(appended.position > model.last, 'a position came twice')
  model.last = appended.position
  model.entries.push({ position: appended.position, commit, appended: model.now })
}

const purge = stream.map(
  ({ tenant, account }): Step => ({
    name: `purge ${tenant}/${account}`,
    run: async (model, { log }) => {
      const remaining = model.entries.filter(({ commit }) => !matches({ tenant, account }, commit))
      assert.equal(await log.purge(tenant, account), model.entries.length - remaining.length)
      model.entries = remaining
    },
  }),
)

const filter = fc.record(
  { tenant: fc.constantFrom('acme', 'nobody'), account: fc.constant('mike'), service: fc.constant('mail') },
  { requiredKeys: [] },
)

const read = fc.record({ filter, back: fc.integer({ min: 0, max: 20 }) }).map(
  ({ filter, back }): Step => ({
    name: `read ${JSON.stringify(filter)}, ${back} before the end`,
    run: async (model, { log }) => {
      const after = Math.max(0, model.last - back)
      const due = model.entries.filter(({ commit, position }) => position > after && matches(filter, commit))
      const commits = await readAll(log, filter, after)
      assert.deepEqual(
        positionsOf(commits),
        due.map(({ position }) => position),
      )
      assert.deepEqual(
        commits.map(({ events }) => events),
        due.map(({ commit }) => commit.events),
      )
      assert.equal(await log.head(filter), model.head(filter))
    },
  }),
)

const passTime = fc.constantFrom(COMMAND_RETENTION_MS / 2, COMMAND_RETENTION_MS, 1).map(
  (milliseconds): Step => ({
    name: `let ${milliseconds} ms pass`,
    run: async (model, opened) => {
      model.now += milliseconds
      opened.passTime(milliseconds)
    },
  }),
)

const reopen = fc.constant<Step>({ name: 'restart', run: (_, opened) => opened.reopen() })

const step = fc.oneof(
  { weight: 20, arbitrary: append },
  { weight: 6, arbitrary: read },
  { weight: 2, arbitrary: purge },
  { weight: 2, arbitrary: passTime },
  { weight: 1, arbitrary: reopen },
)

/** Milliseconds after which a counterexample is told as it is rather than made smaller. */
const MINUTE = 60_000

export const modelRules = (rule: Rule, open: () => Promise<LogUnderTest>) => {
  rule('whatever is done with it in whatever order, it answers as a plain list would', async () => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
      const opened = await open()
      const model = new Model()
      try {
        for (const { run } of steps) await run(model, opened)
      } finally {
        await opened.dispose()
      }
    })
    await fc.assert(property, { numRuns: 25, interruptAfterTimeLimit: MINUTE })
  })
}

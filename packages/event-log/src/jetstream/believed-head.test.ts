import assert from 'node:assert/strict'
import { test } from 'node:test'
import { believedHead } from './believed-head.ts'
import { messageAt } from './messages.fixture.ts'
import { ALL_COMMITS } from './subjects.ts'

const MIKE = 'log.acme.mike.mail'

type Given = {
  /** What the leader says is the last. */
  readonly last?: number
  /** Up to where this process was told of commits, of all streams and of Mike's. */
  readonly told?: number
  readonly known?: number
  /** Positions that are known to be erased. */
  readonly erased?: readonly number[]
}

const headOf = (subject: string, { last = 0, told = 0, known = 0, erased = [] }: Given) =>
  believedHead(subject, {
    api: {
      leaderLast: async () => (last > 0 ? messageAt(last, { account: 'mike', previous: 0 }) : undefined),
      areErased: async (from, to) => {
        for (let position = from; position <= to; position++) if (!erased.includes(position)) return false
        return true
      },
    },
    tail: { position: told },
    view: { known: () => known },
    losses: { isErased: async (_, position) => erased.includes(position) },
  })

test('the head is what the leader says, where nothing more is known', async () => {
  assert.equal(await headOf(ALL_COMMITS, {}), 0)
  assert.equal(await headOf(ALL_COMMITS, { last: 9, told: 9 }), 9)
  assert.equal(await headOf(ALL_COMMITS, { last: 9, told: 7, known: 20 }), 9)
  assert.equal(await headOf(MIKE, { last: 5, told: 9, known: 5 }), 5)
})

test('a leader that lacks what this process was told of is no leader (found by faults at random)', async () => {
  await assert.rejects(headOf(ALL_COMMITS, { last: 7, told: 9 }), /lacks what was there already/)
  await assert.rejects(headOf(ALL_COMMITS, { last: 7, told: 9, erased: [8] }), /lacks/)
  await assert.rejects(headOf(MIKE, { last: 5, known: 7 }), /lacks/)
  await assert.rejects(headOf(MIKE, { known: 7 }), /lacks/)
})

test('what was erased is missed by nobody', async () => {
  assert.equal(await headOf(ALL_COMMITS, { last: 7, told: 9, erased: [8, 9] }), 7)
  assert.equal(await headOf(MIKE, { known: 7, erased: [7] }), 0)
})

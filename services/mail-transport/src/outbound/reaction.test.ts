import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FollowBatch, StoredCommit } from '@relais/event-log'
import type { ReadStore } from '@relais/read-store'
import { follow, type Reaction } from './reaction.ts'

/** Rows that remember what was written to them. */
const openReactions = (position?: number) => {
  const kept: number[] = []
  const store = {
    get: async () => (position === undefined ? undefined : { position }),
    transaction: async (work: (writer: unknown) => Promise<unknown>) =>
      work({
        run: async (_text: string, _name: string, at: number) => void kept.push(at),
      }),
  }
  return { kept, store: store as unknown as ReadStore }
}

const batch = (...positions: number[]): FollowBatch => ({
  commits: positions.map((position) => ({ position }) as StoredCommit),
  caughtUp: true,
})

type Running = {
  readonly batches: readonly FollowBatch[]
  /** When each batch comes, in milliseconds. */
  readonly times?: readonly number[]
  readonly from?: number
  readonly failAt?: number
}

/** Follows these batches and then ends by its signal. */
const run = async ({ batches, times = [], from, failAt }: Running) => {
  const ending = new AbortController()
  const { kept, store } = openReactions(from)
  const seen: number[] = []
  let now = 0
  let began = -1
  const log = {
    follow: async function* (_filter: object, after: number) {
      began = after
      for (const [n, one] of batches.entries()) {
        now = times[n] ?? now
        yield one
      }
      ending.abort()
    },
  }
  const reaction: Reaction = {
    name: 'some',
    filter: {},
    react: async (commits) => {
      if (commits.some(({ position }) => position === failAt)) throw new Error('broken')
      seen.push(...commits.map(({ position }) => position))
    },
  }
  const deps = { log, reactions: store, now: () => now, gatherMs: 0 }
  const ended = await follow(reaction, deps, ending.signal).then(
    () => 'ended',
    (error: Error) => error.message,
  )
  return { ended, kept, seen, began }
}

describe('a reaction', () => {
  test('begins where it has got to, and sees every commit once', async () => {
    const { began, seen } = await run({ from: 7, batches: [batch(8), batch(9, 11), batch(12)] })
    assert.equal(began, 7)
    assert.deepEqual(seen, [8, 9, 11, 12])
  })

  test('begins with the log where it is new', async () => {
    assert.equal((await run({ batches: [] })).began, 0)
  })

  test('keeps where it has got to with the first commits, then once a second, and at its end', async () => {
    const batches = [batch(1), batch(2), batch(3), batch(4), batch(5)]
    const { kept } = await run({ batches, times: [0, 500, 999, 1000, 1200] })
    assert.deepEqual(kept, [1, 4, 5])
  })

  test('keeps nothing twice, and nothing where it saw nothing', async () => {
    assert.deepEqual((await run({ batches: [batch(1)], times: [0] })).kept, [1])
    assert.deepEqual((await run({ from: 3, batches: [batch()] })).kept, [])
  })

  test('that fails is told, and has not got past what it failed at', async () => {
    const { ended, kept, seen } = await run({ batches: [batch(1), batch(2), batch(3)], failAt: 3 })
    assert.deepEqual([ended, kept, seen], ['broken', [1], [1, 2]])
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AllCommitsRequest, allCommits, type ProofApi } from './all-commits.ts'
import type { LogMessage } from './log-api.ts'
import { messages, pagesOf } from './messages.fixture.ts'
import type { Search } from './verified-reading.ts'

const nothingLost: Search = {
  find: async () => assert.fail('nothing is missing'),
  check: async () => assert.fail('nothing is gone'),
}

type Kept = {
  readonly kept: readonly LogMessage[]
  /** Positions that are known to be erased. */
  readonly erased?: readonly number[]
}

const apiOf = ({ erased = [] }: Kept): ProofApi => ({
  areErased: async (from, to) => {
    for (let position = from; position <= to; position++) if (!erased.includes(position)) return false
    return true
  },
})

const positions = async (kept: Kept, request: Partial<AllCommitsRequest> & { upTo: number }) => {
  const deps = { page: pagesOf(kept.kept), search: nothingLost, api: apiOf(kept) }
  const found: number[] = []
  for await (const page of allCommits(deps, { after: 0, count: 3, ...request })) {
    found.push(...page.map(({ position }) => position))
  }
  return found
}

test('every commit between two positions is given, page by page', async () => {
  assert.deepEqual(await positions({ kept: messages(10) }, { after: 2, upTo: 8 }), [3, 4, 5, 6, 7, 8])
})

test('a replica or a deposed leader that has less is no proof that there is no more', async () => {
  await assert.rejects(positions({ kept: messages(7) }, { upTo: 10 }), /lacks what was there already/)
  await assert.rejects(positions({ kept: [] }, { upTo: 1 }), /lacks what was there already/)
})

test('an end that is known to be erased is proof', async () => {
  const kept = messages(7)
  assert.deepEqual(await positions({ kept, erased: [8, 9, 10] }, { after: 5, upTo: 10 }), [6, 7])
  assert.deepEqual(await positions({ kept: [], erased: [1, 2] }, { upTo: 2 }), [])
  await assert.rejects(positions({ kept, erased: [8, 10] }, { upTo: 10 }), /lacks/)
})

test('with nothing to read there is nothing to prove', async () => {
  assert.deepEqual(await positions({ kept: messages(5) }, { after: 5, upTo: 5 }), [])
  assert.deepEqual(await positions({ kept: [] }, { upTo: 0 }), [])
})

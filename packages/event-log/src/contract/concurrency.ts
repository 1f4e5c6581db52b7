import assert from 'node:assert/strict'
import { ConflictError, type EventLog } from '../port.ts'
import { commitOf, positionsOf, range, readAll } from './commits.ts'
import type { Rule } from './rule.ts'

const MAIL = { tenant: 'acme', account: 'mike', service: 'mail' }

const conflictAt = (head: number) => (error: unknown) => {
  assert.ok(error instanceof ConflictError)
  assert.deepEqual(
    { code: error.code, retryable: error.retryable, head: error.head },
    { code: 'CONFLICT', retryable: true, head },
  )
  return true
}

export const concurrencyRules = (rule: Rule) => {
  rule('expecting 0 succeeds on an empty stream only', async ({ log }) => {
    const { position } = await log.append(commitOf({ expected: 0 }))
    await assert.rejects(log.append(commitOf({ expected: 0 })), conflictAt(position))
  })

  rule(
    "expecting the stream's head succeeds, anything older or newer conflicts and tells the head",
    async ({ log }) => {
      const first = await log.append(commitOf())
      const second = await log.append(commitOf({ expected: first.position }))
      for (const expected of [0, first.position, second.position + 1]) {
        await assert.rejects(log.append(commitOf({ expected })), conflictAt(second.position))
      }
      assert.deepEqual(positionsOf(await readAll(log)), [first.position, second.position])
    },
  )

  rule(
    "other streams' commits don't conflict: not another account's, service's or tenant's",
    async ({ log }) => {
      const { position } = await log.append(commitOf())
      for (const other of [{ account: 'eva' }, { service: 'calendar' }, { tenant: 'umbrella' }]) {
        await log.append(commitOf(other))
        await log.append(commitOf(other))
      }
      assert.equal((await log.append(commitOf({ expected: position }))).repeated, false)
    },
  )

  rule(
    'a commit that expects nothing is never refused, and moves the head for those who do',
    async ({ log }) => {
      const first = await log.append(commitOf())
      const second = await log.append(commitOf())
      await assert.rejects(log.append(commitOf({ expected: first.position })), conflictAt(second.position))
    },
  )

  rule('of appends at once that expect the same position one succeeds', async ({ log }) => {
    const { position } = await log.append(commitOf())
    const attempts = range(20).map(() => log.append(commitOf({ expected: position })))
    const outcomes = await Promise.allSettled(attempts)
    const won = outcomes.filter((outcome) => outcome.status === 'fulfilled')
    assert.equal(won.length, 1)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') conflictAt(won[0]!.value.position)(outcome.reason)
    }
  })

  rule('a conflict of one append leaves the others of the same moment alone', async ({ log }) => {
    const { position } = await log.append(commitOf())
    const outcomes = await Promise.allSettled([
      log.append(commitOf({ account: 'eva' })),
      log.append(commitOf({ expected: position + 1 })),
      log.append(commitOf({ account: 'eva' })),
    ])
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.equal((await readAll(log, { account: 'eva' })).length, 2)
  })

  rule('what a commit expected is kept with it, so that a reader can notice a lost one', async ({ log }) => {
    const first = await log.append(commitOf({ expected: 0 }))
    await log.append(commitOf())
    const head = await log.head(MAIL)
    await log.append(commitOf({ expected: head }))
    const expected = (await readAll(log)).map((commit) => commit.expected)
    assert.deepEqual(expected, [0, undefined, head])
    assert.ok(head > first.position)
  })

  rule('deciding again after each conflict loses no decision', async ({ log }) => {
    await Promise.all(range(5).map((writer) => decideTimes(log, writer, 10)))
    const commits = await readAll(log, MAIL)
    assert.equal(commits.length, 50)
    const heads = [0, ...positionsOf(commits)]
    for (const [i, commit] of commits.entries()) assert.equal(commit.expected, heads[i])
  })
}

const decideTimes = async (log: EventLog, writer: number, times: number) => {
  for (let decided = 0; decided < times; ) {
    const expected = await log.head(MAIL)
    try {
      await log.append(commitOf({ expected, commandId: `${writer}-${decided}` }))
      decided++
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }
}

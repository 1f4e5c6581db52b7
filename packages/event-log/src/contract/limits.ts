import assert from 'node:assert/strict'
import { Commit } from '@relais/proto/common/v1/log.ts'
import {
  CommitInvalidError,
  CommitTooLargeError,
  MAX_COMMIT_BYTES,
  MAX_COMMIT_EVENTS,
  MAX_NAME_LENGTH,
  type NewCommit,
} from '../port.ts'
import { commitOf, range, readAll } from './commits.ts'
import type { Rule } from './rule.ts'

const eventsOf = (count: number) =>
  range(count).map((i) => ({ type: 'Numbered', version: 1, payload: Uint8Array.of(i & 255, i >> 8) }))

const payloadOf = (bytes: number) => [{ type: 'Long', version: 1, payload: new Uint8Array(bytes).fill(7) }]

/** A commit whose record has just so many bytes. */
const commitOfBytes = (bytes: number): NewCommit => {
  const guess = commitOf({ events: payloadOf(bytes - 300) })
  const record = Commit.encode(Commit.fromPartial({ ...guess, events: [...guess.events] } as Commit)).finish()
  return { ...guess, events: payloadOf(bytes - 300 + bytes - record.length) }
}

export const limitRules = (rule: Rule) => {
  rule('a commit of many events is one commit, with its events in order', async ({ log }) => {
    const commit = commitOf({ events: eventsOf(MAX_COMMIT_EVENTS) })
    await log.append(commit)
    const [stored, ...others] = await readAll(log)
    assert.deepEqual(others, [])
    assert.deepEqual(stored?.events, commit.events)
  })

  rule('a commit with one event too many is refused', async ({ log }) => {
    const commit = commitOf({ events: eventsOf(MAX_COMMIT_EVENTS + 1) })
    await assert.rejects(log.append(commit), (error) => {
      assert.ok(error instanceof CommitTooLargeError)
      assert.equal(error.message, 'a commit of 8193 events is over the limit of 8192')
      assert.deepEqual([error.code, error.retryable], ['COMMIT_TOO_LARGE', false])
      return true
    })
    assert.equal(await log.head({}), 0)
  })

  rule(
    'a commit of just the longest size is taken whole, a byte more is refused and nothing written',
    async ({ log }) => {
      const commit = commitOfBytes(MAX_COMMIT_BYTES)
      const { position } = await log.append(commit)
      assert.deepEqual((await readAll(log))[0]?.events, commit.events)
      await assert.rejects(log.append(commitOfBytes(MAX_COMMIT_BYTES + 1)), (error) => {
        assert.ok(error instanceof CommitTooLargeError)
        assert.match(error.message, /^a commit of 1048577 bytes is over the limit of 1048576$/)
        return true
      })
      assert.equal(await log.head({}), position)
    },
  )

  rule('what is far over the limit is refused, wherever its bytes are', async ({ log }) => {
    const huge = 'x'.repeat(2 * MAX_COMMIT_BYTES)
    for (const given of [
      { events: payloadOf(50 * MAX_COMMIT_BYTES) },
      { events: [{ type: huge, version: 1, payload: new Uint8Array() }] },
      { collections: [huge] },
      { correlation: huge },
    ]) {
      await assert.rejects(log.append(commitOf(given)), CommitTooLargeError)
    }
    assert.equal(await log.head({}), 0)
  })

  rule('a long commit is refused without the commits of the same moment', async ({ log }) => {
    const outcomes = await Promise.allSettled([
      log.append(commitOf()),
      log.append(commitOf({ events: payloadOf(MAX_COMMIT_BYTES) })),
      log.append(commitOf()),
    ])
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
  })

  rule('a page of many long commits is cut short rather than held whole in memory', async ({ log }) => {
    const commits = range(12).map(() => commitOf({ events: payloadOf(MAX_COMMIT_BYTES - 500) }))
    await Promise.all(commits.map((commit) => log.append(commit)))
    let read = 0
    for await (const batch of log.read({}, 0)) {
      assert.ok(batch.length <= 8, `${batch.length} commits of 1 MiB in one batch`)
      read += batch.length
    }
    assert.equal(read, commits.length)
  })

  rule(
    'names and command ids are neither empty nor over-long nor hold control characters',
    async ({ log }) => {
      const bad = ['', 'x'.repeat(MAX_NAME_LENGTH + 1), 'a\nb', 'a\0b', 'a\u007fb', '\ud800']
      for (const field of ['tenant', 'account', 'service', 'commandId'] as const) {
        for (const name of bad) {
          await assert.rejects(
            log.append(commitOf({ [field]: name })),
            CommitInvalidError,
            `${field} ${JSON.stringify(name)}`,
          )
        }
        await log.append(commitOf({ [field]: 'x'.repeat(MAX_NAME_LENGTH) }))
      }
    },
  )

  rule('positions and times are whole numbers from 0', async ({ log }) => {
    for (const number of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      for (const field of ['expected', 'causation', 'at']) {
        await assert.rejects(
          log.append(commitOf({ [field]: number })),
          CommitInvalidError,
          `${field} ${number}`,
        )
      }
    }
    assert.equal(await log.head({}), 0)
  })
}

import assert from 'node:assert/strict'
import { COMMAND_RETENTION_MS, CommitTooLargeError, ConflictError, MAX_COMMIT_BYTES } from '../port.ts'
import { commitOf, positionsOf, range, readAll } from './commits.ts'
import type { Rule } from './rule.ts'

const DAY = 24 * 3600 * 1000

export const commandRules = (rule: Rule) => {
  rule('the same command id again is the same commit', async ({ log }) => {
    const commit = commitOf()
    const first = await log.append(commit)
    assert.equal(first.repeated, false)
    await log.append(commitOf())
    assert.deepEqual(await log.append(commit), { position: first.position, repeated: true })
    assert.equal((await readAll(log)).length, 2)
  })

  rule(
    'the same command id many times at once is one commit, and all learn its position',
    async ({ log }) => {
      const commit = commitOf()
      const appended = await Promise.all(range(20).map(() => log.append(commit)))
      assert.equal(appended.filter(({ repeated }) => !repeated).length, 1)
      assert.equal(new Set(appended.map(({ position }) => position)).size, 1)
      assert.equal((await readAll(log)).length, 1)
    },
  )

  rule('a known command id is no conflict, whatever was expected', async ({ log }) => {
    const commit = commitOf({ expected: 0 })
    const { position } = await log.append(commit)
    await log.append(commitOf())
    assert.deepEqual(await log.append(commit), { position, repeated: true })
    assert.deepEqual(await log.append({ ...commit, expected: 12345 }), { position, repeated: true })
  })

  rule('an append whose acknowledgement nobody heard is found again, once', async (opened) => {
    const commits = range(10).map(() => commitOf())
    const unheard = Promise.all(commits.map((commit) => opened.log.append(commit)))
    await opened.reopen()
    await unheard
    for (const commit of commits) assert.equal((await opened.log.append(commit)).repeated, true)
    assert.equal((await readAll(opened.log)).length, commits.length)
  })

  rule('a command id is known after a restart', async (opened) => {
    const commit = commitOf()
    const { position } = await opened.log.append(commit)
    await opened.reopen()
    assert.deepEqual(await opened.log.append(commit), { position, repeated: true })
  })

  rule(
    "a command id is its stream's: another account, service or tenant may use the same",
    async ({ log }) => {
      const commandId = 'derived-1'
      for (const stream of [{}, { account: 'eva' }, { service: 'calendar' }, { tenant: 'umbrella' }]) {
        assert.equal((await log.append(commitOf({ ...stream, commandId }))).repeated, false)
      }
      assert.equal((await readAll(log)).length, 4)
    },
  )

  rule('command ids that differ only in case, in an accent or at the end are different', async ({ log }) => {
    const ids = ['a', 'A', 'á', 'a\u0301', 'a ', 'aa', '0', '00', '1e1', '10']
    for (const commandId of ids) assert.equal((await log.append(commitOf({ commandId }))).repeated, false)
    assert.deepEqual(
      (await readAll(log)).map((commit) => commit.commandId),
      ids,
    )
  })

  rule('a command that was refused is not remembered', async ({ log }) => {
    const { position } = await log.append(commitOf())
    const conflicting = commitOf({ expected: position + 1 })
    await assert.rejects(log.append(conflicting), ConflictError)
    assert.equal((await log.append({ ...conflicting, expected: position })).repeated, false)

    const long = commitOf({ events: [{ type: 'E', version: 1, payload: new Uint8Array(MAX_COMMIT_BYTES) }] })
    await assert.rejects(log.append(long), CommitTooLargeError)
    assert.equal((await log.append(commitOf({ commandId: long.commandId }))).repeated, false)
  })
}

export const retentionRules = (rule: Rule) => {
  rule('a command id is known on each of 14 days, also across restarts', async (opened) => {
    const commit = commitOf()
    const { position } = await opened.log.append(commit)
    for (const day of range(14)) {
      opened.passTime(DAY)
      await opened.log.append(commitOf())
      if (day % 5 === 0) await opened.reopen()
      assert.deepEqual(await opened.log.append(commit), { position, repeated: true }, `on day ${day + 1}`)
    }
  })

  rule('a command id is forgotten only after 14 days, and then is a new commit', async (opened) => {
    const commit = commitOf()
    const { position } = await opened.log.append(commit)
    opened.passTime(COMMAND_RETENTION_MS)
    assert.equal((await opened.log.append(commit)).repeated, true)
    opened.passTime(1)
    const again = await opened.log.append(commit)
    assert.equal(again.repeated, false)
    assert.deepEqual(positionsOf(await readAll(opened.log)), [position, again.position])
  })

  rule('a command id that was used anew is kept from then on', async (opened) => {
    const commit = commitOf()
    await opened.log.append(commit)
    opened.passTime(COMMAND_RETENTION_MS + 1)
    const { position } = await opened.log.append(commit)
    for (const _ of range(3)) await opened.log.append(commitOf())
    opened.passTime(COMMAND_RETENTION_MS)
    for (const _ of range(3)) await opened.log.append(commitOf())
    assert.deepEqual(await opened.log.append(commit), { position, repeated: true })
  })

  rule("the log's time counts, not what a commit says of itself", async (opened) => {
    const commit = commitOf({ at: 0 })
    await opened.log.append(commit)
    opened.passTime(DAY)
    assert.equal((await opened.log.append(commit)).repeated, true)
  })

  rule('a clock that is set back forgets nothing', async (opened) => {
    const commit = commitOf()
    await opened.log.append(commit)
    opened.passTime(-30 * DAY)
    await opened.log.append(commitOf())
    assert.equal((await opened.log.append(commit)).repeated, true)
  })
}

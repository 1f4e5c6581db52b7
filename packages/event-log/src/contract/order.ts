import assert from 'node:assert/strict'
import { appendAll, commitOf, Follower, positionsOf, range, readAll, storedAs } from './commits.ts'
import type { Rule } from './rule.ts'

export const orderRules = (rule: Rule) => {
  rule('what was appended is read with everything it had', async ({ log }) => {
    const full = commitOf({
      events: [
        { type: 'MailboxCreated', version: 2, payload: Uint8Array.of(0, 255, 10) },
        { type: 'MailboxRenamed', version: 7, payload: new Uint8Array() },
      ],
      actor: { kind: 'device', id: 'u_1', device: 'd_1' },
      principal: 'u_2',
      expected: 0,
      causation: 42,
      correlation: 'ärende ✉',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      collections: ['inbox', 'sent'],
      syncKey: 'abc',
    })
    const sparse = commitOf()
    const [first, second] = await appendAll(log, [full, sparse])
    assert.deepEqual(await readAll(log), [storedAs(full, first!), storedAs(sparse, second!)])
  })

  rule('a new log is empty and its head is 0', async ({ log }) => {
    assert.deepEqual(await readAll(log), [])
    assert.equal(await log.head({}), 0)
  })

  rule(
    'positions increase from one acknowledged append to the next, whatever the stream',
    async ({ log }) => {
      const commits = range(20).map((i) => commitOf({ tenant: `t${i % 3}`, account: `a${i % 5}` }))
      const positions = await appendAll(log, commits)
      assert.ok(positions[0]! > 0)
      for (const i of range(19)) assert.ok(positions[i]! < positions[i + 1]!)
      assert.deepEqual(positionsOf(await readAll(log)), positions)
    },
  )

  rule('an acknowledged commit is there for every reader at once', async ({ log }) => {
    for (const _ of range(20)) {
      const { position } = await log.append(commitOf())
      assert.equal(await log.head({}), position)
      assert.deepEqual(positionsOf(await readAll(log, {}, position - 1)), [position])
    }
  })

  rule('of appends at once each has a position of its own and none is skipped', async ({ log }) => {
    const commits = range(500).map((i) => commitOf({ tenant: `t${i % 7}` }))
    const appended = await Promise.all(commits.map((commit) => log.append(commit)))
    const positions = appended.map(({ position }) => position)
    assert.equal(new Set(positions).size, commits.length)
    const read = await readAll(log)
    assert.deepEqual(
      positionsOf(read),
      positions.sort((a, b) => a - b),
    )
    assert.deepEqual(
      new Set(read.map(({ commandId }) => commandId)),
      new Set(commits.map(({ commandId }) => commandId)),
    )
  })

  rule(
    'a reader that pages while others append never meets a commit behind the last it has read',
    async ({ log }) => {
      const follower = new Follower(log, {}, 0, 3)
      let last = 0
      const writers = range(8).map(async (writer) => {
        for (const _ of range(25)) {
          const { position } = await log.append(commitOf({ account: `a${writer}` }))
          last = Math.max(last, position)
        }
      })
      const reading = follower.untilSeen(1)
      await Promise.all(writers)
      await reading
      await follower.untilSeen(last)
      await follower.end()
      assert.deepEqual(follower.seen, await readAll(log))
    },
  )

  rule('reading goes on after any position, also one that was never given', async ({ log }) => {
    const positions = await appendAll(
      log,
      range(5).map(() => commitOf()),
    )
    for (const after of [0, ...positions, positions[4]! + 1000]) {
      const expected = positions.filter((position) => position > after)
      assert.deepEqual(positionsOf(await readAll(log, {}, after)), expected)
    }
  })

  rule('read gives batches of at most the size that was asked for', async ({ log }) => {
    const positions = await appendAll(
      log,
      range(10).map(() => commitOf()),
    )
    for (const size of [1, 3, 5, 10, 11]) {
      const read: number[] = []
      for await (const batch of log.read({}, 0, { batch: size })) {
        assert.ok(batch.length > 0 && batch.length <= size)
        read.push(...positionsOf(batch))
      }
      assert.deepEqual(read, positions)
    }
  })

  rule('read ends at the head of its start, even while others append', async ({ log }) => {
    const positions = await appendAll(
      log,
      range(4).map(() => commitOf()),
    )
    const read: number[] = []
    for await (const batch of log.read({}, 0, { batch: 1 })) {
      read.push(...positionsOf(batch))
      await log.append(commitOf())
    }
    assert.deepEqual(read, positions)
  })

  rule('a read that is aborted rejects, so that a part is never taken for the whole', async ({ log }) => {
    await appendAll(
      log,
      range(4).map(() => commitOf()),
    )
    const abort = new AbortController()
    const reading = (async () => {
      for await (const _ of log.read({}, 0, { batch: 1, signal: abort.signal }))
        abort.abort(new Error('enough'))
    })()
    await assert.rejects(reading, /enough/)
  })

  rule('commits and positions are the same after a restart, and later ones are higher', async (opened) => {
    const positions = await appendAll(
      opened.log,
      range(5).map(() => commitOf()),
    )
    const before = await readAll(opened.log)
    await opened.reopen()
    assert.deepEqual(await readAll(opened.log), before)
    assert.equal(await opened.log.head({}), positions[4])
    assert.ok((await opened.log.append(commitOf())).position > positions[4]!)
  })
}

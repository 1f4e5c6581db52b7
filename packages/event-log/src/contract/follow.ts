import assert from 'node:assert/strict'
import { LogUnavailableError } from '../port.ts'
import { appendAll, commitOf, Follower, positionsOf, range, readAll } from './commits.ts'
import type { Rule } from './rule.ts'

export const followRules = (rule: Rule) => {
  rule('an empty log says at once that the follower has caught up', async ({ log }) => {
    const follower = new Follower(log, {})
    assert.deepEqual(await follower.next(), { commits: [], caughtUp: true })
    await follower.end()
  })

  rule('history is told first, and its last batch says that the follower has caught up', async ({ log }) => {
    const positions = await appendAll(
      log,
      range(10).map(() => commitOf()),
    )
    const follower = new Follower(log, {}, 0, 4)
    const marks: boolean[] = []
    while (marks.at(-1) !== true) marks.push((await follower.next())!.caughtUp)
    assert.deepEqual(positionsOf(follower.seen), positions)
    assert.ok(marks.slice(0, 2).every((caughtUp) => !caughtUp))
    await follower.end()
  })

  rule('who starts at the head has caught up at once, and is told only what is new', async ({ log }) => {
    await appendAll(
      log,
      range(3).map(() => commitOf()),
    )
    const follower = new Follower(log, {}, await log.head({}))
    assert.deepEqual(await follower.next(), { commits: [], caughtUp: true })
    const { position } = await log.append(commitOf())
    const batch = await follower.next()
    assert.deepEqual([positionsOf(batch!.commits), batch!.caughtUp], [[position], true])
    await follower.end()
  })

  rule(
    'live commits come after history without a gap or repeat, also when they come during the switch',
    async ({ log }) => {
      await appendAll(
        log,
        range(30).map(() => commitOf()),
      )
      const follower = new Follower(log, {}, 0, 5)
      const last = (async () => {
        const positions: number[] = []
        for (const _ of range(40)) positions.push(...(await appendAll(log, [commitOf(), commitOf()])))
        return positions.at(-1)!
      })()
      await follower.untilSeen(40)
      await follower.untilSeen(await last)
      assert.deepEqual(follower.seen, await readAll(log))
      await follower.end()
    },
  )

  rule('caught up is said again after every live batch that is the last so far', async ({ log }) => {
    const follower = new Follower(log, {})
    await follower.untilCaughtUp()
    for (const _ of range(3)) {
      await log.append(commitOf())
      assert.equal((await follower.next())?.caughtUp, true)
    }
    await follower.end()
  })

  rule('a follower is told only what matches its filter', async ({ log }) => {
    const followers = [{ account: 'mike' }, { service: 'calendar' }, { tenant: 'umbrella' }].map(
      (filter) => ({ filter, follower: new Follower(log, filter) }),
    )
    for (const { follower } of followers) await follower.untilCaughtUp()
    await appendAll(log, [
      commitOf({ account: 'eva' }),
      commitOf(),
      commitOf({ account: 'eva', service: 'calendar' }),
      commitOf({ tenant: 'umbrella', account: 'eva' }),
    ])
    for (const { filter, follower } of followers) {
      await follower.untilSeen(await log.head(filter))
      assert.deepEqual(follower.seen, await readAll(log, filter))
      await follower.end()
    }
  })

  rule('a slow follower is given what it missed in batches of its size, not all at once', async ({ log }) => {
    const follower = new Follower(log, {}, 0, 10)
    await follower.untilCaughtUp()
    await Promise.all(range(100).map(() => log.append(commitOf())))
    while (follower.seen.length < 100) assert.ok((await follower.next())!.commits.length <= 10)
    assert.deepEqual(follower.seen, await readAll(log))
    await follower.end()
  })

  rule('many followers are all told everything', async ({ log }) => {
    const followers = range(50).map((i) => new Follower(log, {}, 0, 1 + (i % 7)))
    const told = followers.map((follower) => follower.untilCaughtUp())
    const positions = await appendAll(
      log,
      range(20).map(() => commitOf()),
    )
    await Promise.all(told)
    await Promise.all(followers.map((follower) => follower.untilSeen(positions.at(-1)!)))
    for (const follower of followers) {
      assert.deepEqual(positionsOf(follower.seen), positions)
      await follower.end()
    }
  })

  rule('a follower that waits ends quietly when it is aborted', async ({ log }) => {
    const follower = new Follower(log, {})
    await follower.untilCaughtUp()
    const waiting = follower.next()
    follower.abort()
    assert.equal(await waiting, undefined)
  })

  rule('a follower that is aborted while it holds a batch is given no other', async ({ log }) => {
    await appendAll(
      log,
      range(10).map(() => commitOf()),
    )
    const follower = new Follower(log, {}, 0, 2)
    await follower.next()
    follower.abort()
    assert.equal(await follower.next(), undefined)
    assert.equal(follower.seen.length, 2)
  })

  rule('a follower that was aborted before it began is given nothing', async ({ log }) => {
    await log.append(commitOf())
    const follower = new Follower(log, {})
    follower.abort()
    assert.equal(await follower.next(), undefined)
  })

  rule('a loop that is left early leaves nothing behind that keeps the log from closing', async ({ log }) => {
    await log.append(commitOf())
    const { signal } = new AbortController()
    for await (const batch of log.follow({}, 0, { signal })) {
      assert.equal(batch.commits.length, 1)
      break
    }
    await log.close()
  })

  rule('who follows a log that is closed is told so: it must not be taken for the end', async ({ log }) => {
    const follower = new Follower(log, {})
    await follower.untilCaughtUp()
    const waiting = follower.next()
    await Promise.all([assert.rejects(waiting, LogUnavailableError), log.close()])
  })

  rule('a follower goes on from its position after a restart', async (opened) => {
    const positions = await appendAll(
      opened.log,
      range(6).map(() => commitOf()),
    )
    const before = new Follower(opened.log, {}, 0, 3)
    await before.next()
    await before.end()
    await opened.reopen()
    const after = new Follower(opened.log, {}, before.seen.at(-1)!.position)
    await after.untilCaughtUp()
    await after.end()
    assert.deepEqual(positionsOf([...before.seen, ...after.seen]), positions)
  })
}

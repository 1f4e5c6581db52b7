import assert from 'node:assert/strict'
import { appendAll, commitOf, Follower, positionsOf, range, readAll } from './commits.ts'
import type { Rule } from './rule.ts'

const MIKE = { tenant: 'acme', account: 'mike' }

export const purgeRules = (rule: Rule) => {
  rule("an account's commits go, of every service, and it says how many", async ({ log }) => {
    const services = ['mail', 'calendar', 'device-sync']
    await appendAll(
      log,
      range(12).map((i) => commitOf({ ...MIKE, service: services[i % 3] })),
    )
    assert.equal(await log.purge('acme', 'mike'), 12)
    assert.deepEqual(await readAll(log), [])
    for (const service of services) assert.equal(await log.head({ ...MIKE, service }), 0)
    assert.equal(await log.head(MIKE), 0)
  })

  rule('other accounts stay, also one of the same name in another tenant', async ({ log }) => {
    const others = [
      { tenant: 'acme', account: 'eva' },
      { tenant: 'umbrella', account: 'mike' },
      { tenant: 'acme', account: '-' },
      { tenant: 'acme', account: 'mike2' },
    ]
    const commits = [...others, MIKE, ...others, MIKE].map((stream) => commitOf(stream))
    await appendAll(log, commits)
    const staying = (await readAll(log)).filter(
      ({ stream }) => stream.tenant !== 'acme' || stream.account !== 'mike',
    )
    assert.equal(await log.purge('acme', 'mike'), 2)
    assert.deepEqual(await readAll(log), staying)
  })

  rule('an account that is unknown, or purged already, has nothing to erase', async ({ log }) => {
    assert.equal(await log.purge('acme', 'mike'), 0)
    await log.append(commitOf(MIKE))
    assert.equal(await log.purge('nobody', 'mike'), 0)
    assert.equal(await log.purge('acme', 'mike'), 1)
    assert.equal(await log.purge('acme', 'mike'), 0)
  })

  rule('its command ids go too, those of others stay', async ({ log }) => {
    const gone = commitOf({ ...MIKE, commandId: 'same' })
    const kept = commitOf({ account: 'eva', commandId: 'same' })
    await appendAll(log, [gone, kept])
    await log.purge('acme', 'mike')
    assert.equal((await log.append(kept)).repeated, true)
    assert.equal((await log.append(gone)).repeated, false)
  })

  rule(
    'its streams begin anew: expecting 0 succeeds, and what is appended is read, followed and purged',
    async ({ log }) => {
      await log.append(commitOf(MIKE))
      await log.purge('acme', 'mike')
      const { position } = await log.append(commitOf({ ...MIKE, expected: 0 }))
      for (const filter of [MIKE, { ...MIKE, service: 'mail' }, { tenant: 'acme' }, {}]) {
        assert.equal(await log.head(filter), position)
        assert.deepEqual(positionsOf(await readAll(log, filter)), [position])
      }
      const follower = new Follower(log, MIKE)
      await follower.untilSeen(position)
      await follower.end()
      assert.equal(await log.purge('acme', 'mike'), 1)
    },
  )

  rule(
    'no position is given again, also when the last commits are purged, also after a restart',
    async (opened) => {
      const positions = await appendAll(
        opened.log,
        range(5).map(() => commitOf(MIKE)),
      )
      await opened.log.purge('acme', 'mike')
      await opened.reopen()
      const { position } = await opened.log.append(commitOf(MIKE))
      assert.ok(position > positions[4]!)
      await opened.log.purge('acme', 'mike')
      assert.ok((await opened.log.append(commitOf())).position > position)
    },
  )

  rule('the head of those who remain is their last commit', async ({ log }) => {
    const [first] = await appendAll(log, [commitOf({ account: 'eva' }), commitOf(MIKE), commitOf(MIKE)])
    await log.purge('acme', 'mike')
    assert.equal(await log.head({}), first)
    assert.equal(await log.head({ tenant: 'acme' }), first)
    assert.equal(await log.head({ service: 'mail' }), first)
  })

  rule('a follower sees a gap, no error, and goes on', async ({ log }) => {
    const commits = range(12).map((i) => commitOf(i % 2 ? MIKE : { account: 'eva' }))
    const positions = await appendAll(log, commits)
    const follower = new Follower(log, {}, 0, 3)
    await follower.next()
    await log.purge('acme', 'mike')
    const { position } = await log.append(commitOf({ account: 'eva' }))
    await follower.untilSeen(position)
    await follower.end()
    const unpurged = positions.filter((_, i) => i < 3 || i % 2 === 0)
    assert.deepEqual(positionsOf(follower.seen), [...unpurged, position])
  })

  rule('appends go on meanwhile: others lose nothing, and what comes later stays', async ({ log }) => {
    await Promise.all(range(1500).map(() => log.append(commitOf(MIKE))))
    const purging = log.purge('acme', 'mike')
    const eva = await Promise.all(range(100).map(() => log.append(commitOf({ account: 'eva' }))))
    assert.equal(await purging, 1500)
    const { position } = await log.append(commitOf(MIKE))
    const expected = [...eva.map((appended) => appended.position), position]
    assert.deepEqual(positionsOf(await readAll(log)), expected)
  })

  rule('it stays gone after a restart', async (opened) => {
    await appendAll(opened.log, [commitOf(MIKE), commitOf({ account: 'eva' })])
    await opened.log.purge('acme', 'mike')
    const before = await readAll(opened.log)
    await opened.reopen()
    assert.deepEqual(await readAll(opened.log), before)
  })
}

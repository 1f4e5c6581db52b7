import assert from 'node:assert/strict'
import { ConflictError, type EventLog, type Notice } from '../port.ts'
import { appendAll, commitOf, Follower, positionsOf, range, readAll } from './commits.ts'
import type { Rule } from './rule.ts'

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const MIKE = { tenant: 'acme', account: 'mike' }

/** All notices given until one of this position, or one after it. */
const noticesUntil = (log: EventLog, position: Promise<number>) => {
  const notices: Notice[] = []
  const { promise, resolve } = Promise.withResolvers<Notice[]>()
  let last = Number.POSITIVE_INFINITY
  const check = () => (notices.at(-1)?.position ?? 0) >= last && resolve(notices)
  const subscription = log.notices({}, (notice) => {
    notices.push(notice)
    check()
  })
  position.then((found) => {
    last = found
    check()
  })
  return promise.finally(() => subscription.close())
}

/** Appends one more commit and waits for its notice: whatever was to be told before has been told then. */
const settle = async (log: EventLog) => {
  const end = log.append(commitOf({ tenant: 'end-of-test' })).then(({ position }) => position)
  await noticesUntil(log, end)
}

export const noticeRules = (rule: Rule) => {
  rule(
    'a notice says where, which collections, at which position, by which device, in which trace and when',
    async ({ log }) => {
      const notices: Notice[] = []
      log.notices({}, (notice) => notices.push(notice))
      const actor = { kind: 'device', id: 'u_1', device: 'd_1' }
      const [first, second] = await appendAll(log, [
        commitOf({ ...MIKE, service: 'calendar', actor, collections: ['work', 'home'], traceparent: TRACE }),
        commitOf({ tenant: 'umbrella', account: '-', service: 'directory' }),
      ])
      await settle(log)
      const told = notices.slice(0, 2).map(({ at, ...notice }) => notice)
      assert.deepEqual(told, [
        {
          position: first,
          ...MIKE,
          service: 'calendar',
          collections: ['work', 'home'],
          device: 'd_1',
          traceparent: TRACE,
        },
        {
          position: second,
          tenant: 'umbrella',
          account: '-',
          service: 'directory',
          collections: [],
          device: '',
          traceparent: '',
        },
      ])
      assert.ok(notices.every(({ at }) => Number.isSafeInteger(at) && at > 0))
    },
  )

  rule('notices come in order of position, one for each commit', async ({ log }) => {
    const appends = Promise.all(range(200).map((i) => log.append(commitOf({ account: `a${i % 9}` }))))
    const last = appends.then((appended) => Math.max(...appended.map(({ position }) => position)))
    const notices = await noticesUntil(log, last)
    assert.deepEqual(
      notices.map(({ position }) => position),
      positionsOf(await readAll(log)),
    )
  })

  rule('a notice is given only for what can be read already', async ({ log }) => {
    const reads: Promise<void>[] = []
    log.notices({}, ({ position }) => {
      reads.push(
        (async () => {
          assert.ok((await log.head({})) >= position)
          assert.equal((await readAll(log, {}, position - 1))[0]?.position, position)
        })(),
      )
    })
    await Promise.all(range(30).map(() => log.append(commitOf())))
    await settle(log)
    assert.equal(reads.length, 31)
    await Promise.all(reads)
  })

  rule('each subscription is told what matches its filter, and nothing else', async ({ log }) => {
    const told = [
      { filter: {}, count: 5 },
      { filter: { tenant: 'acme' }, count: 4 },
      { filter: { account: 'mike' }, count: 4 },
      { filter: { service: 'mail' }, count: 3 },
      { filter: MIKE, count: 3 },
      { filter: { tenant: 'acme', service: 'mail' }, count: 2 },
      { filter: { account: 'mike', service: 'calendar' }, count: 2 },
      { filter: { ...MIKE, service: 'mail' }, count: 1 },
      { filter: { tenant: '' }, count: 0 },
      { filter: { tenant: 'acm' }, count: 0 },
      { filter: { tenant: 'acme', account: 'nobody' }, count: 0 },
    ].map((expected) => ({ ...expected, notices: [] as Notice[] }))
    const subscriptions = told.map(({ filter, notices }) =>
      log.notices(filter, (notice) => notices.push(notice)),
    )
    await appendAll(log, [
      commitOf({ ...MIKE, service: 'mail' }),
      commitOf({ ...MIKE, service: 'calendar' }),
      commitOf({ ...MIKE, service: 'calendar' }),
      commitOf({ tenant: 'acme', account: 'eva', service: 'mail' }),
      commitOf({ tenant: 'umbrella', account: 'mike', service: 'mail' }),
    ])
    await settle(log)
    for (const subscription of subscriptions) subscription.close()
    for (const { filter, count, notices } of told) {
      const counted = notices.filter(({ tenant }) => tenant !== 'end-of-test')
      assert.equal(counted.length, count, JSON.stringify(filter))
    }
  })

  rule('a repeated append and a conflict give no notice', async ({ log }) => {
    const commit = commitOf()
    await log.append(commit)
    await settle(log)
    const notices: Notice[] = []
    log.notices(MIKE, (notice) => notices.push(notice))
    assert.equal((await log.append(commit)).repeated, true)
    await assert.rejects(log.append(commitOf({ expected: 999_999 })), ConflictError)
    await settle(log)
    assert.deepEqual(notices, [])
  })

  rule(
    'a closed subscription is told nothing more, and closing it twice closes no other',
    async ({ log }) => {
      let first = 0
      let second = 0
      const listener = () => second++
      const closing = log.notices(MIKE, () => first++)
      const staying = log.notices(MIKE, listener)
      const same = log.notices(MIKE, listener)
      same.close()
      same.close()
      closing.close()
      await log.append(commitOf())
      await settle(log)
      staying.close()
      assert.deepEqual([first, second], [0, 1])
    },
  )

  rule('a listener may close its own subscription', async ({ log }) => {
    let told = 0
    const subscription = log.notices(MIKE, () => {
      told++
      subscription.close()
    })
    await appendAll(log, [commitOf(), commitOf()])
    await settle(log)
    assert.equal(told, 1)
  })

  rule('who registers first and compares heads second misses nothing', async ({ log }) => {
    const writing = (async () => {
      for (const _ of range(60)) await log.append(commitOf())
    })()
    let known = 0
    for (let finished = false; !finished; ) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const subscription = log.notices(MIKE, () => resolve())
      const head = await log.head(MIKE)
      // Waits without any deadline: a wake-up that was lost would hang the test.
      if (head === known) await promise
      subscription.close()
      known = head
      finished = (await readAll(log, MIKE)).length === 60
    }
    await writing
  })

  rule('a follower and a subscription agree', async ({ log }) => {
    const follower = new Follower(log, MIKE)
    const noticed: number[] = []
    log.notices(MIKE, ({ position }) => noticed.push(position))
    const positions = await appendAll(
      log,
      range(20).map((i) => commitOf(i % 3 ? {} : { account: 'eva' })),
    )
    await settle(log)
    await follower.untilSeen(await log.head(MIKE))
    await follower.end()
    assert.deepEqual(positionsOf(follower.seen), noticed)
    assert.ok(noticed.length < positions.length)
  })
}

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { FollowedAccount } from './followed-accounts.ts'
import { type Wait, type WaitEnd, Waiters } from './waiters.ts'

const DEVICE = { tenant: 'acme', account: 'anna', device: 'phone' }

const setUp = (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
  const clock = { offset: 0 }
  const waiters = new Waiters({ clock: () => Date.now() + clock.offset, random: () => 0 })
  const followed = new FollowedAccount()
  const wait = (over: Partial<Wait> = {}) => {
    const state: { end?: WaitEnd } = {}
    const all: Wait = {
      device: DEVICE,
      followed,
      collections: ['inbox'],
      forMs: 60_000,
      hierarchy: true,
      behind: () => [],
      ...over,
    }
    const ended = Promise.withResolvers<WaitEnd>()
    const waiter = waiters.wait(all, {
      done: (end) => {
        state.end = end
        ended.resolve(end)
      },
    })
    return { done: ended.promise, state, abort: () => waiter.leave() }
  }
  let position = 10
  const change = (collections: string[], device = '') =>
    followed.note({ position: ++position, collections, device })
  return { clock, waiters, followed, wait, change, tick: (ms: number) => t.mock.timers.tick(ms) }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('a change of a collection it waits for wakes it at once', async (t) => {
  const { wait, change } = setUp(t)
  const { done } = wait()
  change(['inbox'])
  assert.deepEqual(await done, { kind: 'changes', collections: ['inbox'] })
})

test('a change elsewhere does not wake it', async (t) => {
  const { wait, change, waiters } = setUp(t)
  const { state } = wait()
  change(['sent'])
  await settled()
  assert.equal(state.end, undefined)
  assert.equal(waiters.count, 1)
})

test("the device's own change does not wake it, another device's does", async (t) => {
  const { wait, change } = setUp(t)
  const { done, state } = wait()
  change(['inbox'], 'phone')
  await settled()
  assert.equal(state.end, undefined)
  change(['inbox'], 'tablet')
  assert.equal((await done).kind, 'changes')
})

test('what is behind already when it begins to wait wakes it: registered first, compared second', async (t) => {
  const { wait, change } = setUp(t)
  const { done } = wait({
    behind: () => {
      change(['inbox'])
      return []
    },
  })
  assert.equal((await done).kind, 'changes')
  assert.deepEqual(await wait({ device: { ...DEVICE, device: 'b' }, behind: () => ['inbox'] }).done, {
    kind: 'changes',
    collections: ['inbox'],
  })
})

test('a second event of the same device within a second is gathered with what else comes', async (t) => {
  const { wait, change, tick } = setUp(t)
  const first = wait()
  change(['inbox'])
  await first.done
  const second = wait({ collections: ['inbox', 'sent'] })
  change(['inbox'])
  tick(500)
  change(['sent'])
  await settled()
  assert.equal(second.state.end, undefined)
  tick(500)
  assert.deepEqual(await second.done, { kind: 'changes', collections: ['inbox', 'sent'] })
})

test('an event a second later wakes at once again, and another device is not held back', async (t) => {
  const { wait, change, tick } = setUp(t)
  const first = wait()
  change(['inbox'])
  await first.done
  const other = wait({ device: { ...DEVICE, device: 'tablet' } })
  change(['inbox'])
  assert.equal((await other.done).kind, 'changes')
  tick(1000)
  const later = wait()
  change(['inbox'])
  assert.equal((await later.done).kind, 'changes')
})

test('a heartbeat that is over says so, and nothing is left of it', async (t) => {
  const { wait, waiters, followed, tick } = setUp(t)
  const { done } = wait({ forMs: 60_000 })
  tick(62_000)
  assert.deepEqual(await done, { kind: 'expired' })
  assert.equal(waiters.count, 0)
  assert.equal(followed.listeners.size, 0)
})

test('a heartbeat is never longer than was asked for, give or take two seconds of the wheel', async (t) => {
  const { wait, tick } = setUp(t)
  const { state } = wait({ forMs: 60_000 })
  tick(55_000)
  await settled()
  assert.equal(state.end, undefined)
})

test('a newer request of the device takes the place of the older one, in order of arrival', async (t) => {
  const { wait, waiters, change } = setUp(t)
  const older = wait()
  const newer = wait()
  assert.deepEqual(await older.done, { kind: 'expired' })
  assert.equal(waiters.count, 1)
  change(['inbox'])
  assert.equal((await newer.done).kind, 'changes')
})

test('a change of the tree of folders ends a wait that cares for it', async (t) => {
  const { wait, change } = setUp(t)
  const cares = wait()
  const other = wait({ device: { ...DEVICE, device: 'b' }, hierarchy: false })
  change(['mailboxes', 'f1'])
  assert.deepEqual(await cares.done, { kind: 'hierarchy' })
  await settled()
  assert.equal(other.state.end, undefined)
})

test('an aborted wait leaves nothing behind', async (t) => {
  const { wait, waiters, followed, change } = setUp(t)
  const { abort, state } = wait()
  abort()
  change(['inbox'])
  await settled()
  assert.equal(state.end, undefined)
  assert.equal(waiters.count, 0)
  assert.equal(followed.listeners.size, 0)
})

test('a drain answers everything that waits within the time given, and lets nothing wait afterwards', async (t) => {
  const { wait, waiters, tick } = setUp(t)
  const waits = Array.from({ length: 20 }, (_, n) => wait({ device: { ...DEVICE, device: `d${n}` } }))
  const drained = waiters.drain(1000)
  for (let n = 0; n < 20; n++) tick(50)
  await drained
  for (const { done } of waits) assert.deepEqual(await done, { kind: 'expired' })
  assert.deepEqual(await wait().done, { kind: 'expired' })
})

type Step = readonly ['wait' | 'change' | 'own' | 'other' | 'time' | 'abort', number]
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom('wait', 'change', 'own', 'other', 'time', 'abort'),
  fc.integer({ min: 0, max: 3 }),
)

test('a wake by a clock hours ahead, which is right again, delays no other wake', async (t) => {
  const { clock, wait, change } = setUp(t)
  clock.offset = 12 * 3_600_000
  const first = wait()
  change(['inbox'])
  await first.done
  clock.offset = 0
  const second = wait()
  change(['inbox'])
  assert.deepEqual(second.state.end, { kind: 'changes', collections: ['inbox'] })
})

test('whatever happens, no change is lost: who waits is woken within a second and a half of any change that concerns it', (t) => {
  const { waiters, wait, change, tick } = setUp(t)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const waits = new Map<number, ReturnType<typeof wait>>()
      const concerned = new Set<ReturnType<typeof wait>>()
      for (const [kind, n] of steps) {
        const device = { ...DEVICE, device: `d${n}` }
        if (kind === 'wait') waits.set(n, wait({ device }))
        if (kind === 'change') change(['inbox'])
        if (kind === 'own') change(['inbox'], `d${n}`)
        if (kind === 'change' || kind === 'own')
          for (const [m, one] of waits) if (kind === 'change' || m !== n) concerned.add(one)
        if (kind === 'other') change(['sent'])
        if (kind === 'time') tick(n * 300)
        if (kind === 'abort') {
          waits.get(n)?.abort()
          const gone = waits.get(n)
          if (gone !== undefined) concerned.delete(gone)
          waits.delete(n)
        }
      }
      tick(1500)
      for (const one of concerned)
        assert.equal([...waits.values()].includes(one) && waiters.count > waits.size, false)
      for (const one of waits.values()) one.abort()
      assert.equal(waiters.count, 0)
    }),
    { numRuns: 100 },
  )
})

test('a wake tells which commit it follows from: the first, where several are gathered', async (t) => {
  const { wait, followed, tick } = setUp(t)
  const causes = ['a', 'b', 'c'].map((traceparent, at) => ({ traceparent, at }))
  const note = (n: number, collections: string[]) =>
    followed.note({ position: 100 + n, collections, device: '', cause: causes[n]! })
  const first = wait()
  note(0, ['inbox'])
  assert.deepEqual(await first.done, { kind: 'changes', collections: ['inbox'], cause: causes[0] })
  const second = wait()
  note(1, ['inbox'])
  note(2, ['inbox'])
  tick(1000)
  assert.deepEqual(await second.done, { kind: 'changes', collections: ['inbox'], cause: causes[1] })
  const third = wait()
  note(2, ['mailboxes'])
  assert.deepEqual(await third.done, { kind: 'hierarchy', cause: causes[2] })
})

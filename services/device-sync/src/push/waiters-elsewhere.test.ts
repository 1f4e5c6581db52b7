import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { FollowedAccount } from './followed-accounts.ts'
import type { NewerRequest } from './newer-requests.ts'
import { type WaitEnd, Waiters } from './waiters.ts'

const DEVICE = { tenant: 'acme', account: 'anna', device: 'phone' }

type Told = { readonly by: number; readonly request: NewerRequest }

/** Several processes that hold requests of the same devices. What they tell each other comes when a test lets it. */
const setUp = (t: TestContext, count = 2) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
  const listeners = new Map<number, (request: NewerRequest) => void>()
  const told: Told[] = []
  const processes = Array.from({ length: count }, (_, by) => {
    const elsewhere = {
      tell: (request: NewerRequest) => void told.push({ by, request }),
      hear: (listener: (request: NewerRequest) => void) => {
        listeners.set(by, listener)
        return { close: () => void listeners.delete(by) }
      },
    }
    const waiters = new Waiters({ clock: Date.now, random: () => 0, elsewhere })
    return { waiters, followed: new FollowedAccount() }
  })
  const deliver = ({ by, request }: Told) => {
    for (const [at, listener] of listeners) if (at !== by) listener(request)
  }
  const wait = (at: number, device = DEVICE) => {
    const state: { end?: WaitEnd } = {}
    const { waiters, followed } = processes[at]!
    const watched = { device, followed, collections: ['inbox'], forMs: 60_000, hierarchy: true }
    const done = (end: WaitEnd) => {
      state.end = end
    }
    waiters.wait({ ...watched, behind: () => [] }, { done })
    return state
  }
  return {
    ...{ processes, told, wait },
    deliverAll: () => told.splice(0).forEach(deliver),
    forget: () => void told.splice(0),
    waiters: (at: number) => processes[at]!.waiters,
    tick: (ms: number) => t.mock.timers.tick(ms),
    end: () => processes.forEach(({ waiters }) => void waiters.drain(0)),
  }
}

test('an older request of the device at another process is over when a newer one waits here', (t) => {
  const { wait, tick, deliverAll, waiters } = setUp(t)
  const older = wait(0)
  deliverAll()
  tick(5)
  const newer = wait(1)
  deliverAll()
  assert.deepEqual(older.end, { kind: 'expired' })
  assert.equal(newer.end, undefined)
  assert.deepEqual([waiters(0).count, waiters(1).count], [0, 1])
})

test('also when the newer one does not wait', (t) => {
  const { wait, tick, deliverAll, waiters } = setUp(t)
  const older = wait(0)
  tick(5)
  waiters(1).supersede(DEVICE)
  deliverAll()
  assert.deepEqual(older.end, { kind: 'expired' })
})

test('other devices wait on, and so do other accounts', (t) => {
  const { wait, tick, deliverAll } = setUp(t)
  const tablet = wait(0, { ...DEVICE, device: 'tablet' })
  const bob = wait(0, { ...DEVICE, account: 'bob' })
  tick(5)
  wait(1)
  deliverAll()
  assert.deepEqual([tablet.end, bob.end], [undefined, undefined])
})

test('news that come late end nothing that began after them', (t) => {
  const { wait, tick, told, deliverAll } = setUp(t)
  wait(1)
  const [early] = told.splice(0)
  tick(5)
  const newer = wait(0)
  deliverAll()
  told.push(early!)
  deliverAll()
  assert.equal(newer.end, undefined)
})

test('what is lost on the way costs only that the older one waits on until its heartbeat', (t) => {
  const { wait, tick, forget } = setUp(t)
  const older = wait(0)
  tick(5)
  wait(1)
  forget()
  assert.equal(older.end, undefined)
  tick(62_000)
  assert.deepEqual(older.end, { kind: 'expired' })
})

test('a process that is closed hears no more of others', (t) => {
  const { wait, tick, deliverAll, waiters, end } = setUp(t)
  const older = wait(0)
  waiters(0).close()
  tick(5)
  wait(1)
  deliverAll()
  assert.equal(older.end, undefined)
  end()
})

test('alone it tells nobody', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
  const waiters = new Waiters({ clock: Date.now, random: () => 0 })
  waiters.supersede(DEVICE)
  waiters.close()
  assert.equal(waiters.count, 0)
})

/** At which of three processes a request comes, and whether what was told arrives now. */
const step = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.boolean())

test('wherever requests come and however late processes hear of each other, the newest one waits alone in the end', (t) => {
  const { wait, tick, deliverAll, waiters, end } = setUp(t, 3)
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const states = steps.map(([at, arrives]) => {
        tick(1)
        const state = wait(at)
        if (arrives) deliverAll()
        return state
      })
      deliverAll()
      assert.equal(states.at(-1)?.end, undefined)
      for (const { end } of states.slice(0, -1)) assert.deepEqual(end, { kind: 'expired' })
      assert.equal(waiters(0).count + waiters(1).count + waiters(2).count, 1)
    }),
    { numRuns: 200 },
  )
  end()
})

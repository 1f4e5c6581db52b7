import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { DeviceLoops, FORGET_MS, type Seen } from './device-loops.ts'
import type { Slowing } from './slowing.ts'

const MAX = 60
const MINUTE = 60_000

const sync = (fingerprint: number): Seen => ({ command: 'Sync', fingerprint })
const ping = (fingerprint = 0): Seen => ({ command: 'Ping', fingerprint })
const folderSync = (fingerprint = 0): Seen => ({ command: 'FolderSync', fingerprint })

type Many = { readonly times: number; readonly everyMs: number; readonly from?: number }

/** The first slowing, and when. */
const repeat = (loops: DeviceLoops, seen: (n: number) => Seen, { times, everyMs, from = 0 }: Many) => {
  for (let n = 0; n < times; n += 1) {
    const slowing = loops.note(seen(n), from + n * everyMs, MAX)
    if (slowing) return { slowing, n }
  }
  return undefined
}

describe('a device loops', () => {
  const kinds: readonly (readonly [string, (n: number) => Seen, string])[] = [
    ['with a Sync of the same key', () => sync(1), 'same_key'],
    ['with two Syncs in turn', (n) => sync(n % 2), 'same_key'],
    ['with Pings, whatever they say', (n) => ping(n), 'ping_storm'],
    ['with FolderSyncs, whatever their key', (n) => folderSync(n), 'folder_sync_storm'],
    ['with any other command', () => ({ command: 'Settings', fingerprint: 7 }), 'same_request'],
    ['with Provision', (n) => ({ command: 'Provision', fingerprint: n }), 'same_request'],
  ]
  for (const [name, seen, reason] of kinds)
    test(`${name}: it is slowed down for a minute, and says why`, () => {
      const found = repeat(new DeviceLoops(), seen, { times: 200, everyMs: 10 })
      assert.equal(found?.slowing.reason, reason)
      assert.equal((found?.slowing.until ?? 0) - (found?.slowing.at ?? 0), MINUTE)
      assert.ok((found?.n ?? 999) <= 2 * (MAX + 2))
    })
  test('with one request a second after about a minute', () => {
    const found = repeat(new DeviceLoops(), () => sync(1), { times: 200, everyMs: 1000 })
    assert.ok(found && found.n >= MAX && found.n <= 75, String(found?.n))
  })
  test('with a key that brings one item: that item is the reason', () => {
    const loops = new DeviceLoops()
    loops.note(sync(1), 0, MAX)
    loops.stuckAt(sync(1), 'a1')
    const found = repeat(loops, () => sync(1), { times: 200, everyMs: 1 })
    assert.deepEqual([found?.slowing.reason, found?.slowing.item], ['bad_item', 'a1'])
  })
})

describe('a device does not loop', () => {
  test('that repeats a request no more often than once in ten seconds, for however long', () => {
    for (const seen of [() => sync(1), () => ping(), () => folderSync()])
      assert.equal(repeat(new DeviceLoops(), seen, { times: 10_000, everyMs: FORGET_MS }), undefined)
  })
  test('that fetches a large mailbox: every request has another key', () => {
    assert.equal(repeat(new DeviceLoops(), sync, { times: 100_000, everyMs: 1 }), undefined)
  })
  test('whose Pings are answered one after the other by news that it fetches', () => {
    const loops = new DeviceLoops()
    for (let n = 0; n < 1000; n += 1) {
      assert.equal(loops.note(ping(), n * 100, MAX), undefined)
      assert.equal(loops.note(sync(n), n * 100 + 50, MAX), undefined)
    }
  })
  test('that a user makes look for folders again and again', () => {
    assert.equal(
      repeat(new DeviceLoops(), () => folderSync(), { times: MAX, everyMs: 500 }),
      undefined,
    )
  })
  test('whatever it does in at most as many requests as are allowed', () => {
    const request = fc.record({
      command: fc.constantFrom('Sync', 'Ping', 'FolderSync', 'Settings'),
      fingerprint: fc.nat(3),
    })
    fc.assert(
      fc.property(fc.array(request, { maxLength: MAX }), (requests) => {
        const loops = new DeviceLoops()
        assert.ok(requests.every((seen) => loops.note(seen, 0, MAX) === undefined))
      }),
    )
  })
})

describe('slowed down', () => {
  const looped = () => {
    const loops = new DeviceLoops()
    const { slowing } = repeat(loops, () => sync(1), { times: 200, everyMs: 10 })!
    return { loops, slowing }
  }
  test('is the command that loops, and no other', () => {
    const { loops, slowing } = looped()
    assert.ok(loops.slowedAt('Sync', slowing.at))
    for (const other of ['Ping', 'SendMail', 'FolderSync'])
      assert.equal(loops.slowedAt(other, slowing.at), undefined)
  })
  test('is it until the time is over; then it has three tries', () => {
    const { loops, slowing } = looped()
    assert.ok(loops.slowedAt('Sync', slowing.until - 1))
    assert.equal(loops.slowedAt('Sync', slowing.until), undefined)
    const tries = [0, 1, 2, 3].map((n) => loops.note(sync(1), slowing.until + n, MAX) !== undefined)
    assert.deepEqual(tries, [false, false, false, true])
  })
  test('is it twice as long each time, up to an hour, and as at first after a day', () => {
    const loops = new DeviceLoops()
    let now = 0
    const waits = Array.from({ length: 9 }, () => {
      const { slowing } = repeat(loops, () => sync(1), { times: 200, everyMs: 1, from: now })!
      now = slowing.until
      return (slowing.until - slowing.at) / MINUTE
    })
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60])
    const { slowing } = repeat(loops, () => sync(1), {
      times: 200,
      everyMs: 1,
      from: now + 24 * 60 * MINUTE,
    })!
    assert.equal(slowing.times, 1)
  })
  test('is it also by what another process saw', () => {
    const loops = new DeviceLoops()
    const slowing: Slowing = { command: 'Sync', reason: 'same_key', item: '', at: 0, until: 1000, times: 1 }
    loops.adopt(slowing)
    assert.equal(loops.slowedAt('Sync', 999), slowing)
  })
})

test('that an item is sent without its body is said once for each request', () => {
  const loops = new DeviceLoops()
  assert.equal(loops.stub(sync(1)), false)
  for (const seen of [sync(1), sync(2)]) {
    loops.note(seen, 0, MAX)
    assert.deepEqual([loops.stub(seen), loops.stub(seen)], [true, false])
    loops.note(seen, 1, MAX)
    assert.equal(loops.stub(seen), false)
  }
})

test('repeats are counted to the nearest', () => {
  const loops = new DeviceLoops()
  for (let n = 0; n <= 3; n += 1) loops.note(sync(1), n * 10, MAX)
  assert.equal(loops.repeats(sync(1), 40), 3)
  assert.equal(loops.repeats(sync(1), 40 + FORGET_MS), 2)
  assert.equal(loops.repeats(sync(2), 40), 0)
})

test('what is remembered is bounded, and a loop among many other requests is seen', () => {
  const loops = new DeviceLoops()
  let slowed = 0
  for (let n = 0; n < 10_000; n += 1) {
    if (loops.note(sync(-1), n, MAX)) slowed += 1
    loops.note({ command: 'ItemOperations', fingerprint: n }, n, MAX)
  }
  assert.ok(slowed > 0)
})

/** Laps of so many different requests, so fast. */
const cycle = (loops: DeviceLoops, { of: size, laps, everyMs, from = 0 }: Cycle) =>
  repeat(loops, (n) => sync(n % size), { times: size * laps, everyMs, from })

type Cycle = { readonly of: number; readonly laps: number; readonly everyMs: number; readonly from?: number }

describe('a device loops over many requests', () => {
  for (const [size, everyMs] of [
    [17, 100],
    [50, 50],
    [100, 20],
    [200, 10],
    [272, 10],
  ] as const)
    test(`over ${size}: it is slowed down, and says that they are many`, () => {
      const found = cycle(new DeviceLoops(), { of: size, laps: 1000, everyMs })
      assert.equal(found?.slowing.reason, 'many_requests')
      const lapMs = size * everyMs
      // A lap counts as a repeat, less what leaks meanwhile.
      const laps = MAX / (1 - lapMs / FORGET_MS)
      const seenAfter = (found?.n ?? 0) / size
      assert.ok(Math.abs(seenAfter - laps - 1) < 2 + laps / 10, `${seenAfter} laps, not ${laps}`)
    })
  test('also in another order each time', () => {
    const orders = Array.from({ length: 200 }, (_, lap) =>
      Array.from({ length: 40 }, (_, n) => (n * (lap % 2 === 0 ? 7 : 11) + lap) % 40),
    ).flat()
    const found = repeat(new DeviceLoops(), (n) => sync(orders[n] ?? 0), {
      times: orders.length,
      everyMs: 20,
    })
    assert.ok(found)
  })
  test('also after it fetched a mailbox', () => {
    const loops = new DeviceLoops()
    assert.equal(
      repeat(loops, (n) => sync(100_000 + n), { times: 5000, everyMs: 1 }),
      undefined,
    )
    assert.ok(cycle(loops, { of: 30, laps: 100, everyMs: 10, from: 5000 }))
  })
  test('with several commands: each of them is slowed down in turn', () => {
    const loops = new DeviceLoops()
    const commands = ['Sync', 'GetItemEstimate', 'ItemOperations']
    const slowed = new Set<string>()
    for (let n = 0; n < 20_000; n += 1) {
      const command = commands[n % 3] ?? ''
      if (loops.slowedAt(command, n * 10)) continue
      const slowing = loops.note({ command, fingerprint: n % 60 }, n * 10, MAX)
      if (slowing) slowed.add(slowing.command)
    }
    assert.deepEqual([...slowed].toSorted(), commands.toSorted())
  })
  test('over more than are remembered isn’t seen', () => {
    assert.equal(cycle(new DeviceLoops(), { of: 300, laps: 200, everyMs: 1 }), undefined)
  })
})

describe('a device with many folders does not loop', () => {
  test('whose every folder is asked for no more often than once in ten seconds, in whatever rhythm and order', () => {
    const lap = fc.record({
      folders: fc.shuffledSubarray(Array.from({ length: 120 }, (_, n) => n)),
      gapMs: fc.nat(80),
    })
    fc.assert(
      fc.property(fc.array(lap, { minLength: 20, maxLength: 60, size: 'max' }), (laps) => {
        const loops = new DeviceLoops()
        for (const [n, { folders, gapMs }] of laps.entries())
          for (const [at, folder] of folders.entries())
            assert.equal(loops.note(sync(folder), n * 2 * FORGET_MS + at * gapMs, MAX), undefined)
      }),
      { numRuns: 30 },
    )
  })
  test('that looks into 200 folders as fast as it can, every ten seconds for an hour', () => {
    const loops = new DeviceLoops()
    for (let lap = 0; lap < 360; lap += 1)
      for (let folder = 0; folder < 200; folder += 1)
        assert.equal(loops.note(sync(folder), lap * FORGET_MS + folder * 5, MAX), undefined)
  })
  test('whose user pulls to refresh 50 times without a pause', () => {
    assert.equal(cycle(new DeviceLoops(), { of: 100, laps: 50, everyMs: 20 }), undefined)
  })
})

describe('released', () => {
  test('does it everything at once, and the next loop is the first one again', () => {
    const loops = new DeviceLoops()
    for (let n = 0, now = 0; n < 3; n += 1) {
      const { slowing } = repeat(loops, () => sync(1), { times: 200, everyMs: 1, from: now })!
      now = slowing.until
    }
    loops.release()
    assert.equal(loops.slowedAt('Sync', 0), undefined)
    assert.equal(loops.repeats(sync(1), 0), 0)
    const again = repeat(loops, () => sync(1), { times: 200, everyMs: 1, from: 0 })
    assert.deepEqual([again?.slowing.times, again?.n], [1, MAX + 1])
  })
  test('is it from a loop over many requests as well', () => {
    const loops = new DeviceLoops()
    const before = cycle(loops, { of: 30, laps: 100, everyMs: 10 })
    loops.release()
    const after = cycle(loops, { of: 30, laps: 100, everyMs: 10 })
    assert.ok(before && before.n === after?.n)
  })
  test('elsewhere is looked for once in two seconds', () => {
    const loops = new DeviceLoops()
    const { slowing } = repeat(loops, () => sync(1), { times: 200, everyMs: 1 })!
    const looks = [0, 1999, 2000, 2001, 3999, 4000].map((ms) => loops.isToConfirm(slowing.at + ms))
    assert.deepEqual(looks, [false, false, true, false, false, true])
  })
})

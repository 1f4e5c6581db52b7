import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Announcements } from '@relais/read-store'
import fc from 'fast-check'
import { findsElsewhere } from './finds-elsewhere.ts'
import { RunningFinds } from './running-finds.ts'

const phone = (device = 'D1') => ({ tenant: 'acme', account: 'u1', device })

const alone = () => new RunningFinds({ clock: () => 1 })

/** A search that ends when it is let go, or given up. */
const held = () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const find = (signal: AbortSignal) =>
    Promise.race([
      promise,
      new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ])
  return { find, go: resolve }
}

/** What processes tell each other comes when a test lets it; to all, also to whoever told it, as PostgreSQL does. */
const announcing = () => {
  const listeners = new Set<(text: string) => void>()
  const told: string[] = []
  const announcements: Pick<Announcements, 'tell' | 'hear'> = {
    tell: (text) => void told.push(text),
    hear: (listener) => {
      listeners.add(listener)
      return { close: () => void listeners.delete(listener) }
    },
  }
  const say = (text: string) => {
    for (const listener of listeners) listener(text)
  }
  return {
    announcements: announcements as Announcements,
    told,
    say,
    deliver: () => told.splice(0).forEach(say),
  }
}

/** Two processes, and the time. */
const setUp = () => {
  const { announcements, ...hearing } = announcing()
  const time = { now: 1000 }
  const process = (behindMs = 0) =>
    new RunningFinds({ clock: () => time.now - behindMs, elsewhere: findsElsewhere(announcements) })
  return { ...hearing, time, process, one: process(), two: process() }
}

describe('searches of phones', () => {
  test('give what they find', async () => {
    const finds = alone()
    assert.equal(await finds.run(phone(), async () => 'found'), 'found')
    assert.equal(finds.size, 0)
  })
  test('end when a newer one of the same phone comes', async () => {
    const finds = alone()
    const [older, newer] = [held(), held()]
    const first = finds.run(phone(), older.find)
    const second = finds.run(phone(), newer.find)
    assert.equal(await first, undefined)
    assert.equal(finds.size, 1)
    newer.go('newer')
    assert.equal(await second, 'newer')
    assert.equal(finds.size, 0)
  })
  test('that are over already find nothing any more once a newer one came', async () => {
    const finds = alone()
    const older = Promise.withResolvers<string>()
    const first = finds.run(phone(), () => older.promise)
    await finds.run(phone(), async () => 'newer')
    older.resolve('too late')
    assert.equal(await first, undefined)
  })
  test('of other phones and accounts go on', async () => {
    const finds = alone()
    const one = held()
    const first = finds.run(phone(), one.find)
    await finds.run(phone('D2'), async () => '')
    await finds.run({ ...phone(), account: 'u2' }, async () => '')
    await finds.run({ ...phone(), tenant: 'other' }, async () => '')
    one.go('found')
    assert.equal(await first, 'found')
  })
  test('that fail say so', async () => {
    const finds = alone()
    const failing = finds.run(phone(), async () => {
      throw new Error('away')
    })
    await assert.rejects(failing, /away/)
    assert.equal(finds.size, 0)
  })
})

describe('searches of phones at several processes', () => {
  test('end when a newer one of the same phone comes to another process', async () => {
    const { one, two, time, deliver } = setUp()
    const [older, newer] = [held(), held()]
    const first = one.run(phone(), older.find)
    deliver()
    time.now += 1
    const second = two.run(phone(), newer.find)
    deliver()
    assert.equal(await first, undefined)
    newer.go('newer')
    assert.equal(await second, 'newer')
  })
  test('of others go on', async () => {
    const { one, two, time, deliver } = setUp()
    const mine = held()
    const first = one.run(phone(), mine.find)
    time.now += 1
    await two.run(phone('D2'), async () => '')
    await two.run({ ...phone(), tenant: 'evil' }, async () => '')
    deliver()
    mine.go('found')
    assert.equal(await first, 'found')
  })
  test('are never all ended, whatever is told when and however clocks differ', async () => {
    const event = fc.record({
      at: fc.nat(1),
      later: fc.nat(20),
      deliver: fc.boolean(),
    })
    const property = fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 8 }),
      fc.nat(50),
      async (events, behindMs) => {
        const { process, time, deliver } = setUp()
        const processes = [process(), process(behindMs)]
        const begun = events.map(({ at, later, deliver: isTold }) => {
          time.now += later
          const search = held()
          const result = processes[at]!.run(phone(), search.find)
          if (isTold) deliver()
          return { search, result }
        })
        deliver()
        for (const { search } of begun) search.go('found')
        const results = await Promise.all(begun.map(({ result }) => result))
        assert.ok(results.includes('found'))
      },
    )
    await fc.assert(property, { numRuns: 200 })
  })
  test('hear nothing of what is no search, nor once they are closed', async () => {
    const { one, time, say } = setUp()
    const search = held()
    const first = one.run(phone(), search.find)
    for (const text of [
      `${time.now + 1} acme/u1/D1`,
      `find x acme/u1/D1`,
      `find ${time.now + 1}`,
      `find ${time.now + 1} acme/u1/D1 more`,
      '',
    ])
      say(text)
    one.close()
    say(`find ${time.now + 1} acme/u1/D1`)
    search.go('found')
    assert.equal(await first, 'found')
  })
})

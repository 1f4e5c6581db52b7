import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { openSqliteStore } from '@relais/read-store'
import { createLogger } from '@relais/service-kit'
import { temporaryFolder } from '@relais/testing'
import fc from 'fast-check'
import { decidedOn, jsonRows } from './device-rows.ts'
import { SharedDeviceRows, sharedRowSchema } from './shared-device-rows.ts'

const counts = jsonRows<{ n: number }>('count')
const seen = jsonRows<number>('seen', { lastWins: true })
const ref = (device = 'd1', account = 'u1', tenant = 'acme') => ({ tenant, account, device })

/** Rows as several processes see them: each has a memory of its own, and all have one store. */
const setUp = async (t: TestContext, maxDevices?: number) => {
  const folder = await temporaryFolder(t)
  const store = await openSqliteStore({ file: join(folder, 'rows'), schema: sharedRowSchema, version: 1 })
  t.after(() => store.close())
  const logged: string[] = []
  const logger = createLogger({ name: 'test', destination: { write: (line) => logged.push(line) } })
  const process = () => new SharedDeviceRows({ store, logger, maxDevices })
  return { store, logged, process, one: process(), two: process() }
}

describe('rows that processes share', () => {
  test('what one committed the other one has with its next request', async (t) => {
    const { one, two } = await setUp(t)
    const rows = await one.of(ref())
    rows.put(counts, { n: 1 }, 'inbox')
    assert.equal((await two.of(ref())).get(counts, 'inbox'), undefined)
    assert.equal(await rows.commit(), true)
    const elsewhere = await two.of(ref())
    assert.deepEqual(elsewhere.get(counts, 'inbox'), { n: 1 })
    elsewhere.put(counts, { n: 2 }, 'inbox')
    await elsewhere.commit()
    assert.deepEqual((await one.of(ref())).get(counts, 'inbox'), { n: 2 })
  })

  test('of two that decided on the same rows the later one is told, has the other’s, and decides again', async (t) => {
    const { one, two } = await setUp(t)
    const [a, b] = [await one.of(ref()), await two.of(ref())]
    a.put(counts, { n: 1 })
    b.put(counts, { n: 100 })
    assert.equal(await a.commit(), true)
    assert.equal(await b.commit(), false)
    assert.deepEqual(b.get(counts), { n: 1 })
    b.put(counts, { n: 2 })
    assert.equal(await b.commit(), true)
    assert.deepEqual((await one.of(ref())).get(counts), { n: 2 })
  })

  test('also where the device had no rows before', async (t) => {
    const { one, two } = await setUp(t)
    const [a, b] = [await one.of(ref()), await two.of(ref())]
    a.put(counts, { n: 1 }, 'a')
    b.put(counts, { n: 1 }, 'b')
    assert.deepEqual([await a.commit(), await b.commit()], [true, false])
  })

  test('a request that changes nothing waits for nobody and writes nothing', async (t) => {
    const { one, two, store } = await setUp(t)
    const a = await one.of(ref())
    const b = await two.of(ref())
    b.put(counts, { n: 1 })
    await b.commit()
    assert.equal(await a.commit(), true)
    assert.equal((await store.all('SELECT * FROM device_rows')).length, 1)
  })

  test('what the last writer may say alone never makes a request decide again', async (t) => {
    const { one, two } = await setUp(t)
    const [a, b] = [await one.of(ref()), await two.of(ref())]
    a.put(seen, 1)
    b.put(seen, 2)
    assert.deepEqual([await a.commit(), await b.commit()], [true, true])
    assert.equal((await one.of(ref())).get(seen), 2)
    const [c, d] = [await one.of(ref()), await two.of(ref())]
    c.put(counts, { n: 1 })
    d.put(seen, 3)
    assert.deepEqual([await c.commit(), await d.commit()], [true, true])
    const last = await one.of(ref())
    assert.deepEqual([last.get(counts), last.get(seen)], [{ n: 1 }, 3])
  })

  test('a request sees its own changes, and they are gone when it reads again without a commit', async (t) => {
    const { one } = await setUp(t)
    const rows = await one.of(ref())
    rows.put(counts, { n: 1 }, 'a')
    rows.put(counts, { n: 2 }, 'b')
    rows.delete(counts, 'b')
    assert.deepEqual(
      [rows.get(counts, 'a'), rows.get(counts, 'b'), rows.keys(counts)],
      [{ n: 1 }, undefined, ['a']],
    )
    await rows.refresh()
    assert.deepEqual([rows.get(counts, 'a'), rows.keys(counts)], [undefined, []])
  })

  test('after a wait a request has what others did meanwhile', async (t) => {
    const { one, two } = await setUp(t)
    const waiting = await one.of(ref())
    const other = await two.of(ref())
    other.put(counts, { n: 7 })
    await other.commit()
    assert.equal(waiting.get(counts), undefined)
    await waiting.refresh()
    assert.deepEqual(waiting.get(counts), { n: 7 })
  })

  test('a request that waits keeps none of them, and has them as they are when it goes on', async (t) => {
    const { one, two } = await setUp(t)
    const rows = await one.of(ref())
    rows.put(counts, { n: 1 })
    await rows.commit()
    rows.put(counts, { n: 100 })
    rows.rest()
    const elsewhere = await two.of(ref())
    elsewhere.put(counts, { n: 2 })
    await elsewhere.commit()
    await rows.refresh()
    assert.deepEqual(rows.get(counts), { n: 2 })
    rows.put(counts, { n: 3 })
    assert.equal(await rows.commit(), true)
    assert.deepEqual((await two.of(ref())).get(counts), { n: 3 })
  })

  test('a device that was removed while its request waited is told so when it goes on', async (t) => {
    const { one, two } = await setUp(t)
    const rows = await one.of(ref())
    rows.put(counts, { n: 1 })
    await rows.commit()
    rows.rest()
    await two.remove('acme', 'u1', 'd1')
    await assert.rejects(rows.refresh(), { code: 'DEVICE_REMOVED' })
  })

  test('a device whose rows were all deleted is still known, and still has its version', async (t) => {
    const { one, two } = await setUp(t)
    const rows = await one.of(ref())
    rows.put(counts, { n: 1 })
    await rows.commit()
    rows.delete(counts)
    await rows.commit()
    const elsewhere = await two.of(ref())
    assert.deepEqual(elsewhere.keys(counts), [])
    elsewhere.put(counts, { n: 2 })
    assert.equal(await elsewhere.commit(), true)
  })

  test('what is deleted is gone for all', async (t) => {
    const { one, two } = await setUp(t)
    const rows = await one.of(ref())
    rows.put(counts, { n: 1 }, 'a')
    rows.put(counts, { n: 2 }, 'b')
    await rows.commit()
    rows.delete(counts, 'a')
    await rows.commit()
    assert.deepEqual((await two.of(ref())).keys(counts), ['b'])
  })

  test('a removed device can’t be brought back by what still serves it', async (t) => {
    const { one, two, store } = await setUp(t)
    const rows = await one.of(ref())
    rows.put(counts, { n: 1 })
    await rows.commit()
    rows.put(counts, { n: 2 })
    await two.remove('acme', 'u1', 'd1')
    await assert.rejects(rows.commit(), { code: 'DEVICE_REMOVED', retryable: false })
    assert.deepEqual(await store.all('SELECT * FROM device_rows'), [])
    assert.equal((await one.of(ref())).get(counts), undefined)
  })

  test('a device that was removed and came back isn’t taken for the one before', async (t) => {
    const { one, two } = await setUp(t)
    const before = await one.of(ref())
    before.put(counts, { n: 1 })
    await before.commit()
    await two.remove('acme', 'u1')
    const again = await two.of(ref())
    again.put(counts, { n: 10 })
    await again.commit()
    before.put(counts, { n: 2 })
    assert.equal(await before.commit(), false)
    assert.deepEqual(before.get(counts), { n: 10 })
  })

  test('that a server lost in a crash aren’t taken for those that came in their place', async (t) => {
    const { one, two, store } = await setUp(t)
    const first = await one.of(ref())
    first.put(counts, { n: 1 })
    await first.commit()
    const kept = await store.get<{ version: number }>('SELECT version FROM device_row_versions')
    const row = await store.get<{ value: Uint8Array }>('SELECT value FROM device_rows')
    first.put(counts, { n: 2 })
    await first.commit()
    assert.deepEqual((await two.of(ref())).get(counts), { n: 2 })
    await store.transaction(async (writer) => {
      await writer.run('UPDATE device_row_versions SET version = ?', kept!.version)
      await writer.run('UPDATE device_rows SET value = ?', row!.value)
    })
    const again = await one.of(ref())
    assert.deepEqual(again.get(counts), { n: 1 })
    again.put(counts, { n: 3 })
    assert.equal(await again.commit(), true)
    assert.deepEqual((await two.of(ref())).get(counts), { n: 3 })
  })

  test('of one device, account or tenant are nobody else’s', async (t) => {
    const { one } = await setUp(t)
    const rows = await one.of(ref())
    rows.put(counts, { n: 1 })
    await rows.commit()
    for (const stranger of [ref('d2'), ref('d1', 'u2'), ref('d1', 'u1', 'other')])
      assert.equal((await one.of(stranger)).get(counts), undefined)
  })

  test('that went out of memory are read again', async (t) => {
    const { one } = await setUp(t, 1)
    for (const device of ['d1', 'd2', 'd3']) {
      const rows = await one.of(ref(device))
      rows.put(counts, { n: Number(device[1]) })
      await rows.commit()
    }
    assert.deepEqual((await one.of(ref('d1'))).get(counts), { n: 1 })
  })

  test('that can’t be decoded count as lost, and that is told', async (t) => {
    const { one, store, logged } = await setUp(t)
    const rows = await one.of(ref())
    rows.put(counts, { n: 1 })
    await rows.commit()
    await store.transaction((writer) =>
      writer.run('UPDATE device_rows SET value = ?', Buffer.from('{broken')),
    )
    await store.transaction((writer) => writer.run('UPDATE device_row_versions SET version = 1'))
    assert.equal((await one.of(ref())).get(counts), undefined)
    assert.match(logged.join(), /counts as lost/)
  })

  test('of a kind are read for a range of devices', async (t) => {
    const { one } = await setUp(t)
    for (const n of [1, 2, 3, 4]) {
      const rows = await one.of(ref(`d${n}`))
      rows.put(counts, { n })
      await rows.commit()
    }
    const range = { first: { account: 'u1', device: 'd2' }, last: { account: 'u1', device: 'd3' } }
    assert.deepEqual(
      [...(await one.range(counts, 'acme', range))],
      [
        ['u1/d2', { n: 2 }],
        ['u1/d3', { n: 3 }],
      ],
    )
  })

  test('requests that always lose are told to come again', async (t) => {
    const { one, two } = await setUp(t)
    const rows = await one.of(ref())
    const lost = decidedOn(rows, async () => {
      rows.put(counts, { n: -1 })
      const winner = await two.of(ref())
      winner.put(counts, { n: (winner.get(counts)?.n ?? 0) + 1 })
      await winner.commit()
    })
    await assert.rejects(lost, { code: 'CONFLICT', retryable: true })
  })
})

test('whatever requests of two processes do at once: none of their decisions is lost, and each was made on the one before', async (t) => {
  const { one, two, store } = await setUp(t)
  const request = fc.record({ elsewhere: fc.boolean(), key: fc.constantFrom('a', 'b'), pause: fc.nat(3) })
  let round = 0
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 5 }), async (requests) => {
      const device = ref(`d${++round}`)
      const run = async ({ elsewhere, key, pause }: (typeof requests)[number]) => {
        const rows = await (elsewhere ? two : one).of(device)
        await decidedOn(rows, async () => {
          const total = rows.get(counts, 'total')?.n ?? 0
          for (let n = 0; n < pause; n += 1) await new Promise(setImmediate)
          rows.put(counts, { n: (rows.get(counts, key)?.n ?? 0) + 1 }, key)
          rows.put(counts, { n: total + 1 }, 'total')
        })
      }
      await Promise.all(requests.map(run))
      const rows = await one.of(device)
      const of = (key: string) => rows.get(counts, key)?.n ?? 0
      assert.deepEqual([of('total'), of('a') + of('b')], [requests.length, requests.length])
    }),
    { numRuns: 60 },
  )
  assert.ok((await store.all('SELECT * FROM device_row_versions')).length <= round)
})

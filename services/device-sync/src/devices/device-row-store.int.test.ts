import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { openSqliteStore, type ReadStore } from '@relais/read-store'
import { createLogger } from '@relais/service-kit'
import { temporaryFolder, waitUntil } from '@relais/testing'
import { DeviceRowStore, deviceRowSchema } from './device-row-store.ts'
import { jsonRows } from './device-rows.ts'

const counts = jsonRows<{ n: number }>('count')
const other = jsonRows<string>('other')

const ref = (device = 'd1', account = 'u1', tenant = 'acme') => ({ tenant, account, device })

const setUp = async (t: TestContext, options: { maxDevices?: number; writeBehindMs?: number } = {}) => {
  const folder = await temporaryFolder(t)
  const logged: string[] = []
  const logger = createLogger({ name: 'test', destination: { write: (line) => logged.push(line) } })
  let current: ReadStore | undefined
  const open = async () => {
    const store = await openSqliteStore({ file: join(folder, 'rows'), schema: deviceRowSchema, version: 1 })
    current = store
    return { store, rows: new DeviceRowStore({ store, logger, writeBehindMs: 60_000, ...options }) }
  }
  t.after(() => current?.close())
  return { ...(await open()), open, logged }
}

describe('rows of devices', () => {
  test('are what was put, at once and for everybody', async (t) => {
    const { rows } = await setUp(t)
    const one = await rows.of(ref())
    one.put(counts, { n: 1 })
    one.put(counts, { n: 2 }, 'inbox')
    const again = await rows.of(ref())
    assert.deepEqual(
      [again.get(counts), again.get(counts, 'inbox'), again.get(counts, 'sent')],
      [{ n: 1 }, { n: 2 }, undefined],
    )
    assert.deepEqual(again.keys(counts as never), ['', 'inbox'])
  })
  test('outlive a restart once they are saved', async (t) => {
    const { rows, store, open } = await setUp(t)
    const one = await rows.of(ref())
    one.put(counts, { n: 1 })
    one.put(other, 'x', 'k')
    await one.saved()
    one.put(counts, { n: 2 })
    await store.close()
    const { rows: reopened } = await open()
    const again = await reopened.of(ref())
    assert.deepEqual([again.get(counts), again.get(other, 'k')], [{ n: 1 }, 'x'])
  })
  test('are written behind without anybody waiting', async (t) => {
    const { rows, store } = await setUp(t, { writeBehindMs: 1 })
    const one = await rows.of(ref())
    one.put(counts, { n: 1 })
    const stored = () => store.get<{ n: number }>('SELECT count(*) AS n FROM device_rows')
    await waitUntil(async () => (await stored())?.n === 1)
  })
  test('of one device, account or tenant are nobody else’s', async (t) => {
    const { rows } = await setUp(t)
    ;(await rows.of(ref())).put(counts, { n: 1 })
    for (const stranger of [ref('d2'), ref('d1', 'u2'), ref('d1', 'u1', 'other')])
      assert.equal((await rows.of(stranger)).get(counts), undefined)
  })
  test('that are deleted are gone, also after a restart', async (t) => {
    const { rows, store, open } = await setUp(t)
    const one = await rows.of(ref())
    one.put(counts, { n: 1 }, 'a')
    one.put(counts, { n: 2 }, 'b')
    await one.saved()
    one.delete(counts as never, 'a')
    assert.equal(one.get(counts, 'a'), undefined)
    await one.saved()
    await store.close()
    const again = await (await open()).rows.of(ref())
    assert.deepEqual(again.keys(counts as never), ['b'])
  })
  test('the last of several values in a row is written', async (t) => {
    const { rows, store } = await setUp(t)
    const one = await rows.of(ref())
    for (let n = 0; n < 100; n += 1) one.put(counts, { n })
    await one.saved()
    const stored = await store.get<{ value: Uint8Array }>('SELECT value FROM device_rows')
    assert.equal(Buffer.from(stored!.value).toString(), '{"n":99}')
  })
  test('that can’t be decoded count as lost, and that is told', async (t) => {
    const { rows, store, logged } = await setUp(t)
    await store.transaction((writer) =>
      writer.run(
        "INSERT INTO device_rows VALUES ('acme', 'u1', 'd1', 'count', '', ?)",
        Buffer.from('{broken'),
      ),
    )
    assert.equal((await rows.of(ref())).get(counts), undefined)
    assert.match(logged.join(), /counts as lost/)
  })
  test('that can’t be decoded leave a list of devices whole', async (t) => {
    const { rows, store } = await setUp(t)
    ;(await rows.of(ref('d2'))).put(counts, { n: 2 })
    await store.transaction((writer) =>
      writer.run(
        "INSERT INTO device_rows VALUES ('acme', 'u1', 'd1', 'count', '', ?)",
        Buffer.from('{broken'),
      ),
    )
    const found = await rows.range(counts, 'acme', {
      first: { account: 'u1', device: 'd1' },
      last: { account: 'u1', device: 'd2' },
    })
    assert.deepEqual([...found], [['u1/d2', { n: 2 }]])
  })
  test('loaded twice at once are one object', async (t) => {
    const { rows } = await setUp(t)
    const [one, two] = await Promise.all([rows.of(ref()), rows.of(ref())])
    assert.equal(one, two)
  })
  test('that went out of memory come back as the same object to whoever still has them', async (t) => {
    const { rows } = await setUp(t, { maxDevices: 1 })
    const one = await rows.of(ref('d1'))
    one.put(counts, { n: 1 })
    await rows.of(ref('d2'))
    assert.equal(await rows.of(ref('d1')), one)
  })
  test('that went out of memory unwritten are written all the same', async (t) => {
    const { rows, store } = await setUp(t, { maxDevices: 1 })
    for (let n = 0; n < 20; n += 1) (await rows.of(ref(`d${n}`))).put(counts, { n })
    await rows.flush()
    assert.equal((await store.get<{ n: number }>('SELECT count(*) AS n FROM device_rows'))?.n, 20)
  })
  test('of a removed device are erased, and what still holds them can’t bring them back', async (t) => {
    const { rows, store } = await setUp(t)
    const one = await rows.of(ref('d1'))
    const two = await rows.of(ref('d2'))
    one.put(counts, { n: 1 })
    two.put(counts, { n: 2 })
    await rows.flush()
    one.put(counts, { n: 3 })
    await rows.remove('acme', 'u1', 'd1')
    const left = await store.all<{ device: string }>('SELECT device FROM device_rows')
    assert.deepEqual(
      left.map(({ device }) => device),
      ['d2'],
    )
    assert.equal((await rows.of(ref('d1'))).get(counts), undefined)
  })
  test('of a removed account are all erased', async (t) => {
    const { rows, store } = await setUp(t)
    for (const device of [ref('d1'), ref('d2'), ref('d1', 'u2')])
      (await rows.of(device)).put(counts, { n: 1 })
    await rows.flush()
    await rows.remove('acme', 'u1')
    const left = await store.all<{ account: string }>('SELECT account FROM device_rows')
    assert.deepEqual(
      left.map(({ account }) => account),
      ['u2'],
    )
  })
  test('a write that fails is made up for by the next, with the newest values', async (t) => {
    const { rows, store } = await setUp(t)
    const one = await rows.of(ref())
    await store.transaction((writer) => writer.run('ALTER TABLE device_rows RENAME TO elsewhere'))
    one.put(counts, { n: 1 })
    one.put(counts, { n: 1 }, 'kept')
    await assert.rejects(one.saved())
    one.put(counts, { n: 2 })
    await store.transaction((writer) => writer.run('ALTER TABLE elsewhere RENAME TO device_rows'))
    await one.saved()
    const stored = await store.all<{ value: Uint8Array }>('SELECT value FROM device_rows ORDER BY key')
    assert.deepEqual(
      stored.map(({ value }) => Buffer.from(value).toString()),
      ['{"n":2}', '{"n":1}'],
    )
  })
  test('of a kind are read for a range of devices', async (t) => {
    const { rows } = await setUp(t)
    for (const n of [1, 2, 3, 4]) (await rows.of(ref(`d${n}`))).put(counts, { n })
    ;(await rows.of(ref('d2'))).put(other, 'not this')
    const first = { account: 'u1', device: 'd2' }
    const found = await rows.range(counts, 'acme', { first, last: { account: 'u1', device: 'd3' } })
    assert.deepEqual(
      [...found],
      [
        ['u1/d2', { n: 2 }],
        ['u1/d3', { n: 3 }],
      ],
    )
  })
})

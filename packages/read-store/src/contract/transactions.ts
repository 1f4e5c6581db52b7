import assert from 'node:assert/strict'
import type { ReadStore } from '../port.ts'
import { range, scalar } from './ledger.ts'
import type { RowsUnderTest, Rule } from './rule.ts'

const schema = [
  'CREATE TABLE device (tenant TEXT NOT NULL, id TEXT NOT NULL, generation INTEGER NOT NULL, PRIMARY KEY (tenant, id))',
]
const PUT = `INSERT INTO device (tenant, id, generation) VALUES (?, ?, ?)
  ON CONFLICT (tenant, id) DO UPDATE SET generation = excluded.generation`
const GET = 'SELECT generation FROM device WHERE tenant = ? AND id = ?'

const open = ({ store }: RowsUnderTest, durable = false) => store({ schema, version: 1, durable })

const generation = (store: ReadStore) => scalar(store, GET, 'acme', 'phone')

/** Reads, then writes what it read and one more. */
const increment = (store: ReadStore): Promise<unknown> =>
  store.transaction(async (writer) => {
    const before = (await writer.get<{ generation: number }>(GET, 'acme', 'phone'))?.generation ?? 0
    await writer.run(PUT, 'acme', 'phone', before + 1)
  })

export const transactionRules = (rule: Rule) => {
  rule('a transaction that throws leaves nothing', async (opened) => {
    const store = await open(opened)
    await increment(store)
    const failing = store.transaction(async (writer) => {
      await writer.run(PUT, 'acme', 'phone', 99)
      await writer.run(PUT, 'acme', 'tablet', 99)
      throw new Error('changed my mind')
    })
    await assert.rejects(failing, /changed my mind/)
    assert.equal(await scalar(store, 'SELECT COUNT(*) FROM device'), 1)
    assert.equal(await generation(store), 1)
  })

  rule('transactions at once come one after the other', async (opened) => {
    const store = await open(opened)
    await Promise.all(range(200).map(() => increment(store)))
    assert.equal(await generation(store), 200)
  })

  rule('one that fails among many takes no other with it', async (opened) => {
    const store = await open(opened)
    const refused = () => store.transaction((writer) => writer.run(PUT, 'acme', null, 1))
    const settled = await Promise.allSettled(
      range(20).map((at) => (at % 2 === 0 ? increment(store) : refused())),
    )
    assert.equal(settled.filter(({ status }) => status === 'rejected').length, 10)
    assert.equal(await generation(store), 10)
  })

  rule('a writer sees what it wrote, and nobody else does before the end', async (opened) => {
    const store = await open(opened)
    await store.transaction(async (writer) => {
      await writer.run(PUT, 'acme', 'phone', 7)
      assert.equal(await scalar(writer, GET, 'acme', 'phone'), 7)
      assert.equal(await generation(store), undefined)
      assert.equal(await store.snapshot((reader) => scalar(reader, GET, 'acme', 'phone')), undefined)
    })
    assert.equal(await generation(store), 7)
  })

  rule('a transaction gives back what it was asked for', async (opened) => {
    assert.equal(await (await open(opened)).transaction(async () => 'this'), 'this')
  })

  rule('a writer is of no use after its transaction', async (opened) => {
    const store = await open(opened)
    const kept = await store.transaction(async (writer) => writer)
    await assert.rejects(kept.run(PUT, 'acme', 'phone', 1), { code: 'TRANSACTION_OVER' })
    assert.equal(await generation(store), undefined)
  })

  rule('a snapshot of a store without a log is at 0', async (opened) => {
    assert.equal(await (await open(opened)).snapshot(async (_, checkpoint) => checkpoint), 0)
  })

  rule('a durable store keeps what it confirmed', async (opened) => {
    const store = await open(opened, true)
    await Promise.all(range(50).map(() => increment(store)))
    await store.close()
    assert.equal(await generation(await open(opened, true)), 50)
  })

  rule('a migration brings rows along to the next versions', async (opened) => {
    const store = await open(opened)
    await increment(store)
    await store.close()
    const migrations = {
      2: ["ALTER TABLE device ADD COLUMN model TEXT NOT NULL DEFAULT 'unknown'"],
      3: ['CREATE INDEX device_by_model ON device (tenant, model)', "UPDATE device SET model = 'phone'"],
    }
    const later = await opened.store({ schema: [], version: 3, migrations })
    assert.deepEqual(
      { ...(await later.get<object>('SELECT * FROM device')) },
      { tenant: 'acme', id: 'phone', generation: 1, model: 'phone' },
    )
  })

  rule('a migration that fails leaves the version before', async (opened) => {
    await (await open(opened)).close()
    const broken = { 2: ['CREATE TABLE more (id INTEGER)', 'CREATE TABLE device (id INTEGER)'] }
    await assert.rejects(opened.store({ schema: [], version: 2, migrations: broken }))
    const store = await open(opened)
    await assert.rejects(store.all('SELECT * FROM more'))
  })

  rule('a migration that takes something away is refused', async (opened) => {
    await (await open(opened)).close()
    for (const statement of [
      'DROP TABLE device',
      'DELETE FROM device',
      'ALTER TABLE device DROP COLUMN generation',
    ]) {
      const attempt = opened.store({ schema: [], version: 2, migrations: { 2: [statement] } })
      await assert.rejects(attempt, { code: 'SCHEMA_INVALID' })
    }
  })

  rule('a version that nothing leads to is refused', async (opened) => {
    await (await open(opened)).close()
    await assert.rejects(opened.store({ schema, version: 2 }), { code: 'SCHEMA_INVALID' })
  })

  rule('a store of a newer version is refused, not touched', async (opened) => {
    await (await opened.store({ schema, version: 3 })).close()
    await assert.rejects(open(opened), { code: 'STORE_TOO_NEW', retryable: false })
    await opened.store({ schema, version: 3 })
  })
}

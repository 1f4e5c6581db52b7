import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { openSqliteStore, type ReadStore } from '@relais/read-store'
import { temporaryFolder } from '@relais/testing'
import { GroupedWrites, type Step } from './grouped-writes.ts'
import { sharedRowSchema } from './shared-device-rows.ts'

let version = 100

const stepOf = (device: string, base?: number, anyVersion = false): Step => ({
  device: { tenant: 'acme', account: 'u1', device },
  ...{ base, anyVersion, next: version++ },
})

const change = (text: string) => ({ kind: 'count', key: '', encode: () => Buffer.from(text) })

const setUp = async (t: TestContext) => {
  const folder = await temporaryFolder(t)
  const store = await openSqliteStore({ file: join(folder, 'rows'), schema: sharedRowSchema, version: 1 })
  t.after(() => store.close())
  let transactions = 0
  const counted: ReadStore = {
    ...{ dialect: store.dialect, get: store.get.bind(store), all: store.all.bind(store) },
    snapshot: (read) => store.snapshot(read),
    transaction: (write) => {
      transactions += 1
      return store.transaction(write)
    },
    close: () => store.close(),
  }
  const values = async () =>
    (
      await store.all<{ device: string; value: Uint8Array }>(
        'SELECT device, value FROM device_rows ORDER BY device',
      )
    ).map(({ device, value }) => `${device}=${Buffer.from(value)}`)
  return { store, group: new GroupedWrites(counted), transactions: () => transactions, values }
}

describe('writes of many requests', () => {
  test('those that come while one is written go together', async (t) => {
    const { group, transactions, values } = await setUp(t)
    const devices = Array.from({ length: 90 }, (_, n) => `d${String(n).padStart(2, '0')}`)
    const written = await Promise.all(devices.map((device) => group.write(stepOf(device), [change('x')])))
    assert.ok(written.every(Boolean))
    assert.equal((await values()).length, 90)
    assert.ok(transactions() <= 2, String(transactions()))
  })

  test('one that was decided on other rows fails alone', async (t) => {
    const { group, values } = await setUp(t)
    await group.write(stepOf('a'), [change('1')])
    const written = await Promise.all([
      group.write(stepOf('b'), [change('1')]),
      group.write(stepOf('a', 99), [change('wrong')]),
      group.write(stepOf('c'), [change('1')]),
    ])
    assert.deepEqual(written, [true, false, true])
    assert.deepEqual(await values(), ['a=1', 'b=1', 'c=1'])
  })

  test('of two for one device on the same rows the first wins, and of two that the last may say both count', async (t) => {
    const { group, values } = await setUp(t)
    const first = stepOf('a')
    await group.write(first, [change('0')])
    const decided = [
      group.write(stepOf('a', first.next), [change('1')]),
      group.write(stepOf('a', first.next), [change('2')]),
    ]
    assert.deepEqual(await Promise.all(decided), [true, false])
    assert.deepEqual(await values(), ['a=1'])
    const said = [
      group.write(stepOf('a', 0, true), [change('3')]),
      group.write(stepOf('a', 0, true), [change('4')]),
    ]
    assert.deepEqual(await Promise.all(said), [true, true])
    assert.deepEqual(await values(), ['a=4'])
  })

  test('a transaction that fails fails all in it, nothing of it is there, and the next ones go on', async (t) => {
    const { group, store, values } = await setUp(t)
    await store.transaction((writer) => writer.run('ALTER TABLE device_rows RENAME TO elsewhere'))
    const failing = ['a', 'b'].map((device) => group.write(stepOf(device), [change('1')]))
    for (const result of await Promise.allSettled(failing)) assert.equal(result.status, 'rejected')
    await store.transaction((writer) => writer.run('ALTER TABLE elsewhere RENAME TO device_rows'))
    assert.equal(await group.write(stepOf('a'), [change('1')]), true)
    assert.deepEqual(await values(), ['a=1'])
    assert.equal((await store.all('SELECT * FROM device_row_versions')).length, 1)
  })
})

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { AccountErased } from '@relais/proto/directory/v1/events.ts'
import { openSqliteStore } from '@relais/read-store'
import { createLogger } from '@relais/service-kit'
import { temporaryFolder, waitUntil } from '@relais/testing'
import { directoryCommit } from '../../test/directory-double.ts'
import { Erasure, erasureSchema } from './erasure.ts'

const setUp = async (t: TestContext) => {
  const folder = await temporaryFolder(t)
  const log = await openSqliteLog({ file: join(folder, 'log') })
  const store = await openSqliteStore({ file: join(folder, 'store'), schema: erasureSchema, version: 1 })
  const erased: string[] = []
  let failures = 0
  const logger = createLogger({ name: 'test', level: 'silent' })
  const erase = async ({ tenant, account }: { tenant: string; account: string }) => {
    if (failures > 0) {
      failures -= 1
      throw new Error('not now')
    }
    erased.push(`${tenant}/${account}`)
  }
  let running: Erasure | undefined
  const start = () => {
    running = new Erasure({ log, store, erase, logger, retryMs: 1 })
    running.start()
    return running
  }
  t.after(async () => {
    await running?.stop()
    await store.close()
    await log.close()
  })
  const checkpoint = async () =>
    (await store.get<{ position: number }>('SELECT position FROM processes'))?.position ?? 0
  const settled = async () => {
    const head = await log.head({ service: 'directory' })
    await waitUntil(async () => (await checkpoint()) >= head)
  }
  return {
    log,
    store,
    erased,
    start,
    settled,
    fail: (times: number) => {
      failures = times
    },
  }
}

const deleted = (account: string) => directoryCommit('AccountDeleted', undefined, { tenant: 'acme', account })
const erasedFact = (account: string) =>
  directoryCommit('AccountErased', AccountErased.encode({ account }).finish())

describe('erasure', () => {
  test('of accounts that are deleted while it runs', async (t) => {
    const { log, start, erased, settled } = await setUp(t)
    start()
    await log.append(deleted('u1'))
    await log.append(directoryCommit('AccountChanged', undefined, { tenant: 'acme', account: 'u2' }))
    await log.append(erasedFact('u3'))
    await settled()
    assert.deepEqual(erased, ['acme/u1', 'acme/u3'])
  })
  test('of accounts that were deleted before it ran, and once only', async (t) => {
    const { log, start, erased, settled } = await setUp(t)
    await log.append(deleted('u1'))
    const first = start()
    await settled()
    await first.stop()
    await log.append(deleted('u2'))
    start()
    await settled()
    assert.deepEqual(erased, ['acme/u1', 'acme/u2'])
  })
  test('of an account whose streams were purged meanwhile: the tenant’s fact stays', async (t) => {
    const { log, start, erased, settled } = await setUp(t)
    await log.append(deleted('u1'))
    await log.append(erasedFact('u1'))
    await log.purge('acme', 'u1')
    start()
    await settled()
    assert.deepEqual(erased, ['acme/u1'])
  })
  test('begins again where its checkpoint is of another log', async (t) => {
    const { log, store, start, erased, settled } = await setUp(t)
    await log.append(deleted('u1'))
    await store.transaction((writer) => writer.run("INSERT INTO processes VALUES ('erasure', 1000000)"))
    start()
    await waitUntil(() => erased.length === 1)
    await settled()
  })
  test('that fails is tried again from where it failed, and nothing is left out', async (t) => {
    const { log, start, erased, settled, fail } = await setUp(t)
    fail(3)
    for (const account of ['u1', 'u2']) await log.append(deleted(account))
    start()
    await settled()
    assert.deepEqual([...new Set(erased)], ['acme/u1', 'acme/u2'])
  })
  test('does nothing in a log without deletions', async (t) => {
    const { log, start, erased, settled } = await setUp(t)
    for (const account of ['u1', 'u2'])
      await log.append(directoryCommit('PasswordSet', undefined, { tenant: 'acme', account }))
    start()
    await settled()
    assert.deepEqual(erased, [])
  })
})

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { openPostgresStore } from '@relais/read-store/postgres/store.ts'
import { createLogger } from '@relais/service-kit'
import { testPostgres } from '@relais/testing/test-postgres.ts'
import { jsonRows } from '../../src/devices/device-rows.ts'
import { SharedDeviceRows } from '../../src/devices/shared-device-rows.ts'
import { sharedStore } from '../../src/row-stores.ts'

const generations = jsonRows<{ generation: number }>('generation')
const device = { tenant: 'acme', account: 'u1', device: 'd1' }
const KILLS = 3

/** As a process of device-sync opens it; the server writes what isn't asked for at once as late as it may. */
const setUp = async (context: TestContext) => {
  const server = await testPostgres()
  context.after(() => server.kill())
  await server.query("ALTER SYSTEM SET wal_writer_delay = '10s'")
  await server.query('SELECT pg_reload_conf()')
  const open = async () => {
    const store = await openPostgresStore({ ...sharedStore, connection: server.connection })
    const logger = createLogger({ name: 'test', level: 'silent' })
    return { store, rows: new SharedDeviceRows({ store, logger }) }
  }
  return { server, open }
}

describe('rows that processes share, in a PostgreSQL that is killed', () => {
  test('what was committed before an answer is there afterwards: a phone never has a key that nobody remembers', async (context) => {
    const { server, open } = await setUp(context)
    for (let generation = 1; generation <= KILLS; generation += 1) {
      const { store, rows } = await open()
      const request = await rows.of(device)
      request.put(generations, { generation }, 'inbox')
      assert.equal(await request.commit(), true)
      await server.kill()
      await server.start()
      await store.close()
      const again = await open()
      assert.deepEqual((await again.rows.of(device)).get(generations, 'inbox'), { generation })
      await again.store.close()
    }
  })
})

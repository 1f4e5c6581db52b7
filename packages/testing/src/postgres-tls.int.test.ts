import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openPostgresStore } from '@relais/read-store/postgres/store.ts'
import { startPostgres, temporaryPostgresFolder } from '@relais/servers'
import { createAuthority } from './authority.ts'

test('rows come over TLS from a server that the authority vouches for, and from no other', async (context) => {
  const authority = await createAuthority('ours')
  const { certificate, key } = await authority.issue('localhost')
  const folder = temporaryPostgresFolder()
  const server = await startPostgres({
    folder: join(folder, 'data'),
    tls: { cert: certificate, key, ca: authority.ca },
  })
  context.after(async () => {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  const definition = { name: 'one', version: 1, schema: ['CREATE TABLE one (tenant TEXT PRIMARY KEY)'] }
  const connection = { ...server.connection, host: 'localhost' }
  const store = await openPostgresStore({ ...definition, connection })
  context.after(() => store.close())
  assert.deepEqual(await store.all('SELECT ssl::int AS ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'), [
    { ssl: 1 },
  ])
  const { ca } = await createAuthority('another')
  await assert.rejects(openPostgresStore({ ...definition, connection: { ...connection, ssl: { ca } } }))
})

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import type { ReadModel } from '@relais/read-store'
import { openTestBackbone, temporaryFolder } from './index.ts'

const counts: ReadModel = {
  name: 'counts',
  version: 1,
  schema: ['CREATE TABLE counted (position INTEGER PRIMARY KEY)'],
  service: 'mail',
  project: async (writer, commit) => {
    await writer.run('INSERT INTO counted VALUES (?)', commit.position)
  },
}

const commit = (commandId: string) => ({
  stream: { tenant: 'acme', account: 'u_1', service: 'mail' },
  events: [{ type: 'Counted', version: 1, payload: new Uint8Array() }],
  commandId,
  actor: { kind: 'service', id: 'test', device: '' },
  principal: '',
  at: 1,
})

test('what is appended is projected, and blobs are kept', async (context) => {
  const { log, blobs, openProjector } = await openTestBackbone(context)
  const projector = await openProjector(counts)
  const { position } = await log.append(commit('c1'))
  await projector.waitFor(position, Date.now() + 5_000)
  assert.deepEqual(
    (await projector.store.all<{ position: number }>('SELECT position FROM counted')).map(
      (row) => row.position,
    ),
    [position],
  )
  const { id } = await blobs.put('acme', Buffer.from('content'))
  assert.equal(Buffer.from(await blobs.get('acme', id)).toString(), 'content')
})

test('the same folder opened again is a restart: log, rows, blobs and stores are as they were', async (context) => {
  const folder = await temporaryFolder(context)
  const definition = { name: 'local', schema: ['CREATE TABLE t (x INTEGER)'], version: 1 }
  const before = await openTestBackbone(context, folder)
  const store = await before.openStore(definition)
  await store.transaction((writer) => writer.run('INSERT INTO t VALUES (7)'))
  const { position } = await before.log.append(commit('c1'))
  const { id } = await before.blobs.put('acme', Buffer.from('content'))
  await before.close()
  const after = await openTestBackbone(context, folder)
  assert.equal(await after.log.head({}), position)
  assert.equal((await after.blobs.stat('acme', id))?.size, 7)
  const row = await (await after.openStore(definition)).get<{ x: number }>('SELECT x FROM t')
  assert.equal(row?.x, 7)
  await after.close()
})

test('when the test is over everything is closed, then the folder is gone', async (context) => {
  let path = ''
  await context.test('inner', async (inner) => {
    const { folder, openProjector } = await openTestBackbone(inner)
    await openProjector(counts)
    path = folder
    assert.equal(existsSync(folder), true)
  })
  assert.equal(existsSync(path), false)
})

import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import test, { before, describe, type TestContext } from 'node:test'
import type { Projector, ReadModel } from '@relais/read-store'
import { freePorts, ProgramMissingError } from '@relais/servers'
import { type PostgresServer, startPostgres } from '@relais/servers/postgres.ts'
import { postgresProgram } from '@relais/servers/postgres-program.ts'
import { type Authority, createAuthority, temporaryFolder, waitUntil } from '@relais/testing'
import { openBlobs, openStorage, type Storage } from '../src/index.ts'
import { installation, opened, testPod } from './test-pod.ts'

let authority: Authority
before(async () => {
  authority = await createAuthority('cluster')
})

const counting: ReadModel = {
  name: 'counting',
  version: 1,
  service: 'counting',
  schema: ['CREATE TABLE counted (tenant TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (tenant))'],
  project: async (writer, { stream }) => {
    await writer.run(
      'INSERT INTO counted (tenant, n) VALUES (?, 1) ON CONFLICT (tenant) DO UPDATE SET n = counted.n + 1',
      stream.tenant,
    )
  },
}

const commit = (n: number) => ({
  stream: { tenant: 'acme', account: 'u1', service: 'counting' },
  events: [{ type: 'Counted', version: 1, payload: new Uint8Array() }],
  commandId: `c${n}`,
  actor: { kind: 'service', id: 'counting', device: '' },
  principal: '',
  at: 1,
})

/** A pod whose log and rows are in a PostgreSQL that can be started and hurt; `one` says that only one may work. */
const setUp = async (context: TestContext, { one = false } = {}) => {
  const folder = await temporaryFolder(context)
  chmodSync(folder, 0o711) // PostgreSQL runs as another user where tests run as root
  const [port = 0] = await freePorts(1)
  const url = `postgres://relais:only-for-tests@127.0.0.1:${port}/postgres`
  let server: PostgresServer | undefined
  context.after(() => server?.stop())
  const start = async () => {
    server = await startPostgres({ folder: join(folder, 'postgres'), port })
    return server
  }
  const another = async () => {
    const parts: { storage?: Storage; projector?: Projector } = {}
    const made = await testPod(context, {
      authority,
      open: async (pod) => {
        const kind = 'postgres' as const
        const log = { kind, url, stream: 'relais', replicas: 1, monitoring: [], allowUnsynced: false }
        const storage = await openStorage(pod, { log, rows: { url } })
        await openBlobs(pod, { blobs: { kind: 'file', folder: join(folder, 'blobs'), region: '' } })
        const projector = await storage.openProjector(counting)
        pod.add({ name: 'service', stop: () => projector.stop() })
        Object.assign(parts, { storage, projector })
        return opened(installation(), { caughtUp: storage.caughtUp, ...(one && { inTurn: storage.inTurn }) })
      },
    })
    return { ...made, parts }
  }
  return { start, another, ...(await another()) }
}

/** Why this machine has no PostgreSQL; undefined: it has. */
const missing = (): string | undefined => {
  try {
    postgresProgram('postgres')
    return undefined
  } catch (error) {
    if (error instanceof ProgramMissingError) return error.message
    throw error
  }
}

describe('a pod with its log and rows in PostgreSQL', { skip: missing() }, () => {
  test('waits for a server that is started after it, loses it and finds it again, each said once', async (context) => {
    const { start, pod, probes, parts, lines } = await setUp(context)
    const starting = pod.lifecycle.start()
    await waitUntil(() => lines.some((line) => line.includes('waiting for it')), { within: 20_000 })
    assert.deepEqual(await probes(), { livez: 200, readyz: 503, startupz: 503 })
    const server = await start()
    await starting
    await waitUntil(async () => (await probes()).readyz === 200, { within: 10_000 })
    await parts.storage?.log.append(commit(1))
    await server.kill()
    await waitUntil(async () => (await probes()).readyz === 503, { within: 20_000 })
    assert.deepEqual(await probes(), { livez: 200, readyz: 503, startupz: 200 })
    await server.start()
    await waitUntil(async () => (await probes()).readyz === 200, { within: 30_000 })
    const { position } = await parts.storage!.log.append(commit(2))
    await parts.projector?.waitFor(position, Date.now() + 20_000)
    const row = await parts.projector?.store.get<{ n: number }>(
      'SELECT n FROM counted WHERE tenant = ?',
      'acme',
    )
    assert.equal(row?.n, 2)
    const said = (component: string, msg: string) =>
      lines.map((line) => JSON.parse(line)).filter((one) => one.component === component && one.msg === msg)
        .length
    assert.equal(said('the event log', 'waiting for it'), 1)
    for (const part of ['the database', 'the event log'])
      assert.ok(said(part, 'was lost; waiting for it') <= 1, part)
  })

  test('builds rows up to the head that the log had before it says that it has started', async (context) => {
    const { start, another, pod, parts } = await setUp(context)
    await start()
    await pod.lifecycle.start()
    for (let n = 0; n < 200; n += 1) await parts.storage?.log.append(commit(n))
    const next = await another()
    await next.pod.lifecycle.start()
    const row = await next.parts.projector?.store.get<{ n: number }>(
      'SELECT n FROM counted WHERE tenant = ?',
      'acme',
    )
    assert.equal(row?.n, 200)
    assert.equal((await next.probes()).startupz, 200)
  })

  test('where only one may work the second has started but isn’t ready, and takes its turn when the first has ended', async (context) => {
    const { start, another, pod, probes } = await setUp(context, { one: true })
    await start()
    await pod.lifecycle.start()
    await waitUntil(async () => (await probes()).readyz === 200)
    const second = await another()
    const starting = second.pod.lifecycle.start()
    await waitUntil(() => second.pod.addresses.health)
    await waitUntil(async () => (await second.probes()).startupz === 200, { within: 20_000 })
    assert.deepEqual(await second.probes(), { livez: 200, readyz: 503, startupz: 200 })
    await pod.stop()
    await starting
    await waitUntil(async () => (await second.probes()).readyz === 200, { within: 20_000 })
  })

  test('a blob store that lacks a setting is refused for good', async (context) => {
    const { pod } = await testPod(context, { authority })
    await assert.rejects(openBlobs(pod, { blobs: { kind: 'file', region: '' } }), {
      code: 'CONFIGURATION_INVALID',
      message: /blobs\.folder/,
    })
    const half = { kind: 's3', endpoint: 'http://127.0.0.1:1', bucket: 'relais', region: 'x' } as const
    await assert.rejects(openBlobs(pod, { blobs: half }), /blobs\.accessKey/)
  })
})

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { startNats, startNatsCluster } from './nats.ts'
import { pinnedProgram } from './pinned-program.ts'

const missing = await pinnedProgram('nats-server').then(
  () => undefined,
  (error: Error) => `nats-server is not here: ${error.message}`,
)

const folders: string[] = []

/** Once every server has ended: a test's hooks run in the order in which they come, and a server writes while its folder goes. */
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-nats-'))
  folders.push(folder)
  return folder
}

type Varz = { server_name: string; jetstream: { config: { sync_always?: boolean } }; max_payload: number }

const varzOf = async (monitor: string) => (await (await fetch(`${monitor}/varz`)).json()) as Varz

/** The first line that a NATS server says to whoever connects; undefined: it says nothing and ends. */
const greeting = (url: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.once('data', (chunk) => {
      resolve(chunk.toString().slice(0, 4))
      socket.destroy()
    })
    socket.once('error', () => resolve(undefined))
    socket.once('close', () => resolve(undefined))
  })

test('one server syncs each write, takes messages of 4 MB, and is found at its address', {
  skip: missing,
}, async (context) => {
  const server = await startNats({ folder: newFolder(), name: 'alone' })
  context.after(() => server.kill())
  const varz = await varzOf(server.monitor)
  assert.equal(varz.server_name, 'alone')
  assert.equal(varz.jetstream.config.sync_always, true)
  assert.ok(varz.max_payload >= 4_000_000)
  assert.equal(await greeting(server.url), 'INFO')
})

test('a server may be started with the lazy default and with more settings', {
  skip: missing,
}, async (context) => {
  const server = await startNats({
    folder: newFolder(),
    syncInterval: '2m',
    settings: 'max_payload: 1MB',
  })
  context.after(() => server.kill())
  const varz = await varzOf(server.monitor)
  assert.notEqual(varz.jetstream.config.sync_always, true)
  assert.equal(varz.max_payload, 1_048_576)
})

test('a server that was killed comes back on the same ports, if wanted under another name', {
  skip: missing,
}, async (context) => {
  const server = await startNats({ folder: newFolder(), name: 'first' })
  context.after(() => server.kill())
  await server.kill()
  assert.equal(await server.healthy(), false)
  assert.equal(await greeting(server.url), undefined)
  await server.start('second')
  assert.equal((await varzOf(server.monitor)).server_name, 'second')
  await server.stop()
})

test('three servers are one cluster with a leader, and each is also reached through a proxy', {
  skip: missing,
}, async (context) => {
  const cluster = await startNatsCluster({ folder: newFolder() })
  context.after(() => cluster.stop())
  assert.deepEqual(
    cluster.servers.map(({ name }) => name),
    ['nats-1', 'nats-2', 'nats-3'],
  )
  for (const url of [...cluster.urls, ...cluster.proxied]) assert.equal(await greeting(url), 'INFO')
})

type Routez = { readonly routes?: readonly { readonly remote_name: string }[] }

/** The servers that a server is connected to. */
const othersOf = async (monitor: string): Promise<Set<string>> => {
  const { routes = [] } = (await (await fetch(`${monitor}/routez`)).json()) as Routez
  return new Set(routes.map(({ remote_name }) => remote_name))
}

const untilOthers = async (monitor: string, count: number) => {
  while ((await othersOf(monitor)).size !== count) await new Promise((resolve) => setTimeout(resolve, 20))
}

test('a server that is cut off is connected to nobody; healed it is connected to all again', {
  skip: missing,
}, async (context) => {
  const cluster = await startNatsCluster({ folder: newFolder() })
  context.after(() => cluster.stop())
  const monitors = cluster.servers.map(({ monitor }) => monitor)
  for (const monitor of monitors) await untilOthers(monitor, 2)
  cluster.routes(2, 'cut')
  await untilOthers(monitors[2] ?? '', 0)
  cluster.routes(2, 'open')
  for (const monitor of monitors) await untilOthers(monitor, 2)
  await cluster.healthy()
})

test('clients that are cut off from one server reach it no more through its proxy, but straight', {
  skip: missing,
}, async (context) => {
  const cluster = await startNatsCluster({ folder: newFolder() })
  context.after(() => cluster.stop())
  cluster.clients(0, 'cut')
  assert.equal(await greeting(cluster.proxied[0] ?? ''), undefined)
  assert.equal(await greeting(cluster.urls[0] ?? ''), 'INFO')
  cluster.clients(0, 'open')
  assert.equal(await greeting(cluster.proxied[0] ?? ''), 'INFO')
})

test('servers that are to be straight are connected without a proxy', { skip: missing }, async (context) => {
  const cluster = await startNatsCluster({ folder: newFolder(), straight: true })
  context.after(() => cluster.stop())
  for (const { monitor } of cluster.servers) await untilOthers(monitor, 2)
  assert.deepEqual(cluster.proxied, [])
  assert.equal(await greeting(cluster.urls[1] ?? ''), 'INFO')
})

test('what a stopped server has stored can be taken away', { skip: missing }, async (context) => {
  const cluster = await startNatsCluster({ folder: newFolder() })
  context.after(() => cluster.stop())
  const [server] = cluster.servers
  await server?.kill()
  assert.ok(existsSync(server?.store ?? ''))
  cluster.wipe(0)
  assert.ok(!existsSync(server?.store ?? ''))
  await server?.start()
  await cluster.healthy()
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { commitOf, readAll } from '../contract/commits.ts'
import { openJetStreamLog } from './jetstream-log.ts'
import { inboxPrefix, type Permissions, tenantPermissions } from './permissions.ts'
import { type PlacementRoute, placedLogs } from './placement.ts'
import { noServer, serverFor } from './servers.fixture.ts'

const route: PlacementRoute = (tenant) => ({
  stream: tenant.startsWith('large') ? `unit-${tenant}` : 'pool',
  replicas: 1,
})

const logsOn = (url: string, chosen: PlacementRoute = route) =>
  placedLogs({
    route: chosen,
    open: (unit, tenant) =>
      openJetStreamLog({ servers: [url], allowUnsynced: true, tenants: [tenant], deadline: 20_000, ...unit }),
  })

test('a large tenant has a stream of its own, small ones share a pool, each as the route says', {
  skip: noServer,
}, async (context) => {
  const server = await serverFor(context)
  const logs = logsOn(server.url)
  context.after(() => logs.close())
  for (const tenant of ['large', 'small', 'tiny', 'a.b*']) {
    const log = await logs.logOf(tenant)
    await log.append(commitOf({ tenant }))
    assert.equal((await readAll(log, { tenant })).length, 1)
  }
  assert.deepEqual(logs.units(), ['unit-large', 'pool'])
  assert.equal(await logs.logOf('small'), await logs.logOf('tiny'))
  assert.equal((await readAll(await logs.logOf('large'))).length, 1)
  assert.equal((await readAll(await logs.logOf('small'))).length, 3)
})

test("a pool's stream lists its tenants, so that one can leave", { skip: noServer }, async (context) => {
  const server = await serverFor(context)
  const logs = logsOn(server.url)
  context.after(() => logs.close())
  for (const tenant of ['one', 'two']) await logs.logOf(tenant)
  const connection = await connect({ servers: server.url })
  const { config } = await (await jetstreamManager(connection)).streams.info('pool')
  await connection.close()
  assert.deepEqual(config.subjects, ['log.one.>', 'log.two.>'])
})

test('a tenant that another unit has is refused: its commits must not be in two places', {
  skip: noServer,
}, async (context) => {
  const server = await serverFor(context)
  const logs = logsOn(server.url)
  context.after(() => logs.close())
  await logs.logOf('small')
  const elsewhere = logsOn(server.url, () => ({ stream: 'other', replicas: 1 }))
  context.after(() => elsewhere.close())
  await elsewhere.logOf('first')
  await assert.rejects(elsewhere.logOf('small'), { code: 'TENANT_PLACED_ELSEWHERE', retryable: false })
})

test('a unit that could not be opened is tried again when it is next asked for', async () => {
  let tries = 0
  const logs = placedLogs({
    route,
    open: async () => {
      tries++
      throw new Error('no server')
    },
  })
  await assert.rejects(logs.logOf('a'), /no server/)
  await assert.rejects(logs.logOf('a'), /no server/)
  assert.equal(tries, 2)
  await logs.close()
})

test('tenants that two processes admit at the same time are both admitted in the end', {
  skip: noServer,
}, async (context) => {
  const server = await serverFor(context)
  const processes = [logsOn(server.url), logsOn(server.url), logsOn(server.url)]
  context.after(() => Promise.all(processes.map((logs) => logs.close())))
  await processes[0]?.logOf('first')
  await Promise.all(
    processes.map(async (logs, i) => {
      const log = await logs.logOf(`t${i}`)
      await log.append(commitOf({ tenant: `t${i}` }))
    }),
  )
})

const ACCOUNTS = `accounts {
  acme: { jetstream: enabled, users: [{ user: acme, password: acme }] }
  umbrella: { jetstream: enabled, users: [{ user: umbrella, password: umbrella }] }
}`

test("a unit in an account of its own is nowhere for another account's credentials", {
  skip: noServer,
}, async (context) => {
  const server = await serverFor(context, { settings: ACCOUNTS })
  const open = (user: string) =>
    openJetStreamLog({
      servers: [server.url],
      monitoring: [server.monitor],
      stream: 'unit',
      replicas: 1,
      user,
      password: user,
    })
  const [acme, umbrella] = [await open('acme'), await open('umbrella')]
  context.after(() => Promise.all([acme.close(), umbrella.close()]))
  let heard = 0
  umbrella.notices({}, () => heard++)
  await acme.append(commitOf({ tenant: 'acme' }))
  await umbrella.append(commitOf({ tenant: 'umbrella' }))
  assert.deepEqual(await readAll(umbrella, { tenant: 'acme' }), [])
  assert.equal(await umbrella.head({ tenant: 'acme' }), 0)
  assert.equal(await umbrella.purge('acme', 'mike'), 0)
  assert.equal((await readAll(acme)).length, 1)
  await umbrella.append(commitOf({ tenant: 'umbrella' }))
  assert.ok(heard <= 2)
})

const userSettings = (name: string, { publish, subscribe }: Permissions) => `
  { user: ${name}, password: ${name}, permissions: {
    publish: { allow: ${JSON.stringify(publish.allow)} }
    subscribe: { allow: ${JSON.stringify(subscribe.allow)} } } }`

const POOL = `accounts { pool: { jetstream: enabled, users: [
  { user: services, password: services },
  ${userSettings('acme', tenantPermissions('pool', 'acme'))},
  ${userSettings('umbrella', tenantPermissions('pool', 'umbrella'))}
] } }`

test("a tenant's credentials in a pool read that tenant alone, whatever they ask for", {
  skip: noServer,
}, async (context) => {
  const server = await serverFor(context, { settings: POOL })
  const log = await openJetStreamLog({
    servers: [server.url],
    monitoring: [server.monitor],
    stream: 'pool',
    replicas: 1,
    user: 'services',
    password: 'services',
  })
  context.after(() => log.close())
  await log.append(commitOf({ tenant: 'acme' }))
  await log.append(commitOf({ tenant: 'umbrella' }))
  const connection = await connect({
    servers: server.url,
    user: 'acme',
    pass: 'acme',
    inboxPrefix: inboxPrefix('acme'),
  })
  context.after(() => connection.close())
  const ask = (subject: string, payload: unknown = '', timeout = 20_000) =>
    connection.request(subject, typeof payload === 'string' ? payload : JSON.stringify(payload), { timeout })

  const create = {
    stream_name: 'pool',
    config: { name: 'acme', filter_subject: 'log.acme.>', mem_storage: true },
  }
  const own = await ask('$JS.API.CONSUMER.CREATE.pool.acme.log.acme.>', create)
  assert.equal((own.json() as { num_pending?: number }).num_pending, 1)
  const next = connection.subscribe(`${inboxPrefix('acme')}.next`, { max: 1 })
  connection.publish('$JS.API.CONSUMER.MSG.NEXT.pool.acme', '1', { reply: next.getSubject() })
  for await (const { subject } of next) assert.equal(subject, 'log.acme.mike.mail')

  const refused: [string, unknown][] = [
    ['$JS.API.STREAM.MSG.GET.pool', { last_by_subj: 'log.umbrella.>' }],
    ['$JS.API.DIRECT.GET.pool', { seq: 1, next_by_subj: 'log.>' }],
    ['$JS.API.DIRECT.GET.pool.log.umbrella.mike.mail', ''],
    ['$JS.API.STREAM.INFO.pool', { subjects_filter: '>' }],
    ['$JS.API.CONSUMER.CREATE.pool.acme.log.umbrella.>', create],
    ['$JS.API.CONSUMER.CREATE.pool.acme.log.>', create],
    ['$JS.API.CONSUMER.CREATE.pool.acme', create],
    ['$JS.API.CONSUMER.CREATE.pool', create],
    ['$JS.API.CONSUMER.MSG.NEXT.pool.umbrella', '1'],
    ['log.umbrella.mike.mail', 'forged'],
    ['log.acme.mike.mail', 'forged'],
  ]
  for (const [subject, payload] of refused) await assert.rejects(ask(subject, payload, 500), Error, subject)

  const others = { ...create.config, filter_subject: 'log.umbrella.>' }
  const both = { ...create.config, filter_subjects: ['log.umbrella.>'] }
  for (const config of [others, both]) {
    const answer = await ask('$JS.API.CONSUMER.CREATE.pool.acme.log.acme.>', { ...create, config })
    assert.ok((answer.json() as { error?: unknown }).error, 'a filter that is not the one in the subject')
  }
  for (const subject of ['notice.pool.umbrella.>', 'notice.>', 'log.>', '_INBOX.>', '>']) {
    const denied = new Promise((resolve) => {
      connection.subscribe(subject, { callback: (error) => resolve(error) })
    })
    assert.ok((await denied) instanceof Error, subject)
  }
  assert.equal((await readAll(log)).length, 2)
})

const SERVICES: Permissions = {
  publish: { allow: ['log.>', 'ledger.>', '$JS.API.>'] },
  subscribe: { allow: ['notice.>', '_INBOX.>'] },
}

test('services need no more of a NATS server than to append, to ask, and to hear notices and answers', {
  skip: noServer,
}, async (context) => {
  const settings = `accounts { pool: { jetstream: enabled, users: [${userSettings('services', SERVICES)}] } }`
  const server = await serverFor(context, { settings })
  const log = await openJetStreamLog({
    servers: [server.url],
    monitoring: [server.monitor],
    stream: 'pool',
    replicas: 1,
    tenants: ['acme'],
    user: 'services',
    password: 'services',
  })
  context.after(() => log.close())
  await log.admitTenant('umbrella')
  const noticed = new Promise((resolve) => log.notices({}, ({ position }) => resolve(position)))
  const { position } = await log.append(commitOf({ tenant: 'umbrella' }))
  assert.equal(await noticed, position)
  assert.equal((await readAll(log)).length, 1)
  assert.equal(await log.purge('umbrella', 'mike'), 1)
  await log.settleLoss({ tenant: 'umbrella', account: 'mike', service: 'mail' })
})

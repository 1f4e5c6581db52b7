import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { openSqliteProjector, openSqliteStore } from '@relais/read-store'
import { createLogger, terminal } from '@relais/service-kit'
import { temporaryFolder, waitUntil } from '@relais/testing'
import { answer, type Command, type CommandContext, type CommandOutcome } from '../src/commands/command.ts'
import { DeviceRegistry } from '../src/devices/device-registry.ts'
import { DeviceRowStore, deviceRowSchema } from '../src/devices/device-row-store.ts'
import { HeldRequests } from '../src/held/held-requests.ts'
import { ByteBudget } from '../src/http/byte-budget.ts'
import { trustedProxies } from '../src/http/client-address.ts'
import { createEasEndpoint } from '../src/http/endpoint.ts'
import { defaultEasConfig, easServerOptions } from '../src/http/endpoint-config.ts'
import { createEntrance } from '../src/http/entrance.ts'
import { Loops } from '../src/looping/loops.ts'
import { deviceReadModel } from '../src/projections/devices.ts'
import { FollowedAccount } from '../src/push/followed-accounts.ts'
import { Waiters } from '../src/push/waiters.ts'
import { AccountSettings } from '../src/sign-in/account-settings.ts'
import { RememberedCredentials } from '../src/sign-in/remembered-credentials.ts'
import { SignIn } from '../src/sign-in/sign-in.ts'
import { Traces } from '../src/tracing/traces.ts'
import { el } from '../src/wbxml/node.ts'
import { child, textOf } from '../src/wbxml/read.ts'
import { createDirectoryDouble } from './directory-double.ts'
import { EasClient } from './eas-client.ts'
import { mike } from './test-service.ts'

/** A command that waits until a test says that something happened; `again` says how often it then waits anew. */
const createWaiting = () => {
  const waiting: { context: CommandContext; again: number; finish(): void }[] = []
  const command: Command = {
    name: 'Ping',
    body: 'small',
    emptyBody: true,
    run: async (context) => {
      const followed = new FollowedAccount()
      const finish = () => followed.note({ position: 1, collections: ['inbox'], device: '' })
      const one = { context, again: 0, finish }
      waiting.push(one)
      const device = { ...context.rows.device, device: `d${waiting.length}` }
      const wait = {
        device,
        followed,
        collections: ['inbox'],
        hierarchy: false,
        forMs: 60_000,
        behind: () => [],
      }
      const goOn = (): CommandOutcome =>
        one.again-- > 0 ? { kind: 'waiting', wait, goOn } : answer(el('ping:Ping', [el('ping:Status', 1)]))
      return { kind: 'waiting', wait, goOn }
    },
  }
  return { waiting, command }
}

/** The endpoint with that command alone. */
const setUp = async (t: TestContext, maxRequests = 100) => {
  const folder = await temporaryFolder(t)
  const log = await openSqliteLog({ file: join(folder, 'log') })
  const projector = await openSqliteProjector({ log, folder, model: deviceReadModel })
  const store = await openSqliteStore({ file: join(folder, 'rows'), schema: deviceRowSchema, version: 1 })
  const directory = createDirectoryDouble(log, [mike])
  const logger = createLogger({ name: 'test', level: 'silent' })
  const clock = Date.now
  const { waiting, command } = createWaiting()
  const signIn = new SignIn({ directory: directory.client, remembered: new RememberedCredentials({ clock }) })
  const settings = new AccountSettings(directory.client, clock)
  const registry = new DeviceRegistry({ log, projector, clock })
  const held = new HeldRequests()
  const waiters = new Waiters({ clock, random: Math.random })
  const config = { ...defaultEasConfig, maxRequests }
  const entrance = createEntrance(config)
  const working = () => entrance.known.working + entrance.strangers.working
  const rowStore = new DeviceRowStore({ store, logger })
  const loops = new Loops({ logger, rowStore, maxRepeats: 0 })
  const listener = createEasEndpoint({
    ...{ signIn, settings, registry, rowStore, held, waiters, entrance, loops, config, clock, logger },
    traces: new Traces(),
    commands: new Map([[command.name, command]]),
    maxDevices: 10,
    budget: new ByteBudget(1_000_000),
    proxies: trustedProxies([]),
  })
  const server = createServer(easServerOptions, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const phone = new EasClient({
    url: `http://127.0.0.1:${port}`,
    user: mike.address,
    password: mike.password,
  })
  t.after(async () => {
    for (const { finish } of waiting) finish()
    phone.close()
    server.close()
    server.closeAllConnections()
    registry.close()
    await store.close()
    await projector.stop()
    await log.close()
  })
  const hold = async (signal?: AbortSignal) => {
    const before = waiting.length
    const count = held.count
    const response = phone.post('Ping', undefined, { signal })
    response.catch(() => undefined)
    await waitUntil(() => held.count > count)
    return {
      response,
      one: waiting[before]!,
      finish: waiting[before]!.finish,
      context: waiting[before]!.context,
    }
  }
  return { directory, held, waiters, working, settings, registry, phone, hold }
}

const statusOf = ({ root, status }: Awaited<ReturnType<EasClient['post']>>) =>
  root ? textOf(child(root, 'ping:Status')!) : `HTTP ${status}`

describe('a request that waits', () => {
  test('is answered when something happens', async (t) => {
    const { hold, held } = await setUp(t)
    const { response, finish } = await hold()
    assert.equal(held.count, 1)
    finish()
    assert.equal(statusOf(await response), '1')
    assert.equal(held.count, 0)
  })
  test('waits again where what woke it is none of its business, and is no load then either', async (t) => {
    const { hold, held, working, waiters } = await setUp(t)
    const { response, one, finish } = await hold()
    one.again = 1
    finish()
    await waitUntil(() => one.again === 0 && held.count === 1 && waiters.count === 1 && working() === 0)
    finish()
    assert.equal(statusOf(await response), '1')
    await waitUntil(() => working() === 0 && held.count === 0 && waiters.count === 0)
  })
  test('is no load: thousands may wait where few may work', async (t) => {
    const { hold, working, phone } = await setUp(t, 1)
    const waits = []
    for (let n = 0; n < 6; n += 1) waits.push(await hold())
    assert.equal(working(), 0)
    assert.equal((await phone.optionsRequest()).status, 200)
    for (const { finish } of waits) finish()
    for (const { response } of waits) assert.equal(statusOf(await response), '1')
    await waitUntil(() => working() === 0)
  })
  test('is forgotten when its client goes', async (t) => {
    const { hold, held, working, waiters } = await setUp(t)
    const leaving = new AbortController()
    await hold(leaving.signal)
    leaving.abort()
    await waitUntil(() => held.count === 0 && waiters.count === 0 && working() === 0)
  })
  test('126: ends when its account is locked', async (t) => {
    const { hold, held } = await setUp(t)
    const { response } = await hold()
    held.endAccount('acme', 'u1', terminal('ACCOUNT_LOCKED', 'locked'))
    assert.equal(statusOf(await response), '126')
  })
  test('401: ends when its password isn’t right any more', async (t) => {
    const { hold, held, directory } = await setUp(t)
    const { response } = await hold()
    directory.accounts[0]!.password = 'another'
    await held.recheckAccount('acme', 'u1')
    assert.equal(statusOf(await response), 'HTTP 401')
  })
  test('126: ends when EAS is switched off', async (t) => {
    const { hold, held, directory, settings } = await setUp(t)
    const { response } = await hold()
    directory.settings.set('eas.enabled', 'false')
    settings.forgetAll()
    await held.recheckAccount('acme', 'u1')
    assert.equal(statusOf(await response), '126')
  })
  for (const [command, status] of [
    [{ type: 'BlockDevice', device: 'APPLF17L2KX1', blocked: true }, '129'],
    [{ type: 'RemoveDevice', device: 'APPLF17L2KX1' }, '111'],
  ] as const)
    test(`${status}: ends when its device is gone: ${command.type}`, async (t) => {
      const { hold, held, registry } = await setUp(t)
      const { response, context } = await hold()
      const { identity } = context.call
      assert.ok(identity)
      await registry.execute(context.user, command, {
        identity,
        deadline: Date.now() + 60_000,
        correlation: '',
        traceparent: '',
      })
      await held.recheckAccount('acme', 'u1')
      assert.equal(statusOf(await response), status)
    })
  test('goes on where nothing is wrong', async (t) => {
    const { hold, held } = await setUp(t)
    const { response, finish } = await hold()
    await held.recheckAccount('acme', 'u1')
    assert.equal(held.count, 1)
    finish()
    assert.equal(statusOf(await response), '1')
  })
  test('is let in anew by its credential also when it waits again, and its head is forgotten', async (t) => {
    const { hold, held, waiters, directory } = await setUp(t)
    const { response, one, finish } = await hold()
    one.again = 1
    finish()
    await waitUntil(() => one.again === 0 && held.count === 1 && waiters.count === 1)
    await held.recheckAccount('acme', 'u1')
    assert.equal(held.count, 1)
    directory.accounts[0]!.password = 'another'
    await held.recheckAccount('acme', 'u1')
    assert.equal(statusOf(await response), 'HTTP 401')
  })
  test('knows until when its credential is good', async (t) => {
    const { hold, directory } = await setUp(t)
    assert.equal((await hold()).context.holdUntil, Number.POSITIVE_INFINITY)
    const soon = Date.now() + 60_000
    directory.expiresAt = soon
    assert.equal((await hold()).context.holdUntil, soon)
  })
  test('acts as the device, for the account, in its tenant', async (t) => {
    const { hold } = await setUp(t)
    const { context } = await hold()
    assert.deepEqual(context.call.identity, {
      tenant: 'acme',
      actor: { kind: 'device', id: 'u1', device: 'APPLF17L2KX1' },
      principal: 'u1',
    })
    assert.match(context.call.correlation ?? '', /^[0-9a-f-]{36}$/)
  })
})

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { AccountErased, AccountStateChanged, TenantStateChanged } from '@relais/proto/directory/v1/events.ts'
import { type RelaisError, retryable, terminal } from '@relais/service-kit'
import { waitUntil } from '@relais/testing'
import type { HeldRequest } from '../src/held/held-requests.ts'
import { el } from '../src/wbxml/node.ts'
import { child, textOf } from '../src/wbxml/read.ts'
import { rawHttp } from './raw-http.ts'
import { startTestService, type TestService } from './test-service.ts'

const settings = el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])])
const account = { tenant: 'acme', account: 'u1' }
const tenant = { tenant: 'acme', account: '-' }

const easStatus = async (service: TestService) => {
  const { status, root } = await service.phone().post('Settings', settings)
  return root ? textOf(child(root, 'settings:Status')!) : `HTTP ${status}`
}

/** A request that waits for as long as nothing ends it, as Ping does. */
const hold = (service: TestService, recheck: () => Promise<void>) => {
  const ended: RelaisError[] = []
  const device = { ...account, device: 'APPLF17L2KX1' }
  const request: HeldRequest = {
    device,
    recheck,
    end: (reason) => {
      ended.push(reason)
      service.service.held.remove(request)
    },
  }
  service.service.held.add(request)
  return ended
}

describe('signing in', () => {
  test('is asked of the directory once, then remembered', async (t) => {
    const service = await startTestService(t)
    for (let n = 0; n < 5; n += 1) assert.equal(await easStatus(service), '1')
    assert.equal(service.directory.signIns.length, 1)
  })
  test('several connections at once make one check', async (t) => {
    const service = await startTestService(t)
    await Promise.all(Array.from({ length: 6 }, () => easStatus(service)))
    assert.equal(service.directory.signIns.length, 1)
  })
  test('names the scope and the client’s address', async (t) => {
    const service = await startTestService(t, { config: { trustedProxies: ['127.0.0.1'] } })
    await service
      .phone()
      .post('Settings', settings, { headers: { 'X-Forwarded-For': '6.6.6.6, 203.0.113.9' } })
    const [signIn] = service.directory.signIns
    assert.deepEqual(
      [signIn?.scope, signIn?.clientAddress, signIn?.login],
      ['eas', '203.0.113.9', 'mike@example.org'],
    )
  })
  test('a refusal isn’t remembered: the right password works at once', async (t) => {
    const service = await startTestService(t)
    assert.equal((await service.phone({ password: 'no' }).post('Settings', settings)).status, 401)
    assert.equal((await service.phone({ password: 'no' }).post('Settings', settings)).status, 401)
    assert.equal(service.directory.signIns.length, 2)
    assert.equal(await easStatus(service), '1')
  })
  test('a password that isn’t ASCII is tried as UTF-8 and as Latin-1', async (t) => {
    const service = await startTestService(t)
    service.directory.accounts[0]!.password = 'grün'
    const latin1 = Buffer.from('mike@example.org:grün', 'latin1').toString('base64')
    for (const authorization of [service.phone({ password: 'grün' }).authorization, `Basic ${latin1}`]) {
      const { status } = await service
        .phone()
        .post('Settings', settings, { headers: { Authorization: authorization } })
      assert.equal(status, 200)
    }
  })
  test('headers that are no Basic credentials are 401 without asking anybody', async (t) => {
    const service = await startTestService(t)
    for (const header of [
      'Bearer x',
      'Basic',
      'Basic ####',
      'Basic bm9jb2xvbg==',
      `Basic ${'A'.repeat(9_000)}`,
    ]) {
      const { status } = await service
        .phone()
        .post('Settings', settings, { headers: { Authorization: header } })
      assert.equal(status, 401, header.slice(0, 20))
    }
    const none = await rawHttp(service.port, 'POST /Microsoft-Server-ActiveSync?Cmd=Ping HTTP/1.0\r\n\r\n')
    assert.match(none, /^HTTP\/1\.1 401 (?:.|\r|\n)*WWW-Authenticate: Basic/)
    assert.equal(service.directory.signIns.length, 0)
  })
  test('slowed down is 503 with the time to wait', async (t) => {
    const service = await startTestService(t)
    service.directory.refusal = retryable('SIGN_IN_SLOWED', 'slow', { retryAfterSeconds: 42 })
    const { status, headers } = await service.phone().post('Settings', settings)
    assert.deepEqual([status, headers['retry-after']], [503, '42'])
  })
  test('a directory that is away is 503, and asked again by the next request', async (t) => {
    const service = await startTestService(t)
    service.directory.refusal = retryable('UNAVAILABLE', 'away')
    const { status, headers, root } = await service.phone().post('Settings', settings)
    assert.equal(root ? textOf(child(root, 'settings:Status')!) : String(status), '111')
    assert.equal(headers['retry-after'], undefined)
    service.directory.refusal = undefined
    assert.equal(await easStatus(service), '1')
  })
  for (const code of ['ACCOUNT_LOCKED', 'ACCOUNT_SUSPENDED', 'TENANT_SUSPENDED', 'SCOPE_DENIED'])
    test(`126: ${code} with the right password; OPTIONS is 403`, async (t) => {
      const service = await startTestService(t)
      service.directory.refusal = terminal(code, 'no')
      assert.equal(await easStatus(service), '126')
      assert.equal((await service.phone().optionsRequest()).status, 403)
      assert.equal((await service.phone({ version: '12.1' }).post('Settings', settings)).status, 403)
    })
  test('126: EAS is off for the tenant; on again it works without a restart', async (t) => {
    const service = await startTestService(t)
    service.directory.settings.set('eas.enabled', 'false')
    assert.equal(await easStatus(service), '126')
    assert.equal((await service.phone().optionsRequest()).status, 403)
    service.directory.settings.set('eas.enabled', 'true')
    await service.directory.tell(tenant, 'TenantSettingsChanged')
    await waitUntil(async () => (await easStatus(service)) === '1')
  })
})

const remembered = async (t: TestContext) => {
  const service = await startTestService(t)
  assert.equal(await easStatus(service), '1')
  return service
}

describe('what the directory changes is true here within a second', () => {
  for (const type of ['PasswordSet', 'AppPasswordRevoked', 'AliasRemoved', 'AliasAdded', 'AccountChanged'])
    test(`${type}: the credential is asked about again`, async (t) => {
      const service = await remembered(t)
      await service.directory.tell(account, type)
      await waitUntil(async () => {
        await easStatus(service)
        return service.directory.signIns.length > 1
      })
    })
  test('PasswordSet: the old password stops working', async (t) => {
    const service = await remembered(t)
    service.directory.accounts[0]!.password = 'new'
    await service.directory.tell(account, 'PasswordSet')
    await waitUntil(async () => (await easStatus(service)) === 'HTTP 401')
    assert.equal((await service.phone({ password: 'new' }).post('Settings', settings)).status, 200)
  })
  test('events of other accounts leave it alone', async (t) => {
    const service = await remembered(t)
    await service.directory.tell({ tenant: 'acme', account: 'u2' }, 'PasswordSet')
    await service.directory.tell(
      { tenant: 'other', account: '-' },
      'TenantStateChanged',
      TenantStateChanged.encode({ state: 'active' }).finish(),
    )
    await service.directory.tell({ tenant: 'acme', account: 'u3' }, 'AccountChanged')
    assert.equal(await easStatus(service), '1')
    assert.equal(service.directory.signIns.length, 1)
  })
  test('AccountStateChanged to locked: its held requests end with that', async (t) => {
    const service = await remembered(t)
    const ended = hold(service, async () => undefined)
    await service.directory.tell(
      account,
      'AccountStateChanged',
      AccountStateChanged.encode({ state: 'locked' }).finish(),
    )
    assert.equal((await waitUntil(() => ended[0])).code, 'ACCOUNT_LOCKED')
  })
  test('TenantStateChanged to suspended: held requests of all its accounts end', async (t) => {
    const service = await remembered(t)
    const ended = hold(service, async () => undefined)
    await service.directory.tell(
      tenant,
      'TenantStateChanged',
      TenantStateChanged.encode({ state: 'suspended' }).finish(),
    )
    assert.equal((await waitUntil(() => ended[0])).code, 'TENANT_SUSPENDED')
  })
  test('PasswordSet: held requests are rechecked, and end only if they would not be let in', async (t) => {
    const service = await remembered(t)
    let rechecked = 0
    const kept = hold(service, async () => {
      rechecked += 1
    })
    const refused = hold(service, async () => {
      throw terminal('BAD_CREDENTIALS', 'wrong')
    })
    await service.directory.tell(account, 'PasswordSet')
    assert.equal((await waitUntil(() => refused[0])).code, 'BAD_CREDENTIALS')
    assert.deepEqual([rechecked, kept.length], [1, 0])
  })
  test('PlatformSettingsChanged: held requests of every tenant are rechecked', async (t) => {
    const service = await remembered(t)
    const refused = hold(service, async () => {
      throw terminal('EAS_DISABLED', 'off')
    })
    await service.directory.tell({ tenant: '-', account: '-' }, 'PlatformSettingsChanged')
    assert.equal((await waitUntil(() => refused[0])).code, 'EAS_DISABLED')
  })
  for (const [type, stream, payload] of [
    ['AccountDeleted', account, new Uint8Array()],
    ['AccountErased', tenant, AccountErased.encode({ account: 'u1' }).finish()],
  ] as const)
    test(`${type}: its held requests end as unknown`, async (t) => {
      const service = await remembered(t)
      const ended = hold(service, async () => undefined)
      await service.directory.tell(stream, type, payload)
      assert.equal((await waitUntil(() => ended[0])).code, 'BAD_CREDENTIALS')
    })
})

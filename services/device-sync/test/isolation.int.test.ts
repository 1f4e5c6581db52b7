import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Context, OPERATOR, retryable } from '@relais/service-kit'
import { waitUntil } from '@relais/testing'
import { longIdOf } from '../src/classes/long-id.ts'
import { serverIdOf } from '../src/classes/server-id.ts'
import { encodeWbxml } from '../src/wbxml/encode.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { child, textOf } from '../src/wbxml/read.ts'
import type { TestAccount } from './directory-double.ts'
import { testMessage } from './mail-double.ts'
import { mike, sharedTestService, startTestService } from './test-service.ts'

/** The same account id and the same device in another tenant: only the tenant tells them apart. */
const eve: TestAccount = { tenant: 'evil', account: 'u1', address: 'eve@evil.example', password: 'evil' }

const shared = sharedTestService({ accounts: [eve] })

const commands: readonly [name: string, body: WbxmlNode][] = [
  ['FolderSync', el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')])],
  [
    'ItemOperations',
    el('itemoperations:ItemOperations', [
      el('itemoperations:Fetch', [
        el('itemoperations:Store', 'Mailbox'),
        el('airsync:CollectionId', 'inbox'),
        el('airsync:ServerId', serverIdOf(77)),
      ]),
      el('itemoperations:Fetch', [
        el('itemoperations:Store', 'Mailbox'),
        el('airsyncbase:FileReference', `${serverIdOf(77)}:2`),
      ]),
      el('itemoperations:Fetch', [el('itemoperations:Store', 'Mailbox'), el('search:LongId', longIdOf(77))]),
      el('itemoperations:EmptyFolderContents', [el('airsync:CollectionId', 'trash')]),
      el('itemoperations:Move', [
        el('itemoperations:ConversationId', Buffer.alloc(16)),
        el('itemoperations:DstFldId', 'archive'),
        el('itemoperations:Options', [el('itemoperations:MoveAlways')]),
      ]),
    ]),
  ],
  [
    'Search',
    el('search:Search', [
      el('search:Store', [
        el('search:Name', 'Mailbox'),
        el('search:Query', [el('search:FreeText', 'mike@example.org')]),
      ]),
    ]),
  ],
  [
    'Find',
    el('find:Find', [
      el('find:SearchId', 'x'),
      el('find:ExecuteSearch', [
        el('find:MailBoxSearchCriterion', [el('find:Query', [el('find:FreeText', 'mike')])]),
      ]),
    ]),
  ],
  [
    'SendMail',
    el('composemail:SendMail', [
      el('composemail:ClientId', 'c'),
      el('composemail:Mime', Buffer.from('To: a@b\r\n\r\nx')),
    ]),
  ],
  [
    'SmartReply',
    el('composemail:SmartReply', [
      el('composemail:ClientId', 'c'),
      el('composemail:Source', [
        el('composemail:FolderId', 'inbox'),
        el('composemail:ItemId', serverIdOf(77)),
      ]),
      el('composemail:Mime', Buffer.from('To: a@b\r\n\r\nx')),
    ]),
  ],
]

const peopleCommands: readonly [name: string, body: WbxmlNode][] = [
  [
    'Search',
    el('search:Search', [
      el('search:Store', [el('search:Name', 'GAL'), el('search:Query', 'mike@example.org')]),
    ]),
  ],
  [
    'Find',
    el('find:Find', [
      el('find:SearchId', 'x'),
      el('find:ExecuteSearch', [el('find:GalSearchCriterion', [el('find:Query', 'mike')])]),
    ]),
  ],
  [
    'ResolveRecipients',
    el('resolverecipients:ResolveRecipients', [el('resolverecipients:To', 'mike@example.org')]),
  ],
]

/** What a handler finds in its context when an administrator calls. */
const asOperator = () =>
  ({ identity: OPERATOR, deadline: Date.now() + 60_000, correlation: '', traceparent: '' }) as Context

describe('whoever asks', () => {
  for (const [name, body] of commands)
    test(`${name} is about the signed-in account’s mail, whatever the request names`, async () => {
      const { mail } = shared()
      mail.messages.set(77, testMessage(77))
      mail.parts.set('77/2', { type: 'x/y', bytes: Buffer.from('abc') })
      const phone = shared().phone({ user: eve.address, password: eve.password, deviceId: 'SAME1' })
      const query = `Cmd=${name}&User=mike%40example.org&DeviceId=SAME1&DeviceType=iPhone&Tenant=acme`
      const { status } = await phone.request(`/Microsoft-Server-ActiveSync?${query}`, {
        method: 'POST',
        body: encodeWbxml(body),
        headers: { 'MS-ASProtocolVersion': '16.1', 'X-User': mike.address },
      })
      assert.equal(status, 200)
      assert.ok(mail.callers.length > 0)
      for (const { identity, tenant, account } of mail.callers) {
        assert.deepEqual([tenant, account], ['evil', 'u1'])
        assert.deepEqual(identity, {
          tenant: 'evil',
          actor: { kind: 'device', id: 'u1', device: 'SAME1' },
          principal: 'u1',
        })
      }
    })
  for (const [name, body] of peopleCommands)
    test(`${name} is about the people of the signed-in account’s tenant`, async () => {
      const { directory } = shared()
      const before = directory.searches.length
      const phone = shared().phone({ user: eve.address, password: eve.password, deviceId: 'SAME1' })
      const query = `Cmd=${name}&User=mike%40example.org&DeviceId=SAME1&DeviceType=iPhone&Tenant=acme`
      const { status } = await phone.request(`/Microsoft-Server-ActiveSync?${query}`, {
        method: 'POST',
        body: encodeWbxml(body),
        headers: { 'MS-ASProtocolVersion': '16.1' },
      })
      assert.equal(status, 200)
      const searches = directory.searches.slice(before)
      assert.ok(searches.length > 0)
      for (const { request, identity } of searches)
        assert.deepEqual([request.tenant, identity.tenant, identity.principal], ['evil', 'evil', 'u1'])
    })
  test('the same device of two accounts is two devices', async (t) => {
    const service = await startTestService(t, { accounts: [eve] })
    const settings = el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])])
    for (const { address, password } of [mike, eve])
      await service.phone({ user: address, password, deviceId: 'SAME1' }).post('Settings', settings)
    const streams: string[] = []
    for await (const batch of service.log.read({ service: 'device-sync' }, 0))
      streams.push(...batch.map(({ stream }) => `${stream.tenant}/${stream.account}`))
    assert.deepEqual(streams.sort(), ['acme/u1', 'evil/u1'])
  })
  test('one blocked in one tenant is not blocked in another', async (t) => {
    const service = await startTestService(t, { accounts: [eve] })
    const settings = el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])])
    const statusOf = async ({ address, password }: TestAccount) => {
      const { root } = await service
        .phone({ user: address, password, deviceId: 'SAME1' })
        .post('Settings', settings)
      return root && textOf(child(root, 'settings:Status')!)
    }
    await statusOf({ ...mike })
    await statusOf(eve)
    await service.service.handlers.blockDevice(
      { tenant: 'evil', account: 'u1', device: 'SAME1', blocked: true },
      asOperator(),
    )
    assert.equal(await statusOf(eve), '129')
    assert.equal(await statusOf({ ...mike }), '1')
  })
  test('a deleted account takes nobody else’s devices with it', async (t) => {
    const service = await startTestService(t, { accounts: [eve] })
    const settings = el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])])
    for (const { address, password } of [mike, eve])
      await service.phone({ user: address, password }).post('Settings', settings)
    const devicesIn = async (tenant: string) => {
      const page = { tenant, account: '', pageSize: 0, pageToken: '' }
      return (await service.service.handlers.listDevices(page, asOperator())).devices?.length
    }
    await waitUntil(async () => (await devicesIn('evil')) === 1 && (await devicesIn('acme')) === 1)
    await service.directory.tell({ tenant: 'evil', account: 'u1' }, 'AccountDeleted')
    await waitUntil(async () => (await devicesIn('evil')) === 0)
    assert.equal(await devicesIn('acme'), 1)
  })
})

describe('what is logged', () => {
  test('of an error nobody foresaw is where it was, not what it was about', async (t) => {
    const service = await startTestService(t)
    const settings = el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])])
    await service.phone().post('Settings', settings)
    service.mail.failure = new RangeError('can’t parse "Salary of Ann" of ann@example.org') as never
    const { root } = await service
      .phone()
      .post('FolderSync', el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')]))
    assert.ok(root)
    const text = service.logged.join('\n')
    for (const secret of ['Salary', 'ann@example.org', 'mike@example.org', 'secret'])
      assert.ok(!text.includes(secret), secret)
  })
  test('of what we couldn’t do is told to the operator', async (t) => {
    const service = await startTestService(t)
    service.mail.failure = retryable('UNAVAILABLE', 'away')
    await service
      .phone()
      .post('FolderSync', el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')]))
    const warning = service.logged.map((line) => JSON.parse(line)).find(({ level }) => level === 'warn')
    assert.deepEqual([warning.code, warning.command, warning.account], ['UNAVAILABLE', 'FolderSync', 'u1'])
  })
  test('of a refusal are ids and a code, for those who look for it', async (t) => {
    const service = await startTestService(t)
    const settings = el('settings:Settings', [el('settings:Oof')])
    await service.phone().post('Settings', settings)
    await service.phone().post('Settings', el('settings:Settings'))
    const refusal = service.logged
      .map((line) => JSON.parse(line))
      .find(({ msg }) => msg === 'a request was refused')
    assert.deepEqual(
      [refusal.tenant, refusal.account, refusal.device, refusal.command, refusal.code],
      ['acme', 'u1', 'APPLF17L2KX1', 'Settings', 'INVALID_VALUE'],
    )
    assert.match(refusal.correlation, /^[0-9a-f-]{36}$/)
  })
})

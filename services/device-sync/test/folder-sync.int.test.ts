import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { Mailbox, type SyncMailboxesResponse } from '@relais/proto/mail/v1/mail.ts'
import { retryable } from '@relais/service-kit'
import { waitUntil } from '@relais/testing'
import { el } from '../src/wbxml/node.ts'
import { child, childrenNamed, descendant, textOf } from '../src/wbxml/read.ts'
import type { EasClient, EasResponse } from './eas-client.ts'
import { startTestService, type TestService } from './test-service.ts'

type Box = { mailbox: string; role?: string; name?: string; parent?: string }

const change = ({ mailbox, role = '', name = mailbox, parent = '' }: Box, added = true) => ({
  added,
  mailbox: Mailbox.fromPartial({ mailbox, role, name, parent }),
})

const answer = (
  position: number,
  boxes: Box[],
  more: Partial<SyncMailboxesResponse> = {},
): SyncMailboxesResponse => ({
  changes: boxes.map((box) => change(box)),
  removed: [],
  position,
  stale: false,
  ...more,
})

const defaults: Box[] = [
  { mailbox: 'inbox', role: 'inbox', name: 'Posteingang' },
  { mailbox: 'drafts', role: 'drafts' },
  { mailbox: 'sent', role: 'sent' },
  { mailbox: 'trash', role: 'trash' },
  { mailbox: 'junk', role: 'junk' },
  { mailbox: 'archive', role: 'archive' },
  { mailbox: 'outbox', role: 'outbox' },
]
const subfolders: Box[] = [
  { mailbox: 'm2', name: 'Deep', parent: 'm1' },
  { mailbox: 'm1', name: 'Work', parent: 'inbox' },
]

const sync = (phone: EasClient, key: string) =>
  phone.post('FolderSync', el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', key)]))

const text = ({ root }: EasResponse, ...path: Parameters<typeof descendant>[1][]) => {
  const found = descendant(root, ...path)
  return found && textOf(found)
}
const statusOf = (response: EasResponse) => text(response, 'folderhierarchy:Status')
const keyOf = (response: EasResponse) => text(response, 'folderhierarchy:SyncKey') ?? ''

const changed = ({ root }: EasResponse, kind: 'Add' | 'Update' | 'Delete') =>
  childrenNamed(child(root, 'folderhierarchy:Changes')!, `folderhierarchy:${kind}`).map((node) =>
    (['ServerId', 'ParentId', 'DisplayName', 'Type'] as const).flatMap((name) => {
      const found = child(node, `folderhierarchy:${name}`)
      return found ? [textOf(found)] : []
    }),
  )

const setUp = async (t: TestContext) => {
  const service = await startTestService(t)
  service.mail.hierarchy.set(0, answer(10, [...defaults, ...subfolders]))
  return { service, phone: service.phone() }
}

const first = async ({ phone }: { phone: EasClient }) => keyOf(await sync(phone, '0'))

describe('FolderSync', () => {
  test('with key 0 brings all folders, each with its type, parents first', async (t) => {
    const { phone } = await setUp(t)
    const response = await sync(phone, '0')
    assert.equal(statusOf(response), '1')
    assert.deepEqual(changed(response, 'Add'), [
      ['inbox', '0', 'Posteingang', '2'],
      ['drafts', '0', 'drafts', '3'],
      ['sent', '0', 'sent', '5'],
      ['trash', '0', 'trash', '4'],
      ['junk', '0', 'junk', '12'],
      ['archive', '0', 'archive', '12'],
      ['outbox', '0', 'outbox', '6'],
      ['m1', 'inbox', 'Work', '12'],
      ['m2', 'm1', 'Deep', '12'],
    ])
    assert.equal(text(response, 'folderhierarchy:Changes', 'folderhierarchy:Count'), '9')
  })
  test('[HTTP 1104]: key 0 also tells versions and commands; other keys never do', async (t) => {
    const { phone } = await setUp(t)
    const response = await sync(phone, '0')
    assert.equal(response.headers['x-ms-rp'], '2.5,12.0,12.1,14.0,14.1,16.0,16.1')
    assert.equal(response.headers['ms-asprotocolversions'], '2.5,12.0,12.1,14.0,14.1,16.0,16.1')
    assert.match(String(response.headers['ms-asprotocolcommands']), /FolderSync/)
    const second = await sync(phone, keyOf(response))
    assert.equal(second.headers['x-ms-rp'], undefined)
  })
  test('without changes gives the same key and Count 0', async (t) => {
    const world = await setUp(t)
    const key = await first(world)
    const response = await sync(world.phone, key)
    assert.deepEqual([statusOf(response), keyOf(response)], ['1', key])
    assert.equal(text(response, 'folderhierarchy:Changes', 'folderhierarchy:Count'), '0')
  })
  test('tells what changed since the key', async (t) => {
    const world = await setUp(t)
    const key = await first(world)
    world.service.mail.hierarchy.set(10, {
      changes: [change({ mailbox: 'm3', name: 'New' }), change({ mailbox: 'm1', name: 'Renamed' }, false)],
      removed: ['m2'],
      position: 14,
      stale: false,
    })
    const response = await sync(world.phone, key)
    assert.deepEqual(changed(response, 'Add'), [['m3', '0', 'New', '12']])
    assert.deepEqual(changed(response, 'Update'), [['m1', '0', 'Renamed', '12']])
    assert.deepEqual(changed(response, 'Delete'), [['m2']])
    assert.notEqual(keyOf(response), key)
  })
  test('a lost answer costs nothing: the same key tells the same again', async (t) => {
    const world = await setUp(t)
    const key = await first(world)
    world.service.mail.hierarchy.set(10, answer(14, [{ mailbox: 'm3' }]))
    const [one, two] = [await sync(world.phone, key), await sync(world.phone, key)]
    assert.deepEqual(two.bytes, one.bytes)
    assert.deepEqual((await sync(world.phone, '0')).root, (await sync(world.phone, '0')).root)
  })
  test('keys outlive a restart and lost device rows', async (t) => {
    const world = await setUp(t)
    const key = await first(world)
    const again = await world.service.restart()
    assert.equal(statusOf(await sync(again.phone(), key)), '1')
    assert.equal(statusOf(await sync(again.phone({ deviceId: 'NEVERSEEN1' }), key)), '1')
  })
  test('9: a key that never was one, or of another log', async (t) => {
    const world = await setUp(t)
    const key = await first(world)
    assert.equal(statusOf(await sync(world.phone, '{some-uuid}4')), '9')
    world.service.directory.epoch = 8
    await world.service.directory.tell({ tenant: 'acme', account: 'u1' }, 'AccountChanged')
    await waitUntil(async () => statusOf(await sync(world.phone, key)) === '9')
  })
  test('9: a key older than what is remembered of removed folders', async (t) => {
    const world = await setUp(t)
    const key = await first(world)
    world.service.mail.hierarchy.set(10, answer(14, [], { stale: true }))
    assert.equal(statusOf(await sync(world.phone, key)), '9')
  })
  test('10: no key, an empty one, or one that is too long', async (t) => {
    const { phone } = await setUp(t)
    for (const root of [
      el('folderhierarchy:FolderSync'),
      el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey')]),
      el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', 'x'.repeat(65))]),
    ])
      assert.equal(statusOf(await phone.post('FolderSync', root)), '10')
  })
  test('111: the mail service is away, to be tried again', async (t) => {
    const { service, phone } = await setUp(t)
    service.mail.failure = retryable('UNAVAILABLE', 'away')
    assert.equal(statusOf(await sync(phone, '0')), '111')
  })
  test('6: something unforeseen', async (t) => {
    const { service, phone } = await setUp(t)
    service.mail.failure = new RangeError('bug') as never
    assert.equal(statusOf(await sync(phone, '0')), '6')
  })
  test('cuts names that are too long for a phone', async (t) => {
    const { service, phone } = await setUp(t)
    service.mail.hierarchy.set(0, answer(10, [{ mailbox: 'm1', name: 'x'.repeat(1_000) }]))
    assert.equal(changed(await sync(phone, '0'), 'Add')[0]?.[2]?.length, 256)
  })
  test('brings a thousand folders', async (t) => {
    const { service, phone } = await setUp(t)
    const many = Array.from({ length: 1_000 }, (_, n) => ({
      mailbox: `m${n}`,
      parent: n === 0 ? '' : `m${Math.floor((n - 1) / 4)}`,
    }))
    service.mail.hierarchy.set(0, answer(10, many))
    assert.equal(changed(await sync(phone, '0'), 'Add').length, 1_000)
  })
  test('Android’s probe "validate" makes no device', async (t) => {
    const { service } = await setUp(t)
    const response = await sync(service.phone({ deviceId: 'validate', deviceType: 'Android' }), '0')
    assert.equal(statusOf(response), '1')
    assert.equal(await service.log.head({ service: 'device-sync' }), 0)
  })
})

describe('eas.subfolders', () => {
  const off = async (service: TestService, value = 'false') => {
    service.directory.settings.set('eas.subfolders', value)
    await service.directory.tell({ tenant: 'acme', account: '-' }, 'TenantSettingsChanged')
  }

  test('off: a new phone gets the default folders only', async (t) => {
    const { service, phone } = await setUp(t)
    service.directory.settings.set('eas.subfolders', 'false')
    assert.deepEqual(
      changed(await sync(phone, '0'), 'Add').map(([id]) => id),
      defaults.map(({ mailbox }) => mailbox),
    )
  })
  test('switched off: a phone that had all deletes the others; switched on: it gets them again', async (t) => {
    const world = await setUp(t)
    const key = await first(world)
    await off(world.service)
    const less = await waitUntil(async () => {
      const response = await sync(world.phone, key)
      return changed(response, 'Delete').length > 0 ? response : undefined
    })
    assert.deepEqual(changed(less, 'Delete').flat().sort(), ['m1', 'm2'])
    await off(world.service, 'true')
    const more = await waitUntil(async () => {
      const response = await sync(world.phone, keyOf(less))
      return changed(response, 'Add').length > 0 ? response : undefined
    })
    assert.deepEqual(
      changed(more, 'Add').map(([id]) => id),
      ['m1', 'm2'],
    )
    assert.equal(statusOf(await sync(world.phone, keyOf(more))), '1')
  })
})

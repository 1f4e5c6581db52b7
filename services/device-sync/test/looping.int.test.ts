import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { slowingRows } from '../src/looping/slowing.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import type { EasClient } from './eas-client.ts'
import { startTestService, type TestService } from './test-service.ts'

const MAX = 5

const folderSync = el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')])
const settings = el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])])
const malformed = Buffer.from('<Sync/>')

const repeat = async (phone: EasClient, command: string, body: WbxmlNode | Buffer, times: number) => {
  const answers = []
  for (let n = 0; n < times; n += 1) answers.push(await phone.post(command, body))
  return answers
}

const config = { maxRepeats: MAX }

const warningsIn = ({ logged }: TestService) =>
  logged.filter((line) => line.includes('again and again')).map((line) => JSON.parse(line))

describe('a phone that loops', () => {
  const kinds: readonly (readonly [string, string, WbxmlNode | Buffer, string, string])[] = [
    ['FolderSyncs', 'FolderSync', folderSync, 'folder_sync_storm', 'CommandFrequency'],
    ['the same question', 'Settings', settings, 'same_request', 'RecentCommands'],
    ['a document that can not be read', 'Sync', malformed, 'same_key', 'SyncCommands'],
    ['Pings', 'Ping', el('ping:Ping'), 'ping_storm', 'CommandFrequency'],
  ]
  for (const [name, command, body, reason, throttle] of kinds)
    test(`with ${name} is told when to come back, and the log says it once`, async (context) => {
      const service = await startTestService(context, { config })
      const answers = await repeat(service.phone(), command, body, MAX + 5)
      assert.deepEqual(
        answers.map(({ status }) => status === 503),
        [...new Array(MAX + 2).fill(false), true, true, true],
      )
      const { headers, bytes } = answers.at(-1)!
      assert.ok(Number(headers['retry-after']) > 50 && Number(headers['retry-after']) <= 60)
      assert.equal(headers['x-ms-asthrottle'], throttle)
      assert.equal(bytes.length, 0)
      const [warning, ...more] = warningsIn(service)
      assert.deepEqual(
        [warning?.reason, warning?.command, warning?.device],
        [reason, command, 'APPLF17L2KX1'],
      )
      assert.equal(more.length, 0)
    })

  test('may do everything else meanwhile, and all again when the time is over', async (context) => {
    const service = await startTestService(context, { config })
    const phone = service.phone()
    await repeat(phone, 'FolderSync', folderSync, MAX + 3)
    assert.equal((await phone.post('Settings', settings)).status, 200)
    assert.equal((await phone.post('FolderSync', folderSync)).status, 503)
    service.clock.advance(61_000)
    assert.equal((await phone.post('FolderSync', folderSync)).status, 200)
  })

  test('is one device: others of the account and other accounts don’t feel it', async (context) => {
    const ann = { tenant: 'acme', account: 'u2', address: 'ann@example.org', password: 'other' }
    const service = await startTestService(context, { config, accounts: [ann] })
    await repeat(service.phone(), 'FolderSync', folderSync, MAX + 3)
    assert.equal((await service.phone({ deviceId: 'OTHER1' }).post('FolderSync', folderSync)).status, 200)
    const hers = service.phone({ user: ann.address, password: ann.password })
    assert.equal((await hers.post('FolderSync', folderSync)).status, 200)
  })

  test('is remembered with its rows: a process that starts anew, or another one, goes on slowing it', async (context) => {
    const service = await startTestService(context, { config })
    await repeat(service.phone(), 'FolderSync', folderSync, MAX + 3)
    const again = await service.restart()
    assert.equal((await again.phone().post('FolderSync', folderSync)).status, 503)
    assert.equal(slowingRows.name, 'looping')
  })

  test('is shown to administrators with its reason', async (context) => {
    const service = await startTestService(context, { config })
    await repeat(service.phone(), 'FolderSync', folderSync, MAX + 3)
    const { devices } = await service.service.handlers.listDevices(
      { tenant: 'acme', account: 'u1', pageSize: 0, pageToken: '' },
      { identity: { tenant: '', principal: '', actor: { kind: 'operator', id: 'o', device: '' } } } as never,
    )
    const [device] = devices ?? []
    assert.deepEqual(
      [device?.loop, device?.loopCommand, device?.loopItem, device?.loopTimes],
      ['folder_sync_storm', 'FolderSync', '', 1],
    )
    assert.equal(Number(device?.slowedUntil) - Number(device?.loopAt), 60_000)
  })

  const operator = {
    identity: { tenant: '', principal: '', actor: { kind: 'operator', id: 'o', device: '' } },
    deadline: Number.POSITIVE_INFINITY,
  } as never
  const release = ({ service }: TestService, device = 'APPLF17L2KX1') =>
    service.handlers.releaseDevice({ tenant: 'acme', account: 'u1', device }, operator)

  test('is let in again at once where an administrator releases it, and is watched as before', async (context) => {
    const service = await startTestService(context, { config })
    const phone = service.phone()
    assert.deepEqual(await repeat(phone, 'FolderSync', folderSync, 1).then(() => release(service)), {
      released: false,
    })
    await repeat(phone, 'FolderSync', folderSync, MAX + 3)
    assert.equal((await phone.post('FolderSync', folderSync)).status, 503)
    assert.deepEqual(await release(service), { released: true })
    assert.deepEqual(await release(service), { released: false })
    const answers = await repeat(phone, 'FolderSync', folderSync, MAX + 3)
    assert.deepEqual([answers[0]?.status, answers.at(-2)?.status, answers.at(-1)?.status], [200, 200, 503])
    await assert.rejects(async () => release(service, 'UNKNOWN'), { code: 'DEVICE_NOT_FOUND' })
  })

  test('is released for good: also for a process that starts anew', async (context) => {
    const service = await startTestService(context, { config })
    await repeat(service.phone(), 'FolderSync', folderSync, MAX + 3)
    await release(service)
    const again = await service.restart()
    assert.equal((await again.phone().post('FolderSync', folderSync)).status, 200)
  })

  test('is released by administrators alone', async (context) => {
    const service = await startTestService(context, { config })
    const device = { tenant: 'acme', account: 'u1', device: 'APPLF17L2KX1' }
    for (const identity of [
      { tenant: 'acme', principal: 'u1', actor: { kind: 'account', id: 'u1', device: '' } },
      { tenant: 'other', principal: '', actor: { kind: 'operator', id: 'o', device: '' } },
    ])
      await assert.rejects(
        async () => service.service.handlers.releaseDevice(device, { identity } as never),
        {
          code: 'PERMISSION_DENIED',
        },
      )
  })

  test('is slowed also while it is refused for another reason', async (context) => {
    const service = await startTestService(context, { config })
    const phone = service.phone()
    await phone.post('FolderSync', folderSync)
    await service.service.handlers.blockDevice(
      { tenant: 'acme', account: 'u1', device: 'APPLF17L2KX1', blocked: true },
      { identity: { tenant: '', principal: '', actor: { kind: 'operator', id: 'o', device: '' } } } as never,
    )
    const answers = await repeat(phone, 'FolderSync', folderSync, MAX + 4)
    assert.deepEqual([answers[0]?.status, answers.at(-1)?.status], [200, 503])
  })

  test('isn’t one that fetches many attachments of 2.5, which only their query tells apart', async (context) => {
    const service = await startTestService(context, { config })
    const phone = service.phone({ version: '2.5' })
    for (let n = 0; n < MAX + 5; n += 1) {
      const { status } = await phone.post('GetAttachment', undefined, {
        parameters: `&AttachmentName=a${n}%3a2`,
      })
      assert.equal(status, 500)
    }
    let status = 500
    for (let n = 0; n < MAX + 5 && status === 500; n += 1)
      status = (await phone.post('GetAttachment', undefined, { parameters: '&AttachmentName=a1%3a2' })).status
    assert.equal(status, 503)
  })

  test('isn’t looked for where the operator says so', async (context) => {
    const service = await startTestService(context, { config: { maxRepeats: 0 } })
    const answers = await repeat(service.phone(), 'FolderSync', folderSync, 100)
    assert.ok(answers.every(({ status }) => status === 200))
  })
})

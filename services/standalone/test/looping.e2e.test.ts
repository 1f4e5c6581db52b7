import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { DeviceSync } from '@relais/device-sync'
import { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { child, textChild } from '@relais/device-sync/wbxml/read.ts'
import { DeviceSyncDefinition } from '@relais/proto/device_sync/v1/device_sync.ts'
import { createLocalClient } from '@relais/service-kit'
import { waitUntil } from '@relais/testing'
import fc from 'fast-check'
import { standaloneOnly } from './form.ts'
import { addsIn, bodyIn, collectionIn, syncOf } from './inbox-sync.fixture.ts'
import { play, schedule } from './phones/schedule.ts'
import { PairWorld, StandaloneWorld } from './phones/standalone-world.ts'
import { OPERATOR, type Person } from './phones/world.ts'
import { testFolder } from './process.ts'

/** As it is run. */
class WatchingWorld extends StandaloneWorld {
  protected override get maxRepeats(): number {
    return 60
  }

  get administered() {
    return createLocalClient(DeviceSyncDefinition, this.relais.deviceSync.handlers)
  }
}

const folder = testFolder()
const world = new WatchingWorld(`${folder.path}/data`)
const clients: EasClient[] = []
before(() => world.start())
after(async () => {
  for (const client of clients) client.close()
  await world.stop()
  folder.remove()
})

const COUNT = 30

/** A phone with a key, and mail that it has yet to get. */
const primed = async () => {
  const person = await world.person()
  await world.deliver(person, 'inbox', COUNT)
  const { address: user, password } = person
  const client = new EasClient({ url: world.urls[0]!, user, password, deviceId: `STUCK${clients.length}` })
  clients.push(client)
  const { root } = await client.post('Sync', syncOf('0'))
  return { person, client, key: textChild(collectionIn(root), 'airsync:SyncKey')! }
}

const shown = async ({ account }: Person) => {
  const { devices } = await world.administered.listDevices(
    { tenant: 'acme', account, pageSize: 10, pageToken: '' },
    { identity: OPERATOR },
  )
  return devices[0]
}

describe('a phone that does not get over a message', standaloneOnly('one process counts'), () => {
  test('is given fewer at a time, then that one, then that one without its body, and goes on', async () => {
    const { person, client, key } = await primed()
    // How often each comes depends on the machine: a repeat is forgotten in ten seconds.
    const counts = new Set<number>()
    let last: WbxmlNode | undefined
    while (!bodyIn(addsIn(last)[0]).includes('could not take this message')) {
      const { status, root } = await client.post('Sync', syncOf(key))
      assert.equal(status, 200)
      last = collectionIn(root)
      counts.add(addsIn(last).length)
    }
    assert.deepEqual([...counts], [COUNT, 25, 5, 1])
    const [stub] = addsIn(last)
    assert.match(textChild(child(stub, 'airsync:ApplicationData'), 'email:Subject') ?? '', /^Message \d+$/)
    const seen = await shown(person)
    assert.deepEqual(
      [seen?.loop, seen?.loopItem, seen?.slowedUntil],
      ['bad_item', textChild(stub, 'airsync:ServerId'), seen?.loopAt],
    )
    let next = textChild(last, 'airsync:SyncKey')!
    let more = 0
    for (;;) {
      const node = collectionIn((await client.post('Sync', syncOf(next))).root)
      if (!node) break
      more += addsIn(node).length
      assert.ok(addsIn(node).every((add) => !bodyIn(add).includes('could not take')))
      next = textChild(node, 'airsync:SyncKey')!
    }
    assert.equal(more, COUNT - 1)
  })

  test('is slowed down in the end if it takes not even that', async () => {
    const { person, client, key } = await primed()
    let status = 200
    for (let n = 0; n < 100 && status === 200; n += 1)
      status = (await client.post('Sync', syncOf(key))).status
    assert.equal(status, 503)
    const seen = await shown(person)
    assert.deepEqual([seen?.loop, seen?.loopCommand], ['bad_item', 'Sync'])
  })
})

describe('a phone that loops over many folders', standaloneOnly('one process counts'), () => {
  test('is slowed down, says why, and goes on once it is released', async () => {
    const person = await world.person()
    const { address: user, password, account } = person
    const client = new EasClient({ url: world.urls[0]!, user, password, deviceId: 'MANY' })
    clients.push(client)
    // Keys that can't be: the phone doesn't get over their Status 3.
    const request = (n: number) => syncOf(`{none}${n % 20}`)
    let status = 200
    for (let n = 0; n < 20 * 200 && status === 200; n += 1)
      status = (await client.post('Sync', request(n))).status
    assert.equal(status, 503)
    const seen = await shown(person)
    assert.deepEqual([seen?.loop, seen?.loopCommand], ['many_requests', 'Sync'])
    const { released } = await world.administered.releaseDevice(
      { tenant: 'acme', account, device: 'MANY' },
      { identity: OPERATOR },
    )
    assert.equal(released, true)
    assert.equal((await client.post('Sync', request(0))).status, 200)
    assert.ok(((await shown(person))?.slowedUntil ?? 0) <= Date.now())
  })
})

describe('a phone that works', standaloneOnly('one process counts'), () => {
  test('is never slowed down, whatever it and others do, answers lost and requests repeated', async () => {
    // These phones repeat a Sync more often than any that works, and may be sent a stub for it.
    const slowed = async () => {
      const request = { tenant: 'acme', account: '', pageSize: 1000, pageToken: '' }
      const { devices } = await world.administered.listDevices(request, { identity: OPERATOR })
      return devices.filter(({ slowedUntil, loopAt }) => slowedUntil > loopAt).map(({ device }) => device)
    }
    const before = await slowed()
    const played = fc.asyncProperty(schedule, (one) => play(world, one))
    await fc.assert(played, { numRuns: 8, endOnFailure: true })
    assert.deepEqual(await slowed(), before)
  })

  test('looks into thirty folders again and again as its user pulls, without being slowed down', async () => {
    const person = await world.person()
    const { address: user, password } = person
    const client = new EasClient({ url: world.urls[0]!, user, password, deviceId: 'PULLS' })
    clients.push(client)
    const mailboxes = ['inbox', 'drafts', 'sent', 'trash', 'junk', 'archive']
    const folders = Array.from({ length: 30 }, (_, n) => mailboxes[n % mailboxes.length] ?? 'inbox')
    const ofFolder = (folder: string, n: number, key: string) =>
      el('airsync:Sync', [
        el('airsync:Collections', [
          el('airsync:Collection', [
            el('airsync:SyncKey', key),
            el('airsync:CollectionId', folder),
            el('airsync:WindowSize', 100 + n),
          ]),
        ]),
      ])
    const keys: string[] = []
    for (const [n, folder] of folders.entries())
      keys.push(
        textChild(
          collectionIn((await client.post('Sync', ofFolder(folder, n, '0'))).root),
          'airsync:SyncKey',
        ) ?? '',
      )
    for (let pull = 0; pull < 12; pull += 1)
      for (const [n, folder] of folders.entries()) {
        const { status, root } = await client.post('Sync', ofFolder(folder, n, keys[n] ?? ''))
        assert.equal(status, 200)
        keys[n] = textChild(collectionIn(root), 'airsync:SyncKey') ?? keys[n] ?? ''
      }
    assert.equal((await shown(person))?.loop, '')
  })

  test('fetches a mailbox one message at a time without being slowed down', async () => {
    const person = await world.person()
    await world.deliver(person, 'inbox', 150)
    const { address: user, password } = person
    const client = new EasClient({ url: world.urls[0]!, user, password, deviceId: 'WORKS' })
    clients.push(client)
    const first = collectionIn((await client.post('Sync', syncOf('0'))).root)
    let key = textChild(first, 'airsync:SyncKey')!
    let got = 0
    for (;;) {
      const body = el('airsync:Sync', [
        el('airsync:Collections', [
          el('airsync:Collection', [
            el('airsync:SyncKey', key),
            el('airsync:CollectionId', 'inbox'),
            el('airsync:WindowSize', 1),
          ]),
        ]),
      ])
      const answer = await client.post('Sync', body)
      assert.equal(answer.status, 200)
      const node = collectionIn(answer.root)
      if (!node) break
      got += addsIn(node).length
      key = textChild(node, 'airsync:SyncKey')!
    }
    assert.equal(got, 150)
    assert.equal((await shown(person))?.loop, '')
  })
})

class WatchingPair extends PairWorld {
  #pair: readonly DeviceSync[] = []

  protected override get maxRepeats(): number {
    return 60
  }

  protected override async deviceSyncs(): Promise<readonly DeviceSync[]> {
    this.#pair = await super.deviceSyncs()
    return this.#pair
  }

  administered(at: number) {
    return createLocalClient(DeviceSyncDefinition, this.#pair[at]!.handlers, { identity: OPERATOR })
  }
}

test(
  'a loop that one process sees is slowed down at the other too, which counts nothing of it itself, and can release it',
  standaloneOnly('two device-syncs in one process'),
  async (context) => {
    const pair = new WatchingPair(`${folder.path}/pair`)
    await pair.start()
    context.after(() => pair.stop())
    const { address: user, password, account } = await pair.person()
    const [one, two] = pair.urls.map((url) => new EasClient({ url, user, password, deviceId: 'BOTH' }))
    context.after(() => {
      one!.close()
      two!.close()
    })
    const folderSync = el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')])
    assert.equal((await two!.post('FolderSync', folderSync)).status, 200)
    let status = 200
    for (let n = 0; n < 100 && status === 200; n += 1)
      status = (await one!.post('FolderSync', folderSync)).status
    assert.equal(status, 503)
    const answer = await two!.post('FolderSync', folderSync)
    assert.equal(answer.status, 503)
    assert.ok(Number(answer.headers['retry-after']) > 0)
    assert.equal(
      (
        await two!.post(
          'Settings',
          el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])]),
        )
      ).status,
      200,
    )
    const device = { tenant: 'acme', account, device: 'BOTH' }
    assert.deepEqual(await pair.administered(1).releaseDevice(device), { released: true })
    assert.equal((await two!.post('FolderSync', folderSync)).status, 200)
    // The one that saw the loop looks into the rows within two seconds.
    const isLetIn = async () => (await one!.post('FolderSync', folderSync)).status === 200
    await waitUntil(isLetIn, { what: 'the other process lets it in' })
  },
)

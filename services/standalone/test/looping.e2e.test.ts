import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { child, childrenNamed, descendant, textChild, textOf } from '@relais/device-sync/wbxml/read.ts'
import { DeviceSyncDefinition } from '@relais/proto/device_sync/v1/device_sync.ts'
import { createLocalClient } from '@relais/service-kit'
import { standaloneOnly } from './form.ts'
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

const syncOf = (key: string) =>
  el('airsync:Sync', [
    el('airsync:Collections', [
      el('airsync:Collection', [el('airsync:SyncKey', key), el('airsync:CollectionId', 'inbox')]),
    ]),
  ])

const collectionIn = (root: WbxmlNode | undefined) =>
  descendant(root, 'airsync:Collections', 'airsync:Collection')

const addsIn = (node: WbxmlNode | undefined) =>
  childrenNamed(child(node, 'airsync:Commands') ?? el('airsync:Commands'), 'airsync:Add')

const bodyIn = (add: WbxmlNode | undefined): string => {
  const data = descendant(add, 'airsync:ApplicationData', 'airsyncbase:Body', 'airsyncbase:Data')
  return data ? textOf(data, 10_000) : ''
}

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
    const counts: number[] = []
    let last: WbxmlNode | undefined
    for (let n = 0; n <= 12; n += 1) {
      last = collectionIn((await client.post('Sync', syncOf(key))).root)
      counts.push(addsIn(last).length)
    }
    assert.deepEqual(counts, [COUNT, COUNT, COUNT, 25, 25, 25, 5, 5, 5, 1, 1, 1, 1])
    const [stub] = addsIn(last)
    assert.match(bodyIn(stub), /could not take this message/)
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

describe('a phone that works', standaloneOnly('one process counts'), () => {
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
  protected override get maxRepeats(): number {
    return 60
  }
}

test(
  'a loop that one process sees is slowed down at the other too, which counts nothing of it itself',
  standaloneOnly('two device-syncs in one process'),
  async (context) => {
    const pair = new WatchingPair(`${folder.path}/pair`)
    await pair.start()
    context.after(() => pair.stop())
    const { address: user, password } = await pair.person()
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
  },
)

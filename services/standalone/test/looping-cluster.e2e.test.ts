import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { textChild } from '@relais/device-sync/wbxml/read.ts'
import { waitUntil } from '@relais/testing'
import { clusterOnly } from './form.ts'
import { addsIn, bodyIn, collectionIn, syncOf } from './inbox-sync.fixture.ts'
import { ClusterWorld } from './phones/cluster-world.ts'
import { OPERATOR, type Person } from './phones/world.ts'
import { testFolder } from './process.ts'

/** As it is run. */
class WatchingCluster extends ClusterWorld {
  protected override get maxRepeats(): number {
    return 60
  }
}

const folderSync = el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')])

const userInformation = el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])])

const pingOfInbox = el('ping:Ping', [
  el('ping:HeartbeatInterval', '900'),
  el('ping:Folders', [el('ping:Folder', [el('ping:Id', 'inbox'), el('ping:Class', 'Email')])]),
])

describe(
  'a phone that loops, its requests at two device-syncs in turn',
  clusterOnly('looping.e2e.test.ts shows it of one'),
  () => {
    const folder = testFolder()
    const world = new WatchingCluster(`${folder.path}/data`)
    before(() => world.start())
    after(async () => {
      await world.stop()
      folder.remove()
    })

    /** The same phone at each of the device-syncs. */
    const phoneOf = (context: TestContext, { address: user, password }: Person, deviceId: string) => {
      const clients = world.urls.map((url) => new EasClient({ url, user, password, deviceId }))
      context.after(() => {
        for (const client of clients) client.close()
      })
      return clients as [EasClient, EasClient]
    }

    const shown = async ({ account }: Person) => {
      const request = { tenant: 'acme', account, pageSize: 10, pageToken: '' }
      const { devices } = await world.devices.listDevices(request, { identity: OPERATOR })
      return devices[0]
    }

    const release = async ({ account }: Person, device: string) =>
      (await world.devices.releaseDevice({ tenant: 'acme', account, device }, { identity: OPERATOR }))
        .released

    /** Asks the same again and again, at each of the clients in turn, until it is refused. */
    const loop = async (clients: readonly EasClient[]): Promise<void> => {
      let status = 200
      for (let n = 0; n < 1000 && status === 200; n += 1)
        status = (await clients[n % clients.length]!.post('FolderSync', folderSync)).status
      assert.equal(status, 503)
    }

    const isLetIn = async (client: EasClient) => (await client.post('FolderSync', folderSync)).status === 200

    /** A phone that has all its mail, and waits for more. */
    const workingPhone = async (client: EasClient) => {
      const { root } = await client.post('Sync', syncOf('0'))
      let key = textChild(collectionIn(root), 'airsync:SyncKey')!
      const waits = () => client.post('Ping', pingOfInbox)
      const gets = async () => {
        const answer = await client.post('Sync', syncOf(key))
        assert.equal(answer.status, 200)
        const node = collectionIn(answer.root)
        key = textChild(node, 'airsync:SyncKey') ?? key
        return addsIn(node).length
      }
      return { waits, gets }
    }

    test('is slowed down at both, shown with its reason, and let in at both once it is released', async (context) => {
      assert.equal(world.urls.length, 2)
      const person = await world.person()
      const clients = phoneOf(context, person, 'LOOPS')
      await loop(clients)
      for (const client of clients) {
        const { status, headers } = await client.post('FolderSync', folderSync)
        assert.equal(status, 503)
        assert.ok(Number(headers['retry-after']) > 0)
        assert.equal((await client.post('Settings', userInformation)).status, 200, 'nothing else is refused')
      }
      const seen = await shown(person)
      assert.deepEqual([seen?.loop, seen?.loopCommand], ['folder_sync_storm', 'FolderSync'])
      assert.ok(seen!.slowedUntil > seen!.loopAt)
      assert.equal(await release(person, 'LOOPS'), true)
      for (const client of clients)
        await waitUntil(() => isLetIn(client), { what: 'the device-sync lets it in' })
      assert.ok((await shown(person))!.slowedUntil <= Date.now())
    })

    test('at one of them alone is refused at the other too, which has counted nothing', async (context) => {
      const person = await world.person()
      const [one, other] = phoneOf(context, person, 'ONESIDED')
      assert.ok(await isLetIn(other))
      await loop([one])
      assert.equal(await isLetIn(other), false)
      assert.equal(await release(person, 'ONESIDED'), true)
      for (const client of [one, other])
        await waitUntil(() => isLetIn(client), { what: 'the device-sync lets it in' })
    })

    test('takes nothing from phones beside it, at neither of them: what comes wakes them, and they get it', async (context) => {
      const looping = phoneOf(context, await world.person(), 'BESIDE')
      const working = await Promise.all(
        [0, 1].map(async (at) => {
          const person = await world.person()
          await world.deliver(person, 'inbox', 3)
          const client = phoneOf(context, person, `WORKS${at}`)[at]!
          return { person, ...(await workingPhone(client)) }
        }),
      )
      for (const { gets } of working) assert.equal(await gets(), 3)
      const waiting = working.map(({ waits }) => waits())
      await loop(looping)
      for (const { person } of working) await world.deliver(person, 'inbox', 1)
      for (const [at, woken] of waiting.entries()) {
        const { status, root } = await woken
        assert.deepEqual([status, textChild(root, 'ping:Status')], [200, '2'])
        assert.equal(await working[at]!.gets(), 1)
        assert.equal((await shown(working[at]!.person))?.loop, '')
      }
    })

    test('over a message that it doesn’t take gets that one without its body, shown to administrators, and goes on', async (context) => {
      const person = await world.person()
      await world.deliver(person, 'inbox', 8)
      const clients = phoneOf(context, person, 'STUCK')
      const { root } = await clients[0].post('Sync', syncOf('0'))
      const key = textChild(collectionIn(root), 'airsync:SyncKey')!
      let last: WbxmlNode | undefined
      for (let n = 0; n < 200 && !bodyIn(addsIn(last)[0]).includes('could not take this message'); n += 1) {
        const answer = await clients[n % 2]!.post('Sync', syncOf(key))
        assert.equal(answer.status, 200)
        last = collectionIn(answer.root)
      }
      const [stub, ...others] = addsIn(last)
      assert.match(bodyIn(stub), /could not take this message/)
      assert.deepEqual(others, [])
      const seen = await shown(person)
      assert.deepEqual([seen?.loop, seen?.loopItem], ['bad_item', textChild(stub, 'airsync:ServerId')])
      const rest = await clients[1].post('Sync', syncOf(textChild(last, 'airsync:SyncKey')!))
      assert.equal(addsIn(collectionIn(rest.root)).length, 7)
    })
  },
)

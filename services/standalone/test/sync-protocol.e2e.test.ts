import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EasClient, type EasResponse } from '@relais/device-sync/testing/eas-client.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import {
  child,
  childrenNamed,
  childrenOf,
  descendant,
  has,
  textChild,
} from '@relais/device-sync/wbxml/read.ts'
import type { Person } from './phones/world.ts'
import { createWorld } from './phones/worlds.ts'
import { testFolder } from './process.ts'

const folder = testFolder()
const world = createWorld(`${folder.path}/data`)
const clients: EasClient[] = []
before(() => world.start())
after(async () => {
  for (const client of clients) client.close()
  await world.stop()
  folder.remove()
})

type Parts = readonly (WbxmlNode | false | undefined)[]

let devices = 0
const phoneOf = (person: Person, version: '14.1' | '16.1' = '16.1') => {
  const client = new EasClient({
    url: world.urls[0]!,
    user: person.address,
    password: person.password,
    deviceId: `PROTO${++devices}`,
    version,
  })
  clients.push(client)
  return client
}

const collection = (key: string, parts: Parts = [], id = 'inbox') =>
  el('airsync:Collection', [el('airsync:SyncKey', key), el('airsync:CollectionId', id), ...parts])
const syncOf = (collections: readonly WbxmlNode[], parts: Parts = []) =>
  el('airsync:Sync', [el('airsync:Collections', collections), ...parts])

const collectionsIn = ({ root }: EasResponse): readonly WbxmlNode[] =>
  root === undefined ? [] : childrenNamed(child(root, 'airsync:Collections') ?? root, 'airsync:Collection')
const statusOf = ({ root }: EasResponse) => textChild(root, 'airsync:Status')
const commandsIn = (node: WbxmlNode | undefined) =>
  childrenOf(child(node, 'airsync:Commands') ?? el('airsync:Commands'))
const idsIn = (
  node: WbxmlNode | undefined,
  tag: 'airsync:Add' | 'airsync:Change' | 'airsync:Delete' | 'airsync:SoftDelete',
) =>
  commandsIn(node).flatMap((command) =>
    command.tag === tag ? (textChild(command, 'airsync:ServerId') ?? []) : [],
  )

type Told = {
  readonly key: string
  readonly node: WbxmlNode | undefined
  readonly status: string
  readonly response: EasResponse
}

const one = (response: EasResponse, before: string): Told => {
  const [node] = collectionsIn(response)
  return {
    key: textChild(node, 'airsync:SyncKey') ?? before,
    node,
    status: textChild(node, 'airsync:Status') ?? statusOf(response) ?? '',
    response,
  }
}

const sync = async (client: EasClient, key: string, parts: Parts = [], id = 'inbox') =>
  one(await client.post('Sync', syncOf([collection(key, parts, id)])), key)

/** A phone with a mailbox of `count` messages, of which it has nothing yet but a key. */
const primed = async (count: number, id = 'inbox') => {
  const person = await world.person()
  const client = phoneOf(person)
  await client.post('FolderSync', el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')]))
  if (count > 0) await world.deliver(person, id, count)
  const { key } = await sync(client, '0', [], id)
  return { person, client, key }
}

/** A phone that has everything. */
const synced = async (count: number) => {
  const { person, client, key } = await primed(count)
  const all = await sync(client, key, [el('airsync:WindowSize', 512)])
  return { person, client, key: all.key, ids: idsIn(all.node, 'airsync:Add') }
}

const commands = (...nodes: WbxmlNode[]) => el('airsync:Commands', nodes)
const serverId = (id: string) => el('airsync:ServerId', id)
const read = (id: string, seen: boolean) =>
  el('airsync:Change', [serverId(id), el('airsync:ApplicationData', [el('email:Read', seen)])])

describe('the first Sync of a collection', () => {
  test('gives a key and no items, the next one the items, newest first', async () => {
    const { client, key } = await primed(3)
    assert.match(key, /^[A-Za-z0-9_-]{64}$/)
    const { node, status } = await sync(client, key)
    assert.equal(status, '1')
    const received = commandsIn(node).map(
      (add) => textChild(child(add, 'airsync:ApplicationData'), 'email:DateReceived') ?? '',
    )
    assert.deepEqual(received, received.toSorted().reverse())
    assert.equal(received.length, 3)
  })

  test('with GetChanges is Status 4 (MS-ASCMD 3128)', async () => {
    const { client } = await primed(0)
    assert.equal((await sync(client, '0', [el('airsync:GetChanges')])).status, '4')
  })

  test('of an empty folder ends in an empty body', async () => {
    const { client, key } = await primed(0)
    const { response } = await sync(client, key)
    assert.equal(response.status, 200)
    assert.equal(response.bytes.length, 0)
    assert.equal(response.headers['content-length'], '0')
    assert.equal(response.headers['content-type'], undefined)
  })
})

describe('windows', () => {
  test('cut the answer, say MoreAvailable with a new key, and lose nothing at any size', async () => {
    for (const window of [1, 2, 7]) {
      const { client, key: start } = await primed(15)
      const seen: string[] = []
      for (let key = start; ; ) {
        const told = await sync(client, key, [el('airsync:WindowSize', window)])
        const ids = idsIn(told.node, 'airsync:Add')
        assert.ok(ids.length <= window)
        seen.push(...ids)
        if (told.node === undefined || !has(told.node, 'airsync:MoreAvailable')) break
        assert.notEqual(told.key, key)
        key = told.key
      }
      assert.equal(new Set(seen).size, 15)
      assert.equal(seen.length, 15)
    }
  })

  test('one for all collections goes to them in the order of the request (MS-ASCMD 4767)', async () => {
    const { person, client, key } = await primed(4)
    await world.deliver(person, 'archive', 4)
    const archive = (await sync(client, '0', [], 'archive')).key
    const response = await client.post(
      'Sync',
      syncOf([collection(key), collection(archive, [], 'archive')], [el('airsync:WindowSize', 5)]),
    )
    const counts = collectionsIn(response).map((node) => idsIn(node, 'airsync:Add').length)
    assert.deepEqual(counts, [4, 1])
  })
})

describe('keys', () => {
  test('that are none of ours are Status 3, for their collection alone', async () => {
    const { client, key } = await primed(1)
    for (const bad of ['1', 'x'.repeat(64), key.slice(0, 63), '{6F0A}2'])
      assert.equal((await sync(client, bad)).status, '3', bad)
    const archive = (await sync(client, '0', [], 'archive')).key
    const response = await client.post(
      'Sync',
      syncOf([collection('bad'), collection(archive, [], 'archive'), collection(key, [], 'sent')]),
    )
    assert.equal(textChild(collectionsIn(response)[0], 'airsync:Status'), '3')
  })

  test('of another account are Status 3 or tell nothing of it', async () => {
    const { key } = await synced(3)
    const { client } = await primed(0)
    const told = await sync(client, key)
    assert.ok(told.status === '3' || idsIn(told.node, 'airsync:Add').length === 0)
  })

  test('a lost answer is had again with the key before it', async () => {
    const { client, key } = await primed(5)
    const lost = await sync(client, key, [el('airsync:WindowSize', 3)])
    const again = await sync(client, key, [el('airsync:WindowSize', 3)])
    assert.deepEqual(idsIn(again.node, 'airsync:Add'), idsIn(lost.node, 'airsync:Add'))
  })

  test('older than the one before the last are Status 3', async () => {
    const { client, key } = await primed(5)
    const second = await sync(client, key, [el('airsync:WindowSize', 1)])
    const third = await sync(client, second.key, [el('airsync:WindowSize', 1)])
    await sync(client, third.key, [el('airsync:WindowSize', 1)])
    assert.equal((await sync(client, key)).status, '3')
  })

  test('of a folder that does not exist are Status 12', async () => {
    const { client, key } = await primed(1)
    assert.equal((await sync(client, key, [], 'f999')).status, '12')
    assert.equal((await sync(client, '0', [], 'nowhere')).status, '12')
  })
})

describe('commands', () => {
  test('that succeed are not answered, and are not told back', async () => {
    const { client, key, ids, person } = await synced(3)
    const told = await sync(client, key, [commands(read(ids[0]!, true))])
    assert.equal(told.status, '1')
    assert.ok(!has(told.node!, 'airsync:Responses'))
    assert.deepEqual(commandsIn(told.node), [])
    assert.equal((await world.truth(person, 'inbox')).get(ids[0]!)?.seen, true)
  })

  test('repeated are done once, and the newer of two wins', async () => {
    const { client, key, ids, person } = await synced(2)
    await sync(client, key, [commands(read(ids[0]!, true))])
    const again = await sync(client, key, [commands(read(ids[0]!, true))])
    assert.equal(again.status, '1')
    await sync(client, again.key, [commands(read(ids[0]!, false))])
    assert.equal((await world.truth(person, 'inbox')).get(ids[0]!)?.seen, false)
  })

  test('on what is not there are Status 8, and what can not be changed is Status 6, each for itself', async () => {
    const { client, key, ids } = await synced(2)
    const subject = el('airsync:Change', [
      serverId(ids[0]!),
      el('airsync:ApplicationData', [el('email:Subject', 'x')]),
    ])
    const told = await sync(client, key, [commands(read('zzzz', true), subject, read(ids[1]!, true))])
    const responses = childrenOf(child(told.node, 'airsync:Responses')!)
    assert.deepEqual(
      responses.map((node) => textChild(node, 'airsync:Status')),
      ['8', '6'],
    )
  })

  test('mail can not be added by a phone (Status 6)', async () => {
    const { client, key } = await synced(1)
    const add = el('airsync:Add', [
      el('airsync:ClientId', '1'),
      el('airsync:ApplicationData', [el('email:Subject', 'x')]),
    ])
    const told = await sync(client, key, [commands(add)])
    assert.equal(textChild(descendant(told.node, 'airsync:Responses', 'airsync:Add'), 'airsync:Status'), '6')
  })

  test('a Delete moves to the trash, unless DeletesAsMoves says no', async () => {
    const { client, key, ids, person } = await synced(2)
    const first = await sync(client, key, [commands(el('airsync:Delete', [serverId(ids[0]!)]))])
    assert.equal((await world.truth(person, 'trash')).size, 1)
    await sync(client, first.key, [
      el('airsync:DeletesAsMoves', false),
      commands(el('airsync:Delete', [serverId(ids[1]!)])),
    ])
    assert.equal((await world.truth(person, 'trash')).size, 1)
    assert.equal((await world.truth(person, 'inbox')).size, 0)
  })

  test('a Delete of what is gone succeeds', async () => {
    const { client, key, ids } = await synced(1)
    const remove = [el('airsync:DeletesAsMoves', false), commands(el('airsync:Delete', [serverId(ids[0]!)]))]
    const first = await sync(client, key, remove)
    const again = await sync(client, first.key, remove)
    assert.ok(again.node === undefined || !has(again.node, 'airsync:Responses'))
  })

  test('a Fetch brings the message', async () => {
    const { client, key, ids } = await synced(1)
    const told = await sync(client, key, [commands(el('airsync:Fetch', [serverId(ids[0]!)]))])
    const fetched = descendant(told.node, 'airsync:Responses', 'airsync:Fetch')
    assert.equal(textChild(fetched, 'airsync:Status'), '1')
    assert.match(textChild(child(fetched, 'airsync:ApplicationData'), 'email:Subject') ?? '', /^Message/)
  })

  test('only what changed is told: read mark alone, flag alone', async () => {
    const { client, key, person } = await synced(2)
    await world.act(person, 'inbox', 'read', 0)
    await world.act(person, 'inbox', 'flag', 1)
    const { node } = await sync(client, key)
    const names = commandsIn(node).map((change) =>
      childrenOf(child(change, 'airsync:ApplicationData')!).map(({ tag }) => tag),
    )
    assert.deepEqual(names.sort(), [['email:Flag'], ['email:Read']])
  })
})

describe('filters', () => {
  const filter = (type: number) => el('airsync:Options', [el('airsync:FilterType', type)])

  test('a narrowed filter takes away by SoftDelete, a widened one brings back', async () => {
    const { client, key } = await synced(50) // received over the last 50 hours
    const narrowed = await sync(client, key, [el('airsync:WindowSize', 512), filter(1)])
    const gone = idsIn(narrowed.node, 'airsync:SoftDelete')
    assert.ok(gone.length > 0)
    assert.deepEqual(idsIn(narrowed.node, 'airsync:Delete'), [])
    const widened = await sync(client, narrowed.key, [el('airsync:WindowSize', 512), filter(0)])
    assert.deepEqual(idsIn(widened.node, 'airsync:Add').sort(), gone.toSorted())
  })

  test('a filter that is for tasks is Status 4', async () => {
    const { client, key } = await synced(1)
    assert.equal((await sync(client, key, [filter(8)])).status, '4')
  })
})

describe('bodies', () => {
  const preference = (type: number, size?: number, more: Parts = []) =>
    el('airsync:Options', [
      el('airsyncbase:BodyPreference', [
        el('airsyncbase:Type', type),
        size !== undefined && el('airsyncbase:TruncationSize', size),
        ...more,
      ]),
    ])
  const bodyIn = (node: WbxmlNode | undefined) =>
    descendant(commandsIn(node)[0], 'airsync:ApplicationData', 'airsyncbase:Body')

  test('come whole, cut, or not at all', async () => {
    for (const [size, length, truncated] of [
      [undefined, 'whole', undefined],
      [3, 3, '1'],
      [0, undefined, '1'],
    ] as const) {
      const { client, key } = await primed(1)
      const body = bodyIn((await sync(client, key, [preference(1, size)])).node)
      const data = textChild(body, 'airsyncbase:Data')
      if (length === 'whole') assert.match(data ?? '', /^Text \d+/)
      else assert.equal(data?.length, length)
      assert.equal(textChild(body, 'airsyncbase:Truncated'), truncated)
      assert.ok(Number(textChild(body, 'airsyncbase:EstimatedDataSize')) >= 6)
    }
  })

  test('as MIME only where MIMESupport allows it', async () => {
    const { client, key } = await primed(1)
    const without = bodyIn((await sync(client, key, [preference(4)])).node)
    assert.notEqual(textChild(without, 'airsyncbase:Type'), '4')
    const second = await primed(1)
    const options = el('airsync:Options', [
      el('airsync:MIMESupport', 2),
      el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 4)]),
    ])
    const mime = bodyIn((await sync(second.client, second.key, [options])).node)
    assert.equal(textChild(mime, 'airsyncbase:Type'), '4')
    assert.match(textChild(mime, 'airsyncbase:Data', { max: 100_000 }) ?? '', /^From: s/m)
  })
})

describe('an empty Sync', () => {
  test('stands for the last one that was answered empty', async () => {
    const { client, key, person } = await synced(1)
    assert.equal((await sync(client, key)).response.bytes.length, 0)
    assert.equal((await client.post('Sync')).bytes.length, 0)
    await world.deliver(person, 'inbox', 1)
    const told = one(await client.post('Sync'), key)
    assert.equal(idsIn(told.node, 'airsync:Add').length, 1)
  })

  test('after an answer with something in it is Status 13', async () => {
    const { client, key } = await primed(1)
    await sync(client, key)
    assert.equal(statusOf(await client.post('Sync')), '13')
  })

  test('of a phone that never synced is Status 13', async () => {
    const person = await world.person()
    assert.equal(statusOf(await phoneOf(person).post('Sync')), '13')
  })
})

describe('a Sync that waits', () => {
  test('is answered when something comes, and with an empty body when a newer one takes its place', async () => {
    const { client, key, person } = await synced(1)
    const wait = (): Promise<EasResponse> =>
      client.post('Sync', syncOf([collection(key)], [el('airsync:HeartbeatInterval', 600)]))
    const first = wait()
    await client.post('Sync', syncOf([collection(key)]))
    const second = wait()
    await world.deliver(person, 'inbox', 1)
    const answers = await Promise.all([first, second])
    assert.ok(answers.some((answer) => idsIn(collectionsIn(answer)[0], 'airsync:Add').length === 1))
  })

  test('out of bounds is told the nearest one (Status 14)', async () => {
    const { client, key } = await synced(1)
    const response = await client.post('Sync', syncOf([collection(key)], [el('airsync:Wait', 60)]))
    assert.equal(statusOf(response), '14')
    assert.equal(textChild(response.root, 'airsync:Limit'), '59')
  })
})

describe('Ping', () => {
  const ping = (client: EasClient, heartbeat: number | undefined, ids: readonly string[] | undefined) =>
    client.post(
      'Ping',
      el('ping:Ping', [
        heartbeat !== undefined && el('ping:HeartbeatInterval', heartbeat),
        ids !== undefined &&
          el(
            'ping:Folders',
            ids.map((id) => el('ping:Folder', [el('ping:Id', id), el('ping:Class', 'Email')])),
          ),
      ]),
    )
  const pingStatus = ({ root }: EasResponse) => textChild(root, 'ping:Status')

  test('without parameters, given before or now, is Status 3', async () => {
    const { client } = await synced(0)
    assert.equal(pingStatus(await client.post('Ping')), '3')
    assert.equal(pingStatus(await ping(client, 600, undefined)), '3')
  })

  test('out of bounds is told the bound at once (Status 5)', async () => {
    const { client } = await synced(0)
    for (const [heartbeat, bound] of [
      [59, '60'],
      [3541, '3540'],
    ] as const) {
      const response = await ping(client, heartbeat, ['inbox'])
      assert.deepEqual(
        [pingStatus(response), textChild(response.root, 'ping:HeartbeatInterval')],
        ['5', bound],
      )
    }
  })

  test('with too many folders is told how many (Status 6)', async () => {
    const { client } = await synced(0)
    const response = await ping(
      client,
      600,
      Array.from({ length: 301 }, (_, n) => `f${n}`),
    )
    assert.deepEqual([pingStatus(response), textChild(response.root, 'ping:MaxFolders')], ['6', '300'])
  })

  test('of a folder that is not there sends the phone to FolderSync (Status 7)', async () => {
    const { client } = await synced(0)
    assert.equal(pingStatus(await ping(client, 600, ['inbox', 'f999'])), '7')
  })

  test('names the folder that changed, also for a Ping that says nothing new', async () => {
    const { client, person } = await synced(1)
    const first = ping(client, 600, ['inbox'])
    await world.deliver(person, 'inbox', 1)
    const answer = await first
    assert.equal(pingStatus(answer), '2')
    const folders = childrenOf(child(answer.root, 'ping:Folders')!).map(({ content }) => content)
    assert.deepEqual(folders, ['inbox'])
    assert.equal(pingStatus(await client.post('Ping')), '2')
  })

  test('is not woken by what the phone did itself', async () => {
    const { client, key, ids, person } = await synced(2)
    const done = await sync(client, key, [commands(read(ids[0]!, true))])
    const held = ping(client, 600, ['inbox'])
    const early = await Promise.race([
      held,
      new Promise<undefined>((resolve) => setTimeout(resolve, 100, undefined)),
    ])
    assert.equal(early, undefined)
    await world.deliver(person, 'inbox', 1)
    assert.equal(pingStatus(await held), '2')
    assert.equal(idsIn((await sync(client, done.key)).node, 'airsync:Add').length, 1)
  })

  test('an older one ends when a newer one comes', async () => {
    const { client, person } = await synced(1)
    const older = ping(client, 600, ['inbox'])
    await client.post('FolderSync', el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')]))
    const newer = ping(client, 600, ['inbox'])
    await world.deliver(person, 'inbox', 1)
    assert.equal(pingStatus(await newer), '2')
    assert.ok(['1', '2'].includes(pingStatus(await older) ?? ''))
  })
})

describe('MoveItems', () => {
  const moving = (id: string, from = 'inbox', to = 'archive') =>
    el('move:MoveItems', [
      el('move:Move', [el('move:SrcMsgId', id), el('move:SrcFldId', from), el('move:DstFldId', to)]),
    ])
  const outcome = ({ root }: EasResponse) => {
    const response = descendant(root, 'move:Response')
    return [textChild(response, 'move:Status'), textChild(response, 'move:DstMsgId')]
  }

  test('answers 3 with the new id, the same when repeated, and the target is not added again', async () => {
    const { client, ids } = await synced(1)
    const archive = await sync(client, '0', [], 'archive')
    const empty = await sync(client, archive.key, [], 'archive')
    const [status, moved] = outcome(await client.post('MoveItems', moving(ids[0]!)))
    assert.equal(status, '3')
    assert.notEqual(moved, ids[0])
    assert.deepEqual(outcome(await client.post('MoveItems', moving(ids[0]!))), ['3', moved])
    assert.deepEqual(idsIn((await sync(client, empty.key, [], 'archive')).node, 'airsync:Add'), [])
  })

  test('answers 1, 2 and 4 for what is not there, where it can not go, and where it is', async () => {
    const { client, ids } = await synced(1)
    assert.deepEqual(outcome(await client.post('MoveItems', moving('zzzz'))), ['1', undefined])
    assert.deepEqual(outcome(await client.post('MoveItems', moving('../x'))), ['1', undefined])
    assert.deepEqual(outcome(await client.post('MoveItems', moving(ids[0]!, 'inbox', 'f999'))), [
      '2',
      undefined,
    ])
    assert.deepEqual(outcome(await client.post('MoveItems', moving(ids[0]!, 'inbox', 'inbox'))), [
      '4',
      undefined,
    ])
  })
})

describe('GetItemEstimate', () => {
  const estimate = async (client: EasClient, key: string, id = 'inbox') => {
    const { root } = await client.post(
      'GetItemEstimate',
      el('getitemestimate:GetItemEstimate', [
        el('getitemestimate:Collections', [
          el('getitemestimate:Collection', [
            el('airsync:SyncKey', key),
            el('getitemestimate:CollectionId', id),
          ]),
        ]),
      ]),
    )
    const response = descendant(root, 'getitemestimate:Response')
    return [
      textChild(response, 'getitemestimate:Status'),
      textChild(child(response, 'getitemestimate:Collection'), 'getitemestimate:Estimate'),
    ]
  }

  test('says how many items the next Syncs bring', async () => {
    const { client, key, person } = await synced(2)
    assert.deepEqual(await estimate(client, key), ['1', '0'])
    await world.deliver(person, 'inbox', 3)
    assert.deepEqual(await estimate(client, key), ['1', '3'])
  })

  test('of a key 0 is Status 3, of a bad one 4, of an unknown folder 2', async () => {
    const { client, key } = await synced(1)
    assert.equal((await estimate(client, '0'))[0], '3')
    assert.equal((await estimate(client, 'bad'))[0], '4')
    assert.equal((await estimate(client, key, 'f999'))[0], '2')
  })
})

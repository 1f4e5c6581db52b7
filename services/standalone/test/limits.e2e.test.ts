import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { EasClient, type EasResponse } from '@relais/device-sync/testing/eas-client.ts'
import type { TagName } from '@relais/device-sync/wbxml/code-pages.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { descendant, textOf } from '@relais/device-sync/wbxml/read.ts'
import { createWorld } from './phones/worlds.ts'
import { testFolder } from './process.ts'

const folder = testFolder()
const world = createWorld(`${folder.path}/data`)
let client: EasClient
let owner = ''
before(async () => {
  await world.start()
  const { address: user, password } = await world.person()
  owner = user
  client = new EasClient({ url: world.urls[0]!, user, password, deviceId: 'LIMITS' })
  await client.post('FolderSync', el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')]))
})
after(async () => {
  client.close()
  await world.stop()
  folder.remove()
})

const long = (length: number) => 'x'.repeat(length)
const many = (count: number, node: (n: number) => WbxmlNode) =>
  Array.from({ length: count }, (_, n) => node(n))

/** Of what is in the answer, by the path to it; of an empty one its HTTP status. */
const statusOf = ({ root, status }: EasResponse, path: readonly TagName[]) => {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const found = descendant(root, ...path.slice(0, depth - 1), lastOf(path))
    if (found) return textOf(found)
  }
  return String(status)
}
const lastOf = (path: readonly TagName[]) => path.at(-1) as TagName

type Limit = {
  /** As the digest of the specification has it. */
  readonly what: string
  readonly command: string
  /** A request with so much of it. */
  readonly request: (amount: number) => WbxmlNode
  /** To the Status; where something on the way isn't there, it is looked for higher up. */
  readonly status: readonly TagName[]
  readonly at: readonly [amount: number, status: string]
  readonly beyond: readonly [amount: number, status: string]
}

const ping = (heartbeat: number, ids: readonly string[]) =>
  el('ping:Ping', [
    el('ping:HeartbeatInterval', heartbeat),
    el(
      'ping:Folders',
      ids.map((id) => el('ping:Folder', [el('ping:Id', id), el('ping:Class', 'Email')])),
    ),
  ])
const estimate = (count: number, id = 'm99') =>
  el('getitemestimate:GetItemEstimate', [
    el(
      'getitemestimate:Collections',
      many(count, () =>
        el('getitemestimate:Collection', [
          el('airsync:SyncKey', '1'),
          el('getitemestimate:CollectionId', id),
        ]),
      ),
    ),
  ])
const moves = (count: number, ids: { src?: string; from?: string; to?: string } = {}) =>
  el(
    'move:MoveItems',
    many(count, (n) =>
      el('move:Move', [
        el('move:SrcMsgId', ids.src ?? `zz${n}`),
        el('move:SrcFldId', ids.from ?? 'inbox'),
        el('move:DstFldId', ids.to ?? 'archive'),
      ]),
    ),
  )
const message = () => Buffer.from(`From: ${owner}\r\nTo: ${owner}\r\nSubject: x\r\n\r\nx\r\n`)
const smartReply = (source: readonly WbxmlNode[]) =>
  el('composemail:SmartReply', [
    el('composemail:ClientId', randomUUID()),
    el('composemail:Source', source),
    el('composemail:Mime', message()),
  ])
const fetch = (...names: WbxmlNode[]) =>
  el('itemoperations:ItemOperations', [
    el('itemoperations:Fetch', [el('itemoperations:Store', 'Mailbox'), ...names]),
  ])
const information = (tag: TagName, length: number) =>
  el('settings:Settings', [el('settings:DeviceInformation', [el('settings:Set', [el(tag, long(length))])])])
const oofState = (state: number) =>
  el('settings:Settings', [
    el('settings:Oof', [
      el('settings:Set', [
        el('settings:OofState', state),
        el('settings:StartTime', '2030-01-01T00:00:00.000Z'),
        el('settings:EndTime', '2030-01-02T00:00:00.000Z'),
      ]),
    ]),
  ])
const folderCreate = (given: { key?: string; parent?: string; name?: string }) =>
  el('folderhierarchy:FolderCreate', [
    el('folderhierarchy:SyncKey', given.key ?? long(64)),
    el('folderhierarchy:ParentId', given.parent ?? '0'),
    el('folderhierarchy:DisplayName', given.name ?? 'x'),
    el('folderhierarchy:Type', 12),
  ])
const search = (query: readonly WbxmlNode[], ...options: WbxmlNode[]) =>
  el('search:Search', [
    el('search:Store', [
      el('search:Name', 'Mailbox'),
      el('search:Query', [el('search:And', query)]),
      ...(options.length > 0 ? [el('search:Options', options)] : []),
    ]),
  ])
const find = (query: readonly WbxmlNode[], id = '1') =>
  el('find:Find', [
    el('find:SearchId', id),
    el('find:ExecuteSearch', [el('find:MailBoxSearchCriterion', [el('find:Query', query)])]),
  ])

const PING = ['ping:Status'] as const
const MOVED = ['move:Response', 'move:Status'] as const
const FETCHED = ['itemoperations:Response', 'itemoperations:Fetch', 'itemoperations:Status'] as const
const ESTIMATED = ['getitemestimate:Response', 'getitemestimate:Status'] as const
const STORE = ['search:Response', 'search:Store', 'search:Status'] as const
const FOUND = ['find:Response', 'find:Status'] as const
const REPLIED = ['composemail:Status'] as const
const FOLDER = ['folderhierarchy:Status'] as const
const INFORMATION = ['settings:DeviceInformation', 'settings:Status'] as const

const limits: readonly Limit[] = [
  {
    what: 'Ping: 300 folders, then Status 6',
    ...{ command: 'Ping', status: PING, at: [300, '7'], beyond: [301, '6'] },
    request: (count) =>
      ping(
        600,
        Array.from({ length: count }, (_, n) => `none${n}`),
      ),
  },
  {
    what: 'Ping: a heartbeat of 3,540 seconds, then Status 5',
    ...{ command: 'Ping', status: PING, at: [3540, '7'], beyond: [3541, '5'] },
    request: (seconds) => ping(seconds, ['none']),
  },
  {
    what: 'Ping: a heartbeat of 60 seconds, below it Status 5',
    ...{ command: 'Ping', status: PING, at: [60, '7'], beyond: [59, '5'] },
    request: (seconds) => ping(seconds, ['none']),
  },
  {
    what: 'Ping: an Id of 64 characters',
    ...{ command: 'Ping', status: PING, at: [64, '7'], beyond: [65, '4'] },
    request: (length) => ping(600, [long(length)]),
  },
  {
    what: 'GetItemEstimate: 1,000 collections',
    ...{ command: 'GetItemEstimate', status: ESTIMATED, at: [1000, '2'], beyond: [1001, '103'] },
    request: (count) => estimate(count),
  },
  {
    what: 'GetItemEstimate: a CollectionId of 64 characters',
    ...{ command: 'GetItemEstimate', status: ESTIMATED, at: [64, '2'], beyond: [65, '103'] },
    request: (length) => estimate(1, long(length)),
  },
  {
    what: 'MoveItems: 1,000 moves',
    ...{ command: 'MoveItems', status: MOVED, at: [1000, '1'], beyond: [1001, '103'] },
    request: (count) => moves(count),
  },
  ...(['src', 'from', 'to'] as const).map(
    (name): Limit => ({
      what: `MoveItems: ${name} of 64 characters`,
      ...{ command: 'MoveItems', status: MOVED, at: [64, '1'], beyond: [65, '103'] },
      request: (length) => moves(1, { [name]: long(length) }),
    }),
  ),
  {
    what: 'SendMail: a ClientId of 40 characters',
    ...{ command: 'SendMail', status: REPLIED, at: [40, '200'], beyond: [41, '103'] },
    request: (length) =>
      el('composemail:SendMail', [
        el('composemail:ClientId', long(length)),
        el('composemail:Mime', message()),
      ]),
  },
  {
    what: 'SmartReply: an ItemId of 64 characters',
    ...{ command: 'SmartReply', status: REPLIED, at: [64, '106'], beyond: [65, '103'] },
    request: (length) =>
      smartReply([el('composemail:FolderId', 'inbox'), el('composemail:ItemId', long(length))]),
  },
  {
    what: 'SmartReply: a FolderId of 64 characters',
    ...{ command: 'SmartReply', status: REPLIED, at: [64, '150'], beyond: [65, '103'] },
    request: (length) =>
      smartReply([el('composemail:FolderId', long(length)), el('composemail:ItemId', 'zz')]),
  },
  {
    what: 'SmartReply: a LongId of 256 characters',
    ...{ command: 'SmartReply', status: REPLIED, at: [256, '150'], beyond: [257, '103'] },
    request: (length) => smartReply([el('composemail:LongId', long(length))]),
  },
  {
    what: 'ItemOperations: a LongId of 256 characters',
    ...{ command: 'ItemOperations', status: FETCHED, at: [256, '6'], beyond: [257, '2'] },
    request: (length) => fetch(el('search:LongId', long(length))),
  },
  {
    what: 'ItemOperations: a ServerId of 64 characters',
    ...{ command: 'ItemOperations', status: FETCHED, at: [64, '6'], beyond: [65, '2'] },
    request: (length) => fetch(el('airsync:CollectionId', 'inbox'), el('airsync:ServerId', long(length))),
  },
  {
    what: 'ItemOperations: a CollectionId of 64 characters',
    ...{ command: 'ItemOperations', status: FETCHED, at: [64, '6'], beyond: [65, '2'] },
    request: (length) => fetch(el('airsync:CollectionId', long(length)), el('airsync:ServerId', 'zz')),
  },
  ...(
    [
      'settings:Model',
      'settings:IMEI',
      'settings:FriendlyName',
      'settings:OS',
      'settings:OSLanguage',
      'settings:PhoneNumber',
      'settings:UserAgent',
      'settings:MobileOperator',
    ] as const
  ).map(
    (tag): Limit => ({
      what: `Settings: ${tag} of 1,024 characters`,
      ...{ command: 'Settings', status: INFORMATION, at: [1024, '1'], beyond: [1025, '5'] },
      request: (length) => information(tag, length),
    }),
  ),
  {
    what: 'Settings: OofState 2',
    command: 'Settings',
    status: ['settings:Oof', 'settings:Status'],
    ...{ at: [2, '1'], beyond: [3, '5'] },
    request: oofState,
  },
  {
    what: 'FolderCreate: a SyncKey of 64 characters',
    ...{ command: 'FolderCreate', status: FOLDER, at: [64, '9'], beyond: [65, '10'] },
    request: (length) => folderCreate({ key: long(length) }),
  },
  {
    what: 'FolderSync: a SyncKey of 64 characters',
    ...{ command: 'FolderSync', status: FOLDER, at: [64, '9'], beyond: [65, '10'] },
    request: (length) => el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', long(length))]),
  },
  {
    what: 'Search: a hundred results',
    ...{ command: 'Search', status: STORE, at: [99, '1'], beyond: [100, '12'] },
    request: (last) => search([el('search:FreeText', 'x')], el('search:Range', `0-${last}`)),
  },
  {
    what: 'Search: a FreeText of 1,024 characters',
    ...{ command: 'Search', status: STORE, at: [1024, '1'], beyond: [1025, '2'] },
    request: (length) => search([el('search:FreeText', long(length))]),
  },
  {
    what: 'Search: a CollectionId of 64 characters',
    ...{ command: 'Search', status: STORE, at: [64, '11'], beyond: [65, '2'] },
    request: (length) => search([el('airsync:CollectionId', long(length)), el('search:FreeText', 'x')]),
  },
  {
    what: 'Find: a FreeText of 1,024 characters',
    ...{ command: 'Find', status: FOUND, at: [1024, '1'], beyond: [1025, '2'] },
    request: (length) => find([el('find:FreeText', long(length))]),
  },
  {
    what: 'Find: a CollectionId of 64 characters',
    ...{ command: 'Find', status: FOUND, at: [64, '3'], beyond: [65, '2'] },
    request: (length) => find([el('airsync:CollectionId', long(length)), el('find:FreeText', 'x')]),
  },
  {
    what: 'Find: a SearchId of 64 characters',
    ...{ command: 'Find', status: FOUND, at: [64, '1'], beyond: [65, '2'] },
    request: (length) => find([el('find:FreeText', 'x')], long(length)),
  },
]

describe('a limit of the specification holds to the last one, and not one more is taken', () => {
  for (const { what, command, request, status, at, beyond } of limits)
    test(what, async () => {
      assert.equal(statusOf(await client.post(command, request(at[0])), status), at[1], 'at the limit')
      assert.equal(statusOf(await client.post(command, request(beyond[0])), status), beyond[1], 'beyond it')
    })
})

describe('a folder', () => {
  const text = (response: EasResponse, tag: TagName) => {
    const found = descendant(response.root, tag)
    return found ? textOf(found) : ''
  }
  const keyNow = async () => {
    const body = el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')])
    return text(await client.post('FolderSync', body), 'folderhierarchy:SyncKey')
  }
  test('has a name of 256 characters, and is refused one more (Status 10)', async () => {
    const create = async (length: number) =>
      text(
        await client.post('FolderCreate', folderCreate({ key: await keyNow(), name: long(length) })),
        'folderhierarchy:Status',
      )
    assert.equal(await create(256), '1')
    assert.equal(await create(257), '10')
  })
  test('is below one whose id has 64 characters: it isn’t there (5), of 65 it can’t be (10)', async () => {
    const create = async (length: number) =>
      text(
        await client.post('FolderCreate', folderCreate({ key: await keyNow(), parent: long(length) })),
        'folderhierarchy:Status',
      )
    assert.deepEqual([await create(64), await create(65)], ['5', '10'])
  })
  test('is deleted and renamed by an id of 64 characters: it isn’t there (4), of 65 it can’t be (10)', async () => {
    for (const command of ['FolderDelete', 'FolderUpdate'] as const) {
      const asked = async (length: number) => {
        const named = [
          el('folderhierarchy:SyncKey', await keyNow()),
          el('folderhierarchy:ServerId', long(length)),
        ]
        const renamed = [el('folderhierarchy:ParentId', '0'), el('folderhierarchy:DisplayName', 'y')]
        const body = el(
          `folderhierarchy:${command}`,
          command === 'FolderDelete' ? named : [...named, ...renamed],
        )
        return text(await client.post(command, body), 'folderhierarchy:Status')
      }
      assert.deepEqual([await asked(64), await asked(65)], ['4', '10'], command)
    }
  })
})

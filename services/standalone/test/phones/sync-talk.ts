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
import type { Person, World } from './world.ts'

export type Parts = readonly (WbxmlNode | false | undefined)[]

/** One collection of a request. */
export const collection = (key: string, parts: Parts = [], id = 'inbox'): WbxmlNode =>
  el('airsync:Collection', [el('airsync:SyncKey', key), el('airsync:CollectionId', id), ...parts])

export const syncOf = (collections: readonly WbxmlNode[], parts: Parts = []): WbxmlNode =>
  el('airsync:Sync', [
    ...parts.filter((part) => part !== false && part !== undefined && part.tag === 'airsync:Partial'),
    collections.length > 0 && el('airsync:Collections', collections),
    ...parts.filter((part) => part !== false && part !== undefined && part.tag !== 'airsync:Partial'),
  ])

export const commands = (...nodes: WbxmlNode[]): WbxmlNode => el('airsync:Commands', nodes)
export const serverId = (id: string): WbxmlNode => el('airsync:ServerId', id)
export const options = (...parts: Parts): WbxmlNode => el('airsync:Options', parts)

export const addItem = (clientId: string, data: Parts, itemClass?: string): WbxmlNode =>
  el('airsync:Add', [
    itemClass !== undefined && el('airsync:Class', itemClass),
    el('airsync:ClientId', clientId),
    el('airsync:ApplicationData', data),
  ])
export const changeItem = (id: string, data: Parts): WbxmlNode =>
  el('airsync:Change', [serverId(id), el('airsync:ApplicationData', data)])
export const deleteItem = (id: string): WbxmlNode => el('airsync:Delete', [serverId(id)])

export const collectionsIn = ({ root }: EasResponse): readonly WbxmlNode[] =>
  root === undefined ? [] : childrenNamed(child(root, 'airsync:Collections') ?? root, 'airsync:Collection')

export const statusOf = ({ root }: EasResponse): string | undefined => textChild(root, 'airsync:Status')

/** What an answer says of one collection. */
export type Told = {
  readonly key: string
  readonly node: WbxmlNode | undefined
  readonly status: string
  readonly response: EasResponse
}

export const told = (response: EasResponse, before: string): Told => {
  const [node] = collectionsIn(response)
  return {
    key: textChild(node, 'airsync:SyncKey') ?? before,
    node,
    status: textChild(node, 'airsync:Status') ?? statusOf(response) ?? '',
    response,
  }
}

type Operation = 'airsync:Add' | 'airsync:Change' | 'airsync:Delete' | 'airsync:SoftDelete'

export const operationsIn = (node: WbxmlNode | undefined, tag?: Operation): readonly WbxmlNode[] =>
  childrenOf(child(node, 'airsync:Commands') ?? el('airsync:Commands')).filter(
    (command) => tag === undefined || command.tag === tag,
  )

export const idsIn = (node: WbxmlNode | undefined, tag?: Operation): readonly string[] =>
  operationsIn(node, tag).map((command) => textChild(command, 'airsync:ServerId') ?? '')

export const dataOf = (node: WbxmlNode | undefined): WbxmlNode | undefined =>
  child(node, 'airsync:ApplicationData')

/** What the server answered to commands. */
export const responsesIn = (node: WbxmlNode | undefined): readonly WbxmlNode[] =>
  childrenOf(child(node, 'airsync:Responses') ?? el('airsync:Responses'))

export const statusesIn = (node: WbxmlNode | undefined): readonly (string | undefined)[] =>
  responsesIn(node).map((response) => textChild(response, 'airsync:Status'))

export const bodyOf = (data: WbxmlNode | undefined): string | undefined =>
  textChild(descendant(data, 'airsyncbase:Body'), 'airsyncbase:Data', { max: 10_000_000 })

type Version = NonNullable<ConstructorParameters<typeof EasClient>[0]['version']>

/** Phones of a world without a memory: a test says what they send, and looks at what they are told. */
export class SyncTalk {
  readonly #world: World
  readonly #clients: EasClient[] = []
  readonly #prefix: string

  constructor(world: World, prefix: string) {
    this.#world = world
    this.#prefix = prefix
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  phone({ address: user, password }: Person, version: Version = '16.1'): EasClient {
    const deviceId = `${this.#prefix}${this.#clients.length + 1}`
    const client = new EasClient({ url: this.#world.urls[0]!, user, password, deviceId, version })
    this.#clients.push(client)
    return client
  }

  /** A phone that has the account's folders. */
  async started(person: Person, version?: Version): Promise<EasClient> {
    const client = this.phone(person, version)
    await client.post('FolderSync', el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')]))
    return client
  }

  async sync(client: EasClient, key: string, parts: Parts = [], id = 'inbox'): Promise<Told> {
    return told(await client.post('Sync', syncOf([collection(key, parts, id)])), key)
  }

  /** Syncs until there is nothing more; all that was told, and the last key. */
  async all(client: EasClient, key: string, parts: Parts = [], id = 'inbox') {
    const operations: WbxmlNode[] = []
    for (let at = key; ; ) {
      const answer = await this.sync(client, at, [el('airsync:WindowSize', 512), ...parts], id)
      operations.push(...operationsIn(answer.node))
      at = answer.key
      if (answer.node === undefined || !has(answer.node, 'airsync:MoreAvailable'))
        return { key: at, operations, ids: operations.map((one) => textChild(one, 'airsync:ServerId') ?? '') }
    }
  }

  /** A new account's phone that holds all of a folder with `count` messages. */
  async synced(count: number, { id = 'inbox', version, parts = [] }: Synced = {}) {
    const person = await this.#world.person()
    const client = await this.started(person, version)
    if (count > 0) await this.#world.deliver(person, id, count)
    const first = await this.sync(client, '0', [], id)
    const { key, ids, operations } = await this.all(client, first.key, parts, id)
    return { person, client, key, ids, operations }
  }

  /** Another phone of the same account, that holds all of the folder. */
  async another(person: Person, { id = 'inbox', version, parts = [] }: Synced = {}) {
    const client = await this.started(person, version)
    const first = await this.sync(client, '0', [], id)
    return { client, ...(await this.all(client, first.key, parts, id)) }
  }
}

type Synced = { readonly id?: string; readonly version?: Version; readonly parts?: Parts }

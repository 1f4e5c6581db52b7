import { type Address, type Answer, HttpConnection } from './http-connection.ts'
import { type Element, encode, scan, T } from './wbxml.ts'

export type PhoneOptions = {
  readonly address: Address
  readonly user: string
  readonly password: string
  readonly device: string
  /** Default 16.1. */
  readonly version?: string
}

export type Synced = {
  readonly added: number
  readonly changed: number
  readonly deleted: number
  readonly more: boolean
  readonly bytes: number
  /** Of the last item added. */
  readonly lastAdded: string
  /** FileReference of the last attachment. */
  readonly lastFile: string
}

export type SyncOptions = {
  readonly window?: number
  readonly filter?: number
  /** Bytes of HTML per body; undefined: no Options. */
  readonly html?: number
}

/** A phone that does the least a load generator needs: FolderSync, Sync, Ping on one mailbox after the other. */
export class Phone {
  readonly #options: PhoneOptions
  readonly #connection: HttpConnection
  readonly #keys = new Map<string, string>()

  constructor(options: PhoneOptions) {
    this.#options = options
    this.#connection = new HttpConnection(options.address)
  }

  /** Folders as `serverId → type`. */
  async folderSync(key = '0'): Promise<{ folders: Map<string, string>; key: string }> {
    const { body } = await this.#post('FolderSync', [T.folderSync, [T.folderKey, key]])
    const folders = new Map<string, string>()
    let next = key
    let current = ''
    scan(body, (page, token, text) => {
      if (page !== 7 || text === undefined) return
      if (token === T.folderKey[1]) next = text
      else if (token === T.folderServerId[1]) current = text
      else if (token === T.folderType[1]) folders.set(current, text)
      else if (token === T.folderStatus[1] && text !== '1') throw new Error(`FolderSync Status ${text}`)
    })
    return { folders, key: next }
  }

  /** The first request for a collection: gets a key, and no items. */
  async prime(collection: string): Promise<void> {
    this.#keys.delete(collection)
    await this.#sync(collection, {}, [])
  }

  async sync(collection: string, options: SyncOptions = {}): Promise<Synced> {
    return this.#sync(collection, options, [[T.getChanges]])
  }

  /** Syncs until there is no more. */
  async syncAll(collection: string, options: SyncOptions = {}): Promise<number> {
    for (let added = 0; ; ) {
      const answer = await this.sync(collection, options)
      added += answer.added
      if (!answer.more) return added
    }
  }

  /** One request for several collections; answers with how many have something to tell. */
  async syncTogether(collections: readonly string[]): Promise<number> {
    const asked = collections.map((id): Element => {
      const key = this.#keys.get(id) ?? '0'
      return [T.collection, [T.syncKey, key], [T.collectionId, id]]
    })
    const { body } = await this.#post('Sync', [T.sync, [T.collections, ...asked]])
    let key = ''
    let told = 0
    scan(body, (page, token, text) => {
      if (page !== 0 || text === undefined) return
      if (token === T.syncKey[1]) key = text
      else if (token === T.status[1] && text !== '1') throw new Error(`Sync Status ${text}`)
      else if (token === T.collectionId[1]) {
        this.#keys.set(text, key)
        told++
      }
    })
    return told
  }

  async markRead(collection: string, item: string): Promise<Synced> {
    const change: Element = [T.change, [T.serverId, item], [T.applicationData, [T.read, '1']]]
    return this.#sync(collection, {}, [[T.getChanges], [T.commands, change]])
  }

  /** Resolves with the status when the held request is answered. */
  async ping(collections: readonly string[], heartbeat = 900): Promise<string> {
    const folders = collections.map((id): Element => [T.folder, [T.id, id], [T.class, 'Email']])
    const { body } = await this.#post('Ping', [
      T.ping,
      [T.heartbeat, String(heartbeat)],
      [T.folders, ...folders],
    ])
    let status = ''
    scan(body, (page, token, text) => {
      if (page === 13 && token === T.pingStatus[1]) status = text ?? ''
    })
    return status
  }

  /** The first 50 messages with a word, without bodies. */
  async search(word: string): Promise<{ results: number; total: number }> {
    const { body } = await this.#post('Search', [
      T.search,
      [
        T.store,
        [T.storeName, 'Mailbox'],
        [T.query, [T.and, [T.freeText, word]]],
        [T.searchOptions, [T.searchRange, '0-49']],
      ],
    ])
    const found = { results: 0, total: 0 }
    scan(body, (page, token, text) => {
      if (page !== 15) return
      if (token === T.result[1]) found.results++
      else if (token === T.total[1]) found.total = Number(text)
      else if (token === T.searchStatus[1] && text !== '1') throw new Error(`Search Status ${text}`)
    })
    return found
  }

  /** A message as MIME, whole; answers with its bytes. */
  async fetchMime(collection: string, item: string): Promise<number> {
    const { body } = await this.#post('ItemOperations', [
      T.itemOperations,
      [
        T.fetch,
        [T.fetchStore, 'Mailbox'],
        [T.collectionId, collection],
        [T.serverId, item],
        [T.fetchOptions, [T.mimeSupport, '2'], [T.bodyPreference, [T.bodyType, '4']]],
      ],
    ])
    return body.length
  }

  /** A range of an attachment in base64; answers with the milliseconds until its first byte, and those of the whole. */
  async fetchRange(
    file: string,
    range: string,
  ): Promise<{ firstMs: number; wholeMs: number; bytes: number }> {
    const sentAt = performance.now()
    const { body, begunAt } = await this.#post('ItemOperations', [
      T.itemOperations,
      [T.fetch, [T.fetchStore, 'Mailbox'], [T.fileReference, file], [T.fetchOptions, [T.fetchRange, range]]],
    ])
    scan(body, (page, token, text) => {
      if (page === 20 && token === T.fetchStatus[1] && text !== '1') throw new Error(`Fetch Status ${text}`)
    })
    return { firstMs: begunAt - sentAt, wholeMs: performance.now() - sentAt, bytes: body.length }
  }

  /** The same phone, with the keys it has, at another server. */
  at(url: string): Phone {
    const { hostname, port, protocol } = new URL(url)
    const address = { host: hostname, port: Number(port), secure: protocol === 'https:' }
    const moved = new Phone({ ...this.#options, address })
    for (const [collection, key] of this.#keys) moved.#keys.set(collection, key)
    return moved
  }

  close(): void {
    this.#connection.close()
  }

  async #sync(collection: string, options: SyncOptions, rest: Element[]): Promise<Synced> {
    const key = this.#keys.get(collection) ?? '0'
    const { body } = await this.#post('Sync', [
      T.sync,
      [
        T.collections,
        [T.collection, [T.syncKey, key], [T.collectionId, collection], ...inOrder(options, rest)],
      ],
    ])
    const seen = {
      added: 0,
      changed: 0,
      deleted: 0,
      more: false,
      bytes: body.length,
      lastAdded: '',
      lastFile: '',
    }
    scan(body, (page, token, text) => this.#note(seen, collection, { page, token, text }))
    return seen
  }

  #note(
    seen: {
      added: number
      changed: number
      deleted: number
      more: boolean
      lastAdded: string
      lastFile: string
    },
    collection: string,
    { page, token, text }: { page: number; token: number; text: string | undefined },
  ): void {
    if (page === 17 && token === T.fileReference[1]) seen.lastFile = text ?? ''
    if (page !== 0) return
    if (token === T.add[1]) seen.added++
    else if (token === T.serverId[1]) seen.lastAdded = text ?? ''
    else if (token === T.change[1]) seen.changed++
    else if (token === T.delete[1] || token === T.softDelete[1]) seen.deleted++
    else if (token === T.moreAvailable[1]) seen.more = true
    else if (token === T.syncKey[1] && text !== undefined) this.#keys.set(collection, text)
    else if (token === T.status[1] && text !== '1') throw new Error(`Sync Status ${text}`)
  }

  async #post(command: string, body: Element): Promise<Answer> {
    const answer = await this.#connection.send(this.#request(command, encode(body)))
    if (answer.status !== 200) throw new Error(`${command}: HTTP ${answer.status}`)
    return answer
  }

  #request(command: string, body: Buffer): Buffer {
    const { address, user, password, device, version = '16.1' } = this.#options
    const query = `Cmd=${command}&User=${encodeURIComponent(user)}&DeviceId=${device}&DeviceType=LoadPhone`
    const head = [
      `POST /Microsoft-Server-ActiveSync?${query} HTTP/1.1`,
      `Host: ${address.servername ?? 'relais'}`,
      `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      `MS-ASProtocolVersion: ${version}`,
      'Content-Type: application/vnd.ms-sync.wbxml',
      'User-Agent: LoadPhone/1.0',
      'X-MS-PolicyKey: 0',
      `Content-Length: ${body.length}`,
    ]
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
  }
}

/** MS-ASCMD orders a Collection: GetChanges, WindowSize, Options, Commands. */
const inOrder = ({ window, filter, html }: SyncOptions, rest: Element[]): Element[] => {
  const [getChanges, ...commands] = rest
  const options: Element[] = []
  if (filter !== undefined) options.push([T.filterType, String(filter)])
  if (html !== undefined)
    options.push([T.bodyPreference, [T.bodyType, '2'], [T.truncationSize, String(html)]])
  return [
    ...(getChanges === undefined ? [] : [getChanges]),
    ...(window === undefined ? [] : [[T.windowSize, String(window)] as Element]),
    ...(options.length === 0 ? [] : [[T.options, ...options] as Element]),
    ...commands,
  ]
}

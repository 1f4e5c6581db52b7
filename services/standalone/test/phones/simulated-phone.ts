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
import { collectionElement } from './collection-element.ts'
import { type Family, numberOf, type Version } from './families.ts'
import type { Item, Pending } from './pending.ts'
import { judge, type QuestionKind, question } from './questions.ts'
import { type Folder, named, newFolder, told, Violation } from './shown-folder.ts'
import { type Ask, ShownHierarchy } from './shown-hierarchy.ts'
import { namedItem, rewrite, type Touch, touch, write } from './user-deeds.ts'
import type { Person, World } from './world.ts'

/** What goes wrong with one request: its answer is lost, it is sent twice in turn, or twice at once. */
export type Fault = 'none' | 'lost' | 'repeated' | 'twice'

/** How a phone's request gets its answer; where faults are about, it is repeated until there is one. */
export type Send = (
  client: EasClient,
  request: {
    readonly command: string
    readonly body: WbxmlNode | undefined
    readonly signal?: AbortSignal
  },
) => Promise<EasResponse>

const sendOnce: Send = (client, { command, body, signal }) => client.post(command, body, { signal })

export type PhoneSetUp = {
  readonly family: Family
  readonly device: string
  readonly folders: readonly string[]
  readonly send?: Send
}

/** A phone with a memory: what it shows, what it still has to tell, and the key of each folder. */
export class SimulatedPhone {
  #family: Family
  readonly #hierarchy = { shown: new ShownHierarchy() }
  readonly #world: World
  readonly #person: Person
  readonly #device: string
  readonly #folders: Map<string, Folder>
  readonly #send: Send
  readonly #subjects = new Map<string, string>()
  #clients: readonly EasClient[] = []
  #requests = 0
  /** The last Syncs, oldest first. */
  #sent: readonly (WbxmlNode | undefined)[] = []
  #written = 0

  constructor(world: World, person: Person, { family, device, folders, send = sendOnce }: PhoneSetUp) {
    this.#send = send
    this.#family = family
    this.#world = world
    this.#person = person
    this.#device = device
    this.#folders = new Map(folders.map((id) => [id, newFolder()]))
  }

  get family(): Family {
    return this.#family
  }

  /** Its owner brings it to another version; what it has stays. A phone that writes drafts keeps on doing so. */
  changeVersion(version: Version): void {
    if (this.#family.version === '2.5' || (this.writesDrafts && numberOf(version) < DRAFTS_SINCE)) return
    this.#family = { ...this.#family, version }
    this.connect()
  }

  /** It was wiped, and set up again. */
  async startAfresh(): Promise<void> {
    for (const id of this.folders) this.#folders.set(id, newFolder())
    this.#sent = []
    this.#hierarchy.shown = new ShownHierarchy()
    await this.setUp()
  }

  get device(): string {
    return this.#device
  }

  get folders(): readonly string[] {
    return [...this.#folders.keys()]
  }

  shows(folder: string): ReadonlyMap<string, Item> {
    return this.#folder(folder).items
  }

  pendingIn(folder: string): number {
    return this.#folder(folder).pending.length
  }

  /** The server forgot what it remembered of this phone: a collection may have to start again, once. */
  rowsWereLost(): void {
    for (const folder of this.#folders.values()) folder.mayStartAgain = true
  }

  connect(): void {
    for (const client of this.#clients) client.close()
    const { deviceType, userAgent, version, query } = this.family
    const { address, password } = this.#person
    this.#clients = this.#world.urls.map(
      (url) =>
        new EasClient({
          ...{ url, user: address, password, deviceId: this.#device, deviceType, userAgent, version, query },
        }),
    )
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  async setUp(): Promise<void> {
    this.connect()
    await this.syncFolders()
  }

  get names(): ReadonlyMap<string, string> {
    return this.#hierarchy.shown.names
  }

  /** Whether there was something new. */
  syncFolders(fault: Fault = 'none'): Promise<boolean> {
    return this.#hierarchy.shown.sync(this.#askingFolders(fault))
  }

  /** What the user does to folders. */
  async changeFolders(
    act: 'create' | 'rename' | 'delete',
    { nth, name, fault }: { readonly nth: number; readonly name: string; readonly fault: Fault },
  ): Promise<void> {
    const { shown } = this.#hierarchy
    const ask = this.#askingFolders(fault)
    if (act === 'create') await shown.create(ask, name)
    else if (act === 'rename') await shown.rename(ask, nth, name)
    else await shown.delete(ask, nth)
  }

  #askingFolders(fault: Fault): Ask {
    return async (command, body) => {
      const answer = await this.post(command, body)
      return (fault === 'none' ? answer : await this.post(command, body)).root
    }
  }

  /** The user looks for something, reads, answers or empties the trash. */
  async ask(
    kind: QuestionKind,
    { folder, nth, fault }: { folder: string; nth: number; fault: Fault },
  ): Promise<void> {
    const asking = this.#folder(folder)
    const { key } = asking
    const item = namedItem(asking, nth)
    if (key === '0' || item === undefined) return
    const about = { folder, key, item, address: this.#person.address, clientId: `q${++this.#written}` }
    const asked = question(kind, about, this.family.version)
    if (asked === undefined) return
    judge(asked, (await this.post(asked.command, asked.body)).root, asking)
    if (fault !== 'none') judge(asked, (await this.post(asked.command, asked.body)).root, asking)
  }

  /** Subject of a message that is shown, or was. */
  subjectOf(id: string): string | undefined {
    return this.#subjects.get(id)
  }

  /** The user wants to see more or less of a folder. */
  filter(folderId: string, { type, conversations }: { type: number; conversations: boolean }): void {
    Object.assign(this.#folder(folderId), { filter: type, conversations })
  }

  get writesDrafts(): boolean {
    return numberOf(this.family.version) >= DRAFTS_SINCE && this.#folders.has(DRAFTS)
  }

  /** The user writes a new draft; it is shown under the phone's own id until the server has named it. */
  write(subject: string): void {
    write(this.#folder(DRAFTS), `c${++this.#written}`, subject)
  }

  /** The user writes the nth draft anew, or sends it. */
  rewrite(nth: number, subject: string | undefined): void {
    rewrite(this.#folder(DRAFTS), nth, subject)
  }

  /** The user does something to the nth message that is shown; returns which it was. 2.5 has no flags. */
  touch(folderId: string, kind: Touch, nth: number): string | undefined {
    if (kind === 'flag' && this.family.version === '2.5') return undefined
    return touch(this.#folder(folderId), kind, nth)
  }

  /** The user moves the nth message; a phone repeats a move until it is answered. */
  async move(from: string, to: string, { nth, fault }: { nth: number; fault: Fault }): Promise<void> {
    const source = this.#folder(from)
    const [id, item] = [...source.items][nth % Math.max(1, source.items.size)] ?? []
    if (id === undefined || item === undefined || source.pending.some((one) => one.id === id)) return
    const body = el('move:MoveItems', [
      el('move:Move', [el('move:SrcMsgId', id), el('move:SrcFldId', from), el('move:DstFldId', to)]),
    ])
    let answer = await this.post('MoveItems', body)
    if (fault !== 'none') {
      const again = await this.post('MoveItems', body)
      if (moved(again) !== moved(answer))
        throw new Violation(`a repeated move of ${id} answered ${moved(again)} after ${moved(answer)}`)
      answer = again
    }
    const target = moved(answer)
    if (target === undefined) return
    source.items.delete(id)
    this.#subjects.set(target, this.#subjects.get(id) ?? '')
    const there = this.#folder(to).items
    if (there.has(target)) throw new Violation(`a move made ${target}, which was shown already`)
    if (this.#folder(to).key !== '0') there.set(target, item)
  }

  /** One Sync of a folder, or of all for a client that syncs them together. */
  async sync(folderId: string, { window, fault }: { window: number; fault: Fault }): Promise<boolean> {
    const ids = this.family.together ? this.folders : [folderId]
    // A first request says nothing but that it is one.
    const sentOf = ({ key, pending }: Folder) => (key === '0' ? [] : pending)
    const sent = new Map(ids.map((id) => [id, sentOf(this.#folder(id))]))
    const answer = await this.#exchangeSync(ids, { window, fault })
    if (answer === undefined) return true
    if (answer.root === undefined) {
      for (const id of ids) this.#acknowledged(id, sent.get(id) ?? [])
      return false
    }
    return this.#apply(answer.root, sent)
  }

  /** Sends a mail; a phone repeats it under the same id until it is answered. */
  async sendMail(clientId: string, mime: Uint8Array): Promise<void> {
    const { root } = await this.post(
      'SendMail',
      el('composemail:SendMail', [
        el('composemail:ClientId', clientId),
        el('composemail:SaveInSentItems'),
        el('composemail:Mime', mime),
      ]),
    )
    const status = textChild(root, 'composemail:Status')
    // 118: it has been sent already (MS-ASCMD 2.2.2).
    if (status !== undefined && status !== '118')
      throw new Violation(`SendMail was answered with Status ${status}`)
  }

  async ping(signal?: AbortSignal): Promise<string> {
    const folders = this.folders.map((id) =>
      el('ping:Folder', [el('ping:Id', id), el('ping:Class', 'Email')]),
    )
    const body = el('ping:Ping', [el('ping:HeartbeatInterval', 900), el('ping:Folders', folders)])
    const { root } = await this.post('Ping', body, signal)
    return textChild(root, 'ping:Status') ?? ''
  }

  /** A client of all its folders says as little as it may, and all where the server doesn't know the rest (Status 13). */
  async #exchangeSync(
    ids: readonly string[],
    { window, fault }: { readonly window: number; readonly fault: Fault },
  ): Promise<EasResponse | undefined> {
    const isShort = this.family.together && numberOf(this.family.version) >= SHORT_SINCE
    const short = isShort ? this.#shortBody(ids, window) : WHOLE
    for (const id of ids) this.#folder(id).named = this.#folder(id).key
    if (short !== WHOLE) {
      const answer = await this.#exchange(short, fault)
      if (answer === undefined || textChild(answer.root, 'airsync:Status') !== '13') return answer
    }
    return this.#exchange(this.#syncBody(ids, window), fault)
  }

  /** Nothing where nothing is new, else what is new since the last request. */
  #shortBody(ids: readonly string[], window: number): WbxmlNode | undefined | typeof WHOLE {
    const changed = ids.filter((id) => {
      const { key, named, pending, filter } = this.#folder(id)
      return key === '0' || key !== named || pending.length > 0 || filter !== undefined
    })
    if (changed.length === ids.length) return WHOLE
    if (changed.length === 0) return undefined
    return el('airsync:Sync', [
      el('airsync:Partial'),
      el(
        'airsync:Collections',
        changed.map((id) => this.#collection(id, window)),
      ),
    ])
  }

  /** A Sync of before comes again, behind those that were sent after it: nobody waits for its answer any more. */
  async comesLate(): Promise<void> {
    if (this.#sent.length === 0) return
    await this.post('Sync', this.#sent[0])
  }

  async #exchange(body: WbxmlNode | undefined, fault: Fault): Promise<EasResponse | undefined> {
    this.#sent = [...this.#sent, body].slice(-LATE_BY)
    if (fault === 'twice') {
      const [, second] = await Promise.all([this.post('Sync', body), this.post('Sync', body)])
      return second
    }
    const answer = await this.post('Sync', body)
    if (fault === 'repeated') return this.post('Sync', body)
    return fault === 'lost' ? undefined : answer
  }

  /** One request. */
  async post(command: string, body: WbxmlNode | undefined, signal?: AbortSignal): Promise<EasResponse> {
    const client = this.#clients[this.#requests++ % this.#clients.length]!
    const response = await this.#send(client, { command, body, signal })
    if (response.status !== 200) throw new Violation(`${command} was answered with HTTP ${response.status}`)
    return response
  }

  #folder(id: string): Folder {
    const folder = this.#folders.get(id)
    if (folder === undefined) throw new Error(`no folder ${id}`)
    return folder
  }

  #syncBody(ids: readonly string[], window: number): WbxmlNode {
    return el('airsync:Sync', [
      el(
        'airsync:Collections',
        ids.map((id) => this.#collection(id, window)),
      ),
    ])
  }

  #collection(id: string, window: number): WbxmlNode {
    return collectionElement(this.#folder(id), { id, window, family: this.family })
  }

  #apply(root: WbxmlNode, sent: ReadonlyMap<string, readonly Pending[]>): boolean {
    const collections = childrenNamed(child(root, 'airsync:Collections') ?? root, 'airsync:Collection')
    if (collections.length === 0)
      throw new Violation(`Sync was answered with Status ${textChild(root, 'airsync:Status')}`)
    let more = false
    for (const collection of collections) more = this.#applyCollection(collection, sent) || more
    return more
  }

  #applyCollection(node: WbxmlNode, sent: ReadonlyMap<string, readonly Pending[]>): boolean {
    const id = textChild(node, 'airsync:CollectionId') ?? ''
    const folder = this.#folder(id)
    const status = textChild(node, 'airsync:Status')
    if (status === '3') return this.#startAgain(id, folder)
    if (status !== '1') throw new Violation(`${id} was answered with Status ${status}`)
    const first = folder.key === '0'
    folder.key = textChild(node, 'airsync:SyncKey') ?? ''
    for (const response of childrenOf(child(node, 'airsync:Responses') ?? NOTHING)) named(folder, response)
    this.#acknowledged(id, sent.get(id) ?? [])
    for (const command of childrenOf(child(node, 'airsync:Commands') ?? NOTHING))
      told(folder, command, this.#subjects)
    return first || has(node, 'airsync:MoreAvailable')
  }

  #startAgain(id: string, folder: Folder): boolean {
    if (!folder.mayStartAgain) throw new Violation(`${id} had to start again for no reason`)
    folder.mayStartAgain = false
    folder.items.clear()
    folder.pending = []
    folder.key = '0'
    return true
  }

  #acknowledged(id: string, sent: readonly Pending[]): void {
    const folder = this.#folder(id)
    folder.pending = folder.pending.filter((one) => !sent.includes(one))
  }
}

const NOTHING: WbxmlNode = { tag: 'airsync:Commands', content: null }
const DRAFTS = 'drafts'
/** Versions times ten: from which drafts are written, and a Sync may say less than all. */
const DRAFTS_SINCE = 160
const SHORT_SINCE = 121
/** Requests that one may come behind. */
const LATE_BY = 4
/** Everything has to be said. */
const WHOLE = 'whole'

/** Where a moved message is now; undefined: it couldn't be moved. */
const moved = ({ root }: EasResponse): string | undefined => {
  const response = root && descendant(root, 'move:Response')
  return textChild(response, 'move:Status') === '3' ? textChild(response, 'move:DstMsgId') : undefined
}

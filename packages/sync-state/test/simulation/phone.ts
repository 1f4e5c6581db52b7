import { unpackKey } from '../../src/key.ts'
import { classOf, contentValue, isMail, type Properties } from './facts.ts'
import { Gate } from './gate.ts'
import type {
  CollectionSync,
  MoveReply,
  MoveWish,
  PhoneCommand,
  SimulatedServer,
  SyncReply,
  SyncRequest,
} from './server.ts'
import type { World } from './world.ts'

export type PhoneSettings = {
  readonly name: string
  readonly collections: readonly string[]
  readonly filters: Readonly<Record<string, number>>
  /** Of the second class, where it is wanted. */
  readonly sideFilters?: Readonly<Record<string, number>>
  readonly serverWins: boolean
  readonly deletesAsMoves: boolean
  /** It reads Responses before Commands. */
  readonly responsesFirst: boolean
}

type Wish = { readonly value: string; readonly tag: number }

export type HeldItem = {
  properties: Properties
  sortKey: number
  /** Last the server said. */
  confirmed: { readonly properties: Properties; readonly sortKey: number }
  /** The user's changes that aren't acknowledged, by property group. */
  readonly dirty: Record<string, Wish>
  /** What was sent last, under which key. */
  readonly sent: Record<string, Wish & { readonly key: string }>
  /** Acknowledged actions. */
  readonly own: number[]
  /** Snapshot that it was last told from. */
  seen: number
  deleted: number
  isMoving: boolean
  wasMoved: boolean
  wasTold: boolean
}

export type PendingAdd = {
  clientId: string
  properties: Properties
  readonly sortKey: number
  tag: number
  readonly local: number
}

export type Folder = {
  key: string
  items: Map<number, HeldItem>
  adds: PendingAdd[]
  more: boolean
  filter: number
  sideFilter: number | undefined
  /** Filter of the last answered request. */
  settledFilter: number | undefined
  /** Its last Sync was answered empty, so an empty one may follow. */
  isIdle: boolean
  /** When it was last up to date. */
  upToDate: number
}

/** What survives a restart of the phone. */
export type PhoneStorage = { folders: Map<string, Folder>; moves: MoveWish[]; nextClientId: number }

export type Flight = {
  readonly kind: 'sync' | 'move'
  readonly sync: SyncRequest
  readonly moves: readonly MoveWish[]
  readonly sentAt: number
  readonly body: string
  readonly gate: Gate
  readonly start: () => void
  isStarted: boolean
  reply: SyncReply | undefined
  moveReplies: readonly MoveReply[] | undefined
  failure: unknown
}

const MAX_COMMANDS = 200

export type SyncWish = {
  window: number
  getChanges?: boolean
  withoutOptions?: boolean
  mayBeEmpty?: boolean
}

export const freshFolder = (filter: number, sideFilter: number | undefined): Folder => ({
  key: '0',
  items: new Map(),
  adds: [],
  more: true,
  filter,
  sideFilter,
  settledFilter: undefined,
  isIdle: false,
  upToDate: 0,
})

/** A phone: a durable copy, requests under way, and a user. */
export class Phone {
  readonly world: World
  readonly server: SimulatedServer
  readonly settings: PhoneSettings
  storage: PhoneStorage
  /** As it was before the last answer, for a phone that is restored. */
  former: PhoneStorage | undefined
  flights: Flight[] = []
  /** Given up by the phone, not by the network. */
  orphans: Flight[] = []
  latest: Flight | undefined
  wasRestored = false
  private lastSynced = ''

  constructor(world: World, server: SimulatedServer, settings: PhoneSettings) {
    this.world = world
    this.server = server
    this.settings = settings
    const folders = settings.collections.map((one): [string, Folder] => [
      one,
      freshFolder(settings.filters[one] ?? 0, settings.sideFilters?.[one]),
    ])
    this.storage = { folders: new Map(folders), moves: [], nextClientId: 1 }
  }

  get name(): string {
    return this.settings.name
  }

  get family(): string {
    return this.name.replace(/\d+$/, '')
  }

  folder(collection: string): Folder {
    return this.storage.folders.get(collection)!
  }

  /** Items that its user sees. */
  shown(collection: string): number[] {
    return [...this.folder(collection).items]
      .filter(([, item]) => !item.deleted && !item.isMoving)
      .map(([id]) => id)
  }

  wants(collection: string): boolean {
    const folder = this.folder(collection)
    if (folder.more || folder.adds.length > 0) return true
    return [...folder.items.values()].some((item) => item.deleted || Object.keys(item.dirty).length > 0)
  }

  // What its user does

  /** A user who sets a value back to what is on its way means the same action. */
  private wish(folder: Folder, item: HeldItem, { group, value }: { group: string; value: string }): Wish {
    const sent = item.sent[group]
    const isSame = sent?.key === folder.key && sent.value === value
    return { value, tag: isSame ? sent.tag : this.world.tag() }
  }

  set(collection: string, id: number, { group, value }: { group: 'read' | 'flag'; value: number }) {
    const folder = this.folder(collection)
    const item = folder.items.get(id)!
    item.dirty[group] = this.wish(folder, item, { group, value: String(value) })
    item.properties = { ...item.properties, [group]: value }
  }

  edit(collection: string, id: number, properties: Properties, sortKey?: number) {
    const folder = this.folder(collection)
    const item = folder.items.get(id)!
    item.properties = { ...item.properties, ...properties }
    if (sortKey !== undefined && classOf(collection) === 'calendar') item.sortKey = sortKey
    const value = contentValue(collection, item.properties, item.sortKey)
    item.dirty.content = this.wish(folder, item, { group: 'content', value })
  }

  undo(collection: string, id: number) {
    const item = this.folder(collection).items.get(id)!
    item.properties = item.confirmed.properties
    item.sortKey = item.confirmed.sortKey
    for (const group of Object.keys(item.dirty)) delete item.dirty[group]
  }

  delete(collection: string, id: number) {
    this.folder(collection).items.get(id)!.deleted = this.world.tag()
  }

  undelete(collection: string, id: number) {
    this.folder(collection).items.get(id)!.deleted = 0
  }

  add(collection: string, properties: Properties, sortKey: number) {
    const { adds } = this.folder(collection)
    adds.push({
      clientId: this.clientId(adds),
      properties,
      sortKey,
      tag: this.world.tag(),
      local: this.world.tag(),
    })
  }

  private clientId(adds: readonly PendingAdd[]): string {
    if (this.family !== 'outlook') return `${this.family[0]}${this.storage.nextClientId++}`
    let small = 1
    while (adds.some(({ clientId }) => clientId === String(small))) small++
    return String(small)
  }

  editAdd(collection: string, text: number) {
    const add = this.folder(collection).adds.at(-1)
    if (!add || add.properties.text === text) return
    add.properties = { ...add.properties, text }
    add.tag = this.world.tag()
  }

  move(collection: string, id: number, to: string) {
    const item = this.folder(collection).items.get(id)!
    if (Object.keys(item.dirty).length > 0) return
    item.isMoving = true
    this.storage.moves.push({ placement: id, from: collection, to, tag: this.world.tag() })
  }

  setFilter(collection: string, filter: number) {
    Object.assign(this.folder(collection), { filter, more: true, isIdle: false })
  }

  setSideFilter(collection: string, sideFilter: number | undefined) {
    Object.assign(this.folder(collection), { sideFilter, more: true, isIdle: false })
  }

  // Requests

  /** Moves go first and alone; else a Sync of the collections. */
  send(collections: readonly string[], wish: SyncWish): Flight {
    if (this.storage.moves.length > 0) return this.sendMoves()
    const parts = collections.map((collection) => this.compose(collection, wish))
    const isEmpty = wish.mayBeEmpty === true && this.mayStayEmpty(parts)
    this.lastSynced = collections.join()
    return this.launch('sync', { sync: { collections: parts, isEmpty }, moves: [] })
  }

  private sendMoves(): Flight {
    this.former = undefined
    for (const flight of [...this.flights]) this.giveUp(flight)
    return this.launch('move', {
      sync: { collections: [], isEmpty: false },
      moves: structuredClone(this.storage.moves),
    })
  }

  private mayStayEmpty([first, ...others]: readonly CollectionSync[]): boolean {
    if (first === undefined || others.length > 0 || first.commands.length > 0) return false
    return this.folder(first.collection).isIdle && this.lastSynced === first.collection
  }

  private compose(
    collection: string,
    { window, getChanges = true, withoutOptions = false }: SyncWish,
  ): CollectionSync {
    const folder = this.folder(collection)
    const omit = withoutOptions && folder.key !== '0' && folder.settledFilter === folder.filter
    const { serverWins, deletesAsMoves } = this.settings
    return {
      collection,
      key: folder.key,
      commands: folder.key === '0' ? [] : this.commandsOf(collection, folder).slice(0, MAX_COMMANDS),
      filter: omit ? undefined : folder.filter,
      sideFilter: folder.sideFilter,
      window,
      getChanges,
      serverWins,
      deletesAsMoves,
    }
  }

  private commandsOf(collection: string, folder: Folder): PhoneCommand[] {
    const adds = folder.adds.map((add): PhoneCommand => {
      if (this.family === 'android') add.clientId = `a${this.storage.nextClientId++}`
      const { clientId, properties, sortKey, tag, local } = add
      const digest = contentValue(collection, properties, sortKey)
      return { kind: 'add', clientId, digest, properties, sortKey, tags: { all: tag, content: tag }, local }
    })
    return [
      ...adds,
      ...[...folder.items].flatMap(([id, item]) => this.commandOf(collection, { id, item, folder })),
    ]
  }

  private commandOf(
    collection: string,
    { id, item, folder }: { id: number; item: HeldItem; folder: Folder },
  ): PhoneCommand[] {
    if (item.isMoving) return []
    const { properties, sortKey } = item
    if (item.deleted)
      return [{ kind: 'delete', placement: id, properties, sortKey, tags: { all: item.deleted } }]
    const wishes = Object.entries(item.dirty)
    if (wishes.length === 0) return []
    for (const [group, wish] of wishes) item.sent[group] = { ...wish, key: folder.key }
    const changes = wishes.map(([group, { value }]) => ({ group: group as 'read', value }))
    const tags = Object.fromEntries(wishes.map(([group, { tag }]) => [group, tag]))
    const whole = !isMail(collection)
    const moment = classOf(collection) === 'calendar' ? sortKey : undefined
    return [{ kind: 'change', placement: id, changes, whole, properties, sortKey: moment, tags }]
  }

  private launch(kind: Flight['kind'], content: Pick<Flight, 'sync' | 'moves'>): Flight {
    const gate = new Gate()
    const flight: Flight = {
      ...content,
      kind,
      gate,
      sentAt: this.world.clock,
      body: JSON.stringify(content),
      isStarted: false,
      reply: undefined,
      moveReplies: undefined,
      failure: undefined,
      start: () => {
        flight.isStarted = true
        this.run(flight).then(
          () => gate.over(),
          (error) => {
            flight.failure = error
            gate.over()
          },
        )
      },
    }
    this.world.trace(`${this.name} sends ${kind} ${describe(content)}`)
    this.flights.push(flight)
    if (kind === 'sync') this.latest = flight
    return flight
  }

  private async run(flight: Flight) {
    if (flight.kind === 'sync') flight.reply = await this.server.sync(this.name, flight.sync, flight.gate)
    else flight.moveReplies = await this.server.move(this.name, flight.moves, flight.gate)
  }

  /** Lets the server do some steps of a request; all of them if no number is given. */
  async advance(flight: Flight, steps = Number.POSITIVE_INFINITY) {
    for (let step = 0; step < steps && !isDone(flight); step++) {
      if (flight.isStarted) await flight.gate.step()
      else {
        flight.start()
        await flight.gate.settled()
      }
      if (flight.failure) throw flight.failure
    }
  }

  /** The answer is lost, or the request is given up before there is one. */
  giveUp(flight: Flight) {
    this.flights = this.flights.filter((other) => other !== flight)
    this.world.trace(`${this.name}: answer lost`)
    if (!isDone(flight)) this.orphans.push(flight)
    if (!flight.sync.isEmpty) for (const folder of this.storage.folders.values()) folder.isIdle = false
  }

  /** Restarts; restored: with the copy it had one answer ago. */
  restart() {
    this.flights = []
    if (!this.former) return
    this.storage = this.former
    this.former = undefined
    this.wasRestored = true
    for (const folder of this.storage.folders.values()) Object.assign(folder, { more: true, isIdle: false })
  }
}

export const isDone = (flight: Flight): boolean =>
  flight.reply !== undefined || flight.moveReplies !== undefined

const describe = ({ sync, moves }: Pick<Flight, 'sync' | 'moves'>): string =>
  JSON.stringify(
    moves.length > 0
      ? moves
      : sync.collections.map((one) => ({
          ...one,
          key: one.key === '0' ? '0' : unpackKey(one.key),
          isEmpty: sync.isEmpty,
        })),
  )

import type { Reader } from '@relais/read-store'
import type { Answer } from '../../src/answer/answer.ts'
import type { CommitStep } from '../../src/commands/carry-out.ts'
import {
  type AddCommand,
  type DeviceCommand,
  deriveCommandId,
  type Facts,
} from '../../src/commands/command.ts'
import { BOTTOM, type Cursor, type WindowEdge } from '../../src/cursor.ts'
import {
  answered,
  answeredFirst,
  answeredQuiet,
  type CollectionState,
  firstGeneration,
  isRepeatable,
  present,
} from '../../src/device-row.ts'
import { hashKey, packKey, unpackKey } from '../../src/key.ts'
import { NOTHING_KNOWN } from '../../src/known-list.ts'
import type { PlacementRow } from '../../src/placement-row.ts'
import { syncCollections } from '../../src/serve.ts'
import type { CollectionAnswer, CollectionRequest, SyncClass, Told } from '../../src/sync-class.ts'
import { classOf, DAY_MS, type Fact, isMail, type Properties, rewrite, TRASH } from './facts.ts'
import type { Gate } from './gate.ts'
import { ACCOUNT, firstPlacement, groupValue, propertiesOf } from './rows.ts'
import type { ScheduleSettings } from './schedule.ts'
import type { World } from './world.ts'

/** A phone's command, with what it is about for the oracle. */
export type PhoneCommand = DeviceCommand & {
  readonly properties: Properties
  readonly sortKey: number | undefined
  /** The user's action, by property group. */
  readonly tags: Readonly<Record<string, number>>
  /** Of an Add: how the phone itself tells it from others. */
  readonly local?: number
}

export type CollectionSync = {
  readonly collection: string
  readonly key: string
  readonly commands: readonly PhoneCommand[]
  readonly filter: number | undefined
  readonly sideFilter?: number
  readonly window: number
  readonly getChanges: boolean
  readonly serverWins: boolean
  readonly deletesAsMoves: boolean
}

export type SyncRequest = { readonly collections: readonly CollectionSync[]; readonly isEmpty: boolean }

export type ToldItem = { readonly properties: Properties; readonly sortKey: number }

export type CollectionReply = { readonly collection: string; readonly key: string } & (
  | { readonly status: 3; readonly why: string }
  | { readonly status: 1; readonly quiet: true; readonly examined: number; readonly snapshot: number }
  | {
      readonly status: 1
      readonly quiet: false
      readonly newKey: string
      readonly told: Told<ReadonlyMap<number, ToldItem>>
    }
)

export type SyncReply = { readonly status: 1 | 13; readonly collections: readonly CollectionReply[] }

/** Watches what the server does with a phone's commands. */
export type Witness = {
  applying(device: string, step: CommitStep, request: CollectionSync): void
  conflicted(device: string, command: PhoneCommand, request: CollectionSync): void
}

/** What came of a collection, with the items told. */
export type Answered = CollectionAnswer<ReadonlyMap<number, ToldItem>>

export type Asking = {
  readonly device: string
  readonly meant: SyncRequest
  readonly requests: readonly CollectionRequest[]
  readonly window: number
  readonly gate: Gate
}

type Remembered = { readonly request: SyncRequest }

/** What device-sync does around the engine: device rows, keys, the cached request, waiting. */
export class SimulatedServer {
  protected readonly world: World
  private readonly witness: Witness
  private readonly settings: Pick<ScheduleSettings, 'isStrict' | 'invisibleBudget'>
  private states = new Map<string, CollectionState>()
  private readonly cached = new Map<string, Remembered>()
  /** Requests that carry out commands, by device. */
  private readonly busy = new Map<string, { readonly gate: Gate; isDone: boolean }>()

  constructor(
    world: World,
    witness: Witness,
    settings: Pick<ScheduleSettings, 'isStrict' | 'invisibleBudget'>,
  ) {
    this.world = world
    this.witness = witness
    this.settings = settings
  }

  stateOf(device: string, collection: string): CollectionState | undefined {
    return this.states.get(`${device}/${collection}`)
  }

  setState(device: string, collection: string, state: CollectionState) {
    this.states.set(`${device}/${collection}`, state)
  }

  loseRows() {
    this.states = new Map()
  }

  /** It restarts: requests under way are gone. */
  forgetRequests() {
    this.cached.clear()
    this.busy.clear()
  }

  floor(collection: string, filter: number): WindowEdge {
    if (classOf(collection) === 'contacts' || filter === 0) return BOTTOM
    return { sortKey: (this.world.clock - filter) * this.world.scale, placement: 0 }
  }

  async sync(device: string, request: SyncRequest, gate: Gate): Promise<SyncReply> {
    const meant = request.isEmpty ? this.cached.get(device)?.request : request
    if (meant === undefined) return { status: 13, collections: [] }
    const prepared = meant.collections.map((one) => this.prepare(device, one))
    const window = Math.max(...meant.collections.map((one) => one.window))
    const requests = prepared.flatMap((one) => ('why' in one ? [] : [one.request]))
    const answers = [...(await this.ask({ device, meant, requests, window, gate }))]
    const replies = prepared.map((one, index): CollectionReply => {
      const asked = meant.collections[index]!
      if ('why' in one) return { collection: asked.collection, key: asked.key, status: 3, why: one.why }
      return this.reply(device, { asked, cursor: one.cursor, answer: answers.shift()! })
    })
    this.remember(device, meant, replies)
    return { status: 1, collections: replies }
  }

  protected ask({ device, meant, requests, window, gate }: Asking): Promise<readonly Answered[]> {
    return syncCollections(this.serviceOf(device, meant, gate), requests, window)
  }

  private prepare(
    device: string,
    asked: CollectionSync,
  ): { why: string } | { request: CollectionRequest; cursor?: Cursor } {
    const { collection, key, filter, sideFilter, window, getChanges, serverWins, commands } = asked
    const common = {
      collection,
      filter,
      sideFilter,
      window,
      getChanges,
      clientWins: !serverWins,
      syncKey: hashKey(collection, key),
    }
    const former = this.stateOf(device, collection)
    if (key === '0') {
      const generation = firstGeneration(former, this.world.clock * DAY_MS)
      return {
        request: {
          ...common,
          cursor: undefined,
          generation,
          list: NOTHING_KNOWN,
          hint: undefined,
          commands: [],
        },
      }
    }
    const cursor = unpackKey(key)!
    const lenient = former && { ...former, presented: Math.min(former.presented, cursor.generation) }
    const presented = present(this.settings.isStrict ? former : lenient, key, cursor)
    if (presented.outcome !== 'ok') return { why: presented.outcome }
    this.setState(device, collection, presented.state)
    const { list, hint } = presented
    return { request: { ...common, cursor, generation: 0, list, hint, commands }, cursor }
  }

  private reply(
    device: string,
    {
      asked,
      cursor,
      answer,
    }: {
      asked: CollectionSync
      cursor: Cursor | undefined
      answer: Answered
    },
  ): CollectionReply {
    const { collection, key, getChanges } = asked
    if (answer.outcome !== 'ok') {
      const why = answer.outcome === 'invalid_key' ? answer.reason : answer.outcome
      return { collection, key, status: 3, why }
    }
    for (const [index, { outcome }] of answer.results.entries())
      if (outcome === 'conflict') this.witness.conflicted(device, asked.commands[index]!, asked)
    const former = this.stateOf(device, collection)
    if (answer.quiet) {
      const { snapshot, examined } = answer
      const state = answeredQuiet(former, {
        key,
        cursor: cursor!,
        getChanges,
        snapshot,
        edge: answer.cursor.edge,
      })
      this.setState(device, collection, state)
      return { collection, key, status: 1, quiet: true, examined, snapshot }
    }
    const newKey = packKey(answer.cursor)
    const behind = answer.more || !getChanges
    const sent = { presented: key, key: newKey, cursor: answer.cursor, list: answer.list, behind }
    this.setState(
      device,
      collection,
      key === '0' ? answeredFirst(former, newKey, answer.cursor) : answered(former, sent),
    )
    return { collection, key, status: 1, quiet: false, newKey, told: answer }
  }

  private remember(device: string, request: SyncRequest, replies: readonly CollectionReply[]) {
    const parts = replies.map((reply) => ({
      collection: reply.collection,
      key: reply.key,
      generation: unpackKey(reply.key)?.generation ?? 0,
      quiet: reply.status === 1 && reply.quiet,
    }))
    const isGood = isRepeatable(parts, (collection) => this.stateOf(device, collection))
    const collections = request.collections.map((one) => ({ ...one, commands: [] }))
    if (isGood) this.cached.set(device, { request: { collections, isEmpty: true } })
    else this.cached.delete(device)
  }

  private serviceOf(
    device: string,
    request: SyncRequest,
    gate: Gate,
  ): SyncClass<ReadonlyMap<number, ToldItem>> {
    const { world } = this
    const seen = new Set<string>()
    let isAnswering = false
    const askedOf = (collection: string) => request.collections.find((one) => one.collection === collection)!
    return {
      tenant: world.tenant,
      account: ACCOUNT,
      device,
      invisibleBudget: this.settings.invisibleBudget,
      commutes: isMail,
      access: async (collection) => {
        if (seen.has(collection) && !isAnswering) {
          isAnswering = true
          await gate.pass(async () => {})
        }
        seen.add(collection)
        const collections = world.viewOf(device, collection)
        const view = device.startsWith('outlook') && collection === 'CON' ? world.viewVersion : 0
        return { epoch: 1, level: world.levelOf(device), view, collections }
      },
      floor: (collection, filter) => this.floor(collection, filter),
      head: async () => world.head,
      end: async () => world.head,
      ageOf: async (position) => world.ageOf(position),
      snapshot: (read) => world.snapshot(read),
      waitFor: (position) => world.project(Math.max(position, world.projected)),
      exclusively: (work) => this.exclusively(device, { gate, work }),
      facts: (reader, rows) => factsOf(reader, world.tenant, rows),
      append: (step, { syncKey, expected, collection }) =>
        gate.pass(async () => {
          const asked = askedOf(collection)
          const repeated = !world.accepts({ commandId: step.commandId, expected: undefined })
          if (world.accepts({ ...step, expected })) this.witness.applying(device, step, asked)
          const origin = { device, syncKey, commandId: step.commandId, tag: tagOf(step), expected }
          return { position: await world.append([factOf(step, asked)], origin), repeated }
        }),
      extra: (reader, _request, told) => toldItems(reader, world.tenant, told),
    }
  }

  /** Another request of the device that carries out its commands comes to its end first. */
  private async exclusively<T>(
    device: string,
    { gate, work }: { gate: Gate; work: () => Promise<T> },
  ): Promise<T> {
    const other = this.busy.get(device)
    if (other) await other.gate.runUntil(() => other.isDone)
    const mine = { gate, isDone: false }
    this.busy.set(device, mine)
    try {
      return await work()
    } finally {
      mine.isDone = true
      if (this.busy.get(device) === mine) this.busy.delete(device)
    }
  }

  /** MoveItems: a repeat answers the same, and each move is one commit. */
  async move(device: string, moves: readonly MoveWish[], gate: Gate): Promise<MoveReply[]> {
    const replies: MoveReply[] = []
    for (const wish of moves) replies.push(await gate.pass(() => this.moveOne(device, wish)))
    return replies
  }

  private async moveOne(device: string, { placement, from, to, tag }: MoveWish): Promise<MoveReply> {
    const commandId = deriveCommandId('move', device, placement, from, to)
    const item = this.world.truth.items.get(placement)
    const done = this.world.log.find((commit) => commit.commandId === commandId)
    if (done) return { placement, status: 3, target: firstPlacement(done.position) }
    if (item?.ended !== 0 || item.collection !== from) return { placement, status: 1, target: 0 }
    const position = await this.world.append([{ type: 'Moved', placement, to }], {
      device,
      syncKey: '',
      commandId,
      tag,
    })
    return { placement, status: 3, target: firstPlacement(position) }
  }
}

export type MoveWish = {
  readonly placement: number
  readonly from: string
  readonly to: string
  readonly tag: number
}
export type MoveReply = { readonly placement: number; readonly status: 1 | 3; readonly target: number }

const tagOf = (step: CommitStep): number => {
  const { tags } = step.command as PhoneCommand
  return tags[step.kind === 'apply' || step.kind === 'note' ? step.group : 'all'] ?? tags.all ?? 0
}

const factOf = (step: CommitStep, asked: CollectionSync): Fact => {
  const command = step.command as PhoneCommand
  switch (step.kind) {
    case 'note':
      return { type: 'Noted', placement: step.row.id, group: step.group as 'read', value: step.value }
    case 'delete':
      return asked.deletesAsMoves && isMail(step.row.collection) && step.row.collection !== TRASH
        ? { type: 'Moved', placement: step.row.id, to: TRASH }
        : { type: 'Ended', placement: step.row.id }
    case 'apply':
      return changeOf(step.row, { group: step.group as 'read', value: step.value, command })
    case 'create': {
      const { clientId, digest } = command as AddCommand
      const properties = rewrite(command.properties)
      return {
        type: 'Placed',
        collection: asked.collection,
        sortKey: command.sortKey ?? 0,
        properties,
        clientId,
        digest,
      }
    }
  }
}

const changeOf = (
  row: PlacementRow,
  { group, value, command }: { group: 'read' | 'flag' | 'content'; value: string; command: PhoneCommand },
): Fact => {
  const common = { type: 'Changed' as const, placement: row.id, group, value }
  if (group !== 'content') return { ...common, properties: { [group]: Number(value) } }
  return { ...common, properties: rewrite(command.properties), sortKey: command.sortKey }
}

const factsOf = async (reader: Reader, tenant: string, rows: readonly PlacementRow[]): Promise<Facts> => {
  const properties = await propertiesOf(reader, tenant, rows)
  return {
    valueOf: (row, group) => groupValue(row, properties.get(row.item), group),
    refuses: (row) => properties.get(row.item)?.readOnly === 1,
    isEditOf: (row, add) => {
      const sent = rewrite((add as unknown as PhoneCommand).properties)
      return properties.get(row.item)?.title === sent.title
    },
  }
}

const toldItems = async (reader: Reader, tenant: string, told: Answer | undefined) => {
  const rows = (told?.operations ?? []).flatMap(({ row }) => (row ? [row] : []))
  const properties = await propertiesOf(reader, tenant, rows)
  const items = new Map<number, ToldItem>()
  for (const row of rows) {
    const found = properties.get(row.item)
    if (found) items.set(row.id, { properties: found, sortKey: row.sortKey })
  }
  return items
}

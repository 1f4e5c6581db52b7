import type { Answer } from '../../src/answer/answer.ts'
import { isMail, type Properties } from './facts.ts'
import { receive } from './inbox.ts'
import type { Flight, Phone, PhoneSettings } from './phone.ts'
import { onEngine, Player } from './player.ts'
import { comeToRest } from './rest.ts'
import { openRows, type Rows } from './rows.ts'
import type { CollectionReply } from './server.ts'

type Scope = { after(fn: () => Promise<void>): void }

export type SceneOptions = {
  readonly collections?: readonly string[]
  readonly phones?: readonly string[]
  readonly filters?: Readonly<Record<string, number>>
  readonly sideFilters?: Readonly<Record<string, number>>
  readonly serverWins?: boolean
  readonly deletesAsMoves?: boolean
  readonly responsesFirst?: boolean
  readonly isLagging?: boolean
  readonly invisibleBudget?: number
}

/** What one answer told of one collection, for assertions. */
export type Heard = {
  readonly told: readonly (readonly [kind: string, id: number])[]
  readonly operations: Answer['operations']
  readonly more: boolean
  readonly quiet: boolean
  /** Why it starts anew; '': it doesn't. */
  readonly status3: string
  readonly results: readonly string[]
  /** Placements of the commands, in order. */
  readonly placements: readonly number[]
  readonly examined: number
  readonly listed: number
}

export type HearOptions = {
  readonly window?: number
  readonly getChanges?: boolean
  readonly withoutOptions?: boolean
  /** The answer doesn't arrive. */
  readonly isLost?: boolean
}

let tenants = 0

/** A directed play: phones, a server and their real rows, one step after the other. */
export class Scene {
  readonly player: Player
  readonly rows: Rows

  constructor(rows: Rows, options: SceneOptions) {
    const {
      collections = ['INB'],
      phones = ['ios1'],
      filters = {},
      sideFilters,
      isLagging = false,
      invisibleBudget,
    } = options
    const { serverWins = true, deletesAsMoves = false, responsesFirst = true } = options
    const phone = (name: string): PhoneSettings => ({
      name,
      ...{ collections, filters, sideFilters, serverWins, deletesAsMoves, responsesFirst },
    })
    this.rows = rows
    this.player = new Player(
      {
        ...{ collections, phones: phones.map(phone), isLagging, isStrict: true, adoptsAny: false },
        ...{ looksInside: true, isStrictOnConflicts: true, windows: [512], invisibleBudget },
      },
      onEngine(rows, { tenant: `scene${++tenants}` }),
    )
  }

  get world() {
    return this.player.world
  }

  phone(index = 0): Phone {
    return this.player.phones[index]!
  }

  // At the server

  async deliver(
    collection = 'INB',
    { age = 0, ...properties }: Properties & { age?: number } = {},
  ): Promise<number> {
    const plain = isMail(collection) ? { read: 0, flag: 0 } : { title: 0, text: 0 }
    const sortKey = collection.startsWith('C') && collection !== 'CAL' ? 0 : this.world.clock - age
    await this.world.append([
      { type: 'Placed', collection, sortKey, properties: { ...plain, ...properties } },
    ])
    return [...this.world.truth.items.keys()].at(-1)!
  }

  async deliverMany(count: number, collection = 'INB', age = 0): Promise<number[]> {
    const ids: number[] = []
    for (let n = 0; n < count; n++) ids.push(await this.deliver(collection, { age }))
    return ids
  }

  async mark(id: number, group: 'read' | 'flag', value: number) {
    await this.markAll([id], group, value)
  }

  async markAll(ids: readonly number[], group: 'read' | 'flag', value: number) {
    const properties = { [group]: value }
    await this.world.append(
      ids.map((placement) => ({
        type: 'Changed' as const,
        placement,
        group,
        value: String(value),
        properties,
      })),
    )
  }

  async write(id: number, properties: Properties) {
    const value = JSON.stringify(properties)
    await this.world.append([{ type: 'Changed', placement: id, group: 'content', value, properties }])
  }

  async redate(id: number, age: number) {
    const sortKey = this.world.clock - age
    await this.world.append([
      { type: 'Changed', placement: id, group: 'content', value: `${sortKey}`, properties: {}, sortKey },
    ])
  }

  async hide(id: number, hidden: boolean) {
    await this.world.append([
      { type: 'Changed', placement: id, group: 'content', value: `${hidden}`, properties: {}, hidden },
    ])
  }

  /** Answers with the new placement. */
  async move(id: number, to: string): Promise<number> {
    await this.world.append([{ type: 'Moved', placement: id, to }])
    return this.world.truth.items.get(id)!.movedTo
  }

  async remove(id: number) {
    await this.world.append([{ type: 'Ended', placement: id }])
  }

  // Phones

  /** A request on its way, which {@link answerTo} brings to its end. */
  send(
    phone: Phone,
    collections: readonly string[],
    { window = 512, getChanges, withoutOptions }: HearOptions = {},
  ): Flight {
    return this.player.send(phone, collections, { window, getChanges, withoutOptions })
  }

  async answerTo(
    phone: Phone,
    flight: Flight,
    { isLost = false }: HearOptions = {},
  ): Promise<CollectionReply[]> {
    await phone.advance(flight)
    if (isLost) phone.giveUp(flight)
    else await receive(phone, flight, { oracle: this.player.oracle, adoptsAny: false })
    return [...(flight.reply?.collections ?? [])]
  }

  async sync(collection = 'INB', options: HearOptions = {}, phone = this.phone()): Promise<Heard> {
    const [reply] = await this.answerTo(phone, this.send(phone, [collection], options), options)
    return heard(reply!)
  }

  /** All that an outlook asks for at once. */
  async syncBoth(
    collections: readonly string[],
    options: HearOptions = {},
    phone = this.phone(),
  ): Promise<Heard[]> {
    const replies = await this.answerTo(phone, this.send(phone, collections, options), options)
    return replies.map(heard)
  }

  /** Brings a phone up to date: key 0, then pages. */
  async settle(collection = 'INB', phone = this.phone(), window = 512): Promise<void> {
    for (let count = 0; count < 100; count++) {
      const { more, quiet } = await this.sync(collection, { window }, phone)
      if (quiet || (!more && phone.folder(collection).key !== '0')) return
    }
    throw new Error(`${collection} doesn't settle`)
  }

  async moveOnPhone(collection: string, id: number, to: string, phone = this.phone()): Promise<number> {
    phone.move(collection, id, to)
    const flight = this.send(phone, [])
    await this.answerTo(phone, flight)
    return flight.moveReplies![0]!.target
  }

  /** Everybody syncs until there is nothing left, and is compared with what is there. */
  rest(): Promise<void> {
    return comeToRest(this.player)
  }
}

export const heard = (reply: CollectionReply): Heard => {
  if (reply.status === 3) return { ...NOTHING_HEARD, status3: reply.why }
  if (reply.quiet) return { ...NOTHING_HEARD, quiet: true, examined: reply.examined }
  const { operations, more, results, examined, list } = reply.told
  return {
    ...NOTHING_HEARD,
    told: operations.map(({ kind, placement }) => [kind, placement] as const),
    operations,
    more,
    results: results.map(({ outcome }) => outcome),
    placements: results.map(({ placement }) => placement),
    examined,
    listed: list.created.length + list.touches.length + list.corrections.size + list.gone.length,
  }
}

const NOTHING_HEARD: Heard = {
  told: [],
  operations: [],
  more: false,
  quiet: false,
  status3: '',
  results: [],
  placements: [],
  examined: 0,
  listed: 0,
}

/** Opens the rows for a file of tests; each scene is a tenant of its own in them. */
export const stage = (scope: Scope) => {
  let opened: ReturnType<typeof openRows> | undefined
  scope.after(async () => (await opened)?.close())
  return async (options: SceneOptions = {}): Promise<Scene> => {
    opened ??= openRows()
    const scene = new Scene((await opened).store, options)
    await scene.world.begin()
    return scene
  }
}

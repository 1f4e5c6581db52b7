import { classOf, isMail, REWRITTEN_TITLE } from './facts.ts'
import { receive } from './inbox.ts'
import { Oracle } from './oracle.ts'
import { type Flight, isDone, Phone } from './phone.ts'
import { Pings } from './pings.ts'
import type { Rows } from './rows.ts'
import type { ScheduleSettings, Step } from './schedule.ts'
import { SimulatedServer } from './server.ts'
import * as server from './server-side.ts'
import { World } from './world.ts'

type Numbers = readonly number[]
type Action = (...numbers: Numbers) => unknown

const FILTERS = { mail: [0, 1, 2, 3], calendar: [0, 1, 3, 4], contacts: [0, 0, 0, 0] } as const
const SIDE_FILTERS = [undefined, 0, 1, 3] as const
const LOST = 0
const RECEIVED = 1

/** What a schedule is played on. */
export type Making = {
  world(settings: ScheduleSettings): World
  server(world: World, oracle: Oracle, settings: ScheduleSettings): SimulatedServer
}

/** The engine on real rows, with a class of items that is there for nothing else. */
export const onEngine = (
  rows: Rows,
  { tenant, trace }: { tenant: string; trace?: (line: string) => void },
): Making => ({
  world: ({ isLagging }) => new World(tenant, rows, { isLagging, trace }),
  server: (world, oracle, settings) => new SimulatedServer(world, oracle, settings),
})

/** Plays a schedule's steps. */
export class Player {
  readonly world: World
  readonly server: SimulatedServer
  readonly oracle: Oracle
  readonly pings: Pings
  readonly phones: readonly Phone[]
  readonly settings: ScheduleSettings
  private titles = 0

  constructor(settings: ScheduleSettings, make: Making) {
    this.settings = settings
    this.world = make.world(settings)
    this.oracle = new Oracle(this.world, settings.isStrictOnConflicts)
    this.server = make.server(this.world, this.oracle, settings)
    this.oracle.server = this.server
    this.pings = new Pings(this.world, this.server)
    this.phones = settings.phones.map((phone) => new Phone(this.world, this.server, phone))
    this.oracle.phones = this.phones
  }

  async play([name, ...numbers]: Step) {
    const action = this.actions[name]
    if (!action) throw new RangeError(`no step is called ${name}`)
    this.world.trace(`${name} ${numbers.join(' ')}`)
    await action(...numbers)
  }

  // Picking by small numbers

  private collection(index: number): string {
    const { collections } = this.settings
    const all = collections.includes('CON') ? [...collections, 'CO2'] : collections
    return all[index % all.length]!
  }

  private item(index: number) {
    return server.itemAt(this.world, index)
  }

  private onPhone(phone: Phone, index: number): string {
    const { collections } = phone.settings
    return collections[index % collections.length]!
  }

  /** Does something to an item that a phone shows. */
  private withShown(
    [phoneIndex, collectionIndex, itemIndex]: Numbers,
    act: (phone: Phone, collection: string, id: number) => void,
  ) {
    const phone = this.phones[phoneIndex!]
    if (!phone) return
    const collection = this.onPhone(phone, collectionIndex!)
    const shown = phone.shown(collection)
    if (shown.length > 0) act(phone, collection, shown[itemIndex! % shown.length]!)
  }

  // Requests

  send(
    phone: Phone,
    collections: readonly string[],
    options: { window: number; getChanges?: boolean; withoutOptions?: boolean },
  ) {
    this.pings.stop(phone)
    const flight = phone.send(collections, { ...options, mayBeEmpty: phone.family !== 'ios' })
    for (const { commands } of flight.sync.collections) this.oracle.sending(phone.name, commands)
    return flight
  }

  /** Outlook may ask for all its collections at once. */
  private asked(phone: Phone, index: number): readonly string[] {
    return phone.family === 'outlook' && index >= 3
      ? phone.settings.collections
      : [this.onPhone(phone, index)]
  }

  async receive(phone: Phone, flight: Flight) {
    if (!this.settings.looksInside) this.oracle.requireSameSet = async () => {}
    await receive(phone, flight, { oracle: this.oracle, adoptsAny: this.settings.adoptsAny })
  }

  /** Sends, lets the server answer, and gets the answer. */
  async exchange(phone: Phone, collections: readonly string[], window: number): Promise<Flight> {
    this.pings.stop(phone)
    const flight = phone.send(collections, { window })
    for (const { commands } of flight.sync.collections) this.oracle.sending(phone.name, commands)
    await phone.advance(flight)
    await this.receive(phone, flight)
    return flight
  }

  private async round([phoneIndex, which, window, getChanges, fate, steps]: Numbers) {
    const phone = this.phones[phoneIndex!]
    if (!phone || phone.flights.length > 1) return
    const options = { window: window!, getChanges: getChanges === 1, withoutOptions: which! % 2 === 1 }
    const flight = this.send(phone, this.asked(phone, which!), options)
    await phone.advance(flight, fate === LOST || fate === RECEIVED ? undefined : steps)
    if (fate === RECEIVED) await this.receive(phone, flight)
    else phone.giveUp(flight)
  }

  private async crash(losesRows: boolean) {
    for (const phone of this.phones) {
      phone.flights = []
      phone.orphans = []
      this.pings.stop(phone)
      for (const folder of phone.storage.folders.values()) folder.isIdle = false
    }
    this.server.forgetRequests()
    if (!losesRows) return
    this.server.loseRows()
    this.oracle.rowsWereLost = true
  }

  private toggleView() {
    if (!this.settings.collections.includes('CON')) return
    this.world.isJoined = !this.world.isJoined
    this.world.viewVersion++
    this.pings.wakeFor('CON', (name) => name.startsWith('outlook'))
  }

  private addAt(phone: Phone, collection: string, { text, variant }: { text: number; variant: number }) {
    if (isMail(collection)) return
    const title = variant === 7 ? REWRITTEN_TITLE : 10 + (++this.titles % (variant === 6 ? 1 : 50))
    const sortKey = classOf(collection) === 'calendar' ? this.world.clock - 4 + variant : 0
    phone.add(collection, { title, text }, sortKey)
  }

  private editAt(
    phone: Phone,
    collection: string,
    { id, title, text, date }: { id: number; title: number; text: number; date: number },
  ) {
    if (isMail(collection)) return
    const properties = { title: title === 2 && text === 2 ? REWRITTEN_TITLE : title, text }
    phone.edit(collection, id, properties, date < 3 ? this.world.clock - 4 + date : undefined)
  }

  private withPhone(index: number, act: (phone: Phone) => unknown) {
    const phone = this.phones[index]
    return phone && act(phone)
  }

  private readonly actions: Readonly<Record<string, Action>> = {
    // the server
    deliver: (c, age, variant) =>
      server.deliver(this.world, this.collection(c!), { age: age!, variant: variant! }),
    srvset: (i, k, value) =>
      server.mark(this.world, this.item(i!), {
        group: k ? 'flag' : 'read',
        value: value! % this.world.marks,
      }),
    srvedit: (i, value) => server.edit(this.world, this.item(i!), value!),
    redate: (i, days) => server.redate(this.world, this.item(i!), days!),
    priv: (i) => server.togglePrivate(this.world, this.item(i!)),
    srvdel: (i) => server.remove(this.world, this.item(i!)),
    srvmove: (i, c) => server.move(this.world, this.item(i!), this.collection(c!)),
    bulk: (c, value) => server.markAll(this.world, this.collection(c!), value! % this.world.marks),
    bulkmove: (c, d) => server.moveAll(this.world, this.collection(c!), this.collection(d!)),
    tick: (days) => this.world.passDays(days!),
    project: (count) => this.world.project(Math.min(this.world.head, this.world.projected + count!)),
    crash: (losesRows) => this.crash(losesRows! > 0),
    level: (p, level) => this.withPhone(p!, ({ name }) => this.setLevel(name, level ? 2 : 1)),
    view: () => this.toggleView(),
    // a phone's user
    uset: (p, c, i, k, value) =>
      this.withShown([p!, c!, i!], (phone, collection, id) => {
        if (isMail(collection))
          phone.set(collection, id, { group: k ? 'flag' : 'read', value: value! % this.world.marks })
      }),
    uedit: (p, c, i, title, text, date) =>
      this.withShown([p!, c!, i!], (phone, collection, id) =>
        this.editAt(phone, collection, { id, title: title!, text: text!, date: date! }),
      ),
    uundo: (p, c, i) => this.withShown([p!, c!, i!], (phone, collection, id) => phone.undo(collection, id)),
    udel: (p, c, i) => this.withShown([p!, c!, i!], (phone, collection, id) => phone.delete(collection, id)),
    uundel: (p, c, i) => this.undelete(p!, c!, i!),
    umove: (p, c, i, d) =>
      this.withShown([p!, c!, i!], (phone, collection, id) => {
        const to = this.onPhone(phone, d!)
        if (collection !== to && isMail(collection) && isMail(to)) phone.move(collection, id, to)
      }),
    uadd: (p, c, text, variant) =>
      this.withPhone(p!, (phone) =>
        this.addAt(phone, this.onPhone(phone, c!), { text: text!, variant: variant! }),
      ),
    ucancel: (p, c) => this.withPhone(p!, (phone) => phone.folder(this.onPhone(phone, c!)).adds.pop()),
    ueditadd: (p, c, text) => this.withPhone(p!, (phone) => phone.editAdd(this.onPhone(phone, c!), text!)),
    filter: (p, c, f) =>
      this.withPhone(p!, (phone) => {
        const collection = this.onPhone(phone, c!)
        phone.setFilter(collection, FILTERS[classOf(collection)][f!] ?? 0)
      }),
    sidefilter: (p, c, f) =>
      this.withPhone(p!, (phone) => {
        const collection = this.onPhone(phone, c!)
        if (isMail(collection)) phone.setSideFilter(collection, SIDE_FILTERS[f!])
      }),
    // requests and what becomes of them
    round: (...numbers) => this.round(numbers),
    send: (p, which, window, getChanges) =>
      this.withPhone(p!, (phone) => {
        const options = { window: window!, getChanges: getChanges === 1, withoutOptions: which! % 2 === 1 }
        if (phone.flights.length < 2) this.send(phone, this.asked(phone, which!), options)
      }),
    step: (p, count) =>
      this.withPhone(p!, ({ flights: [first] }) => first && this.phones[p!]!.advance(first, count)),
    recv: (p, i) =>
      this.withFlight(p!, i!, async (phone, flight) => {
        await phone.advance(flight)
        await this.receive(phone, flight)
      }),
    drop: (p, i) => this.withFlight(p!, i!, (phone, flight) => phone.giveUp(flight)),
    late: (p) =>
      this.withPhone(p!, async (phone) => {
        const orphan = phone.orphans.shift()
        if (orphan) await phone.advance(orphan)
      }),
    restore: (p) =>
      this.withPhone(p!, (phone) => {
        this.pings.stop(phone)
        phone.restart()
      }),
    ping: (p) =>
      this.withPhone(p!, (phone) => {
        const isReady = [...phone.storage.folders.values()].every(({ key }) => key !== '0')
        if (isReady && phone.flights.length === 0) this.pings.start(phone)
      }),
    poll: (p) => this.withPhone(p!, (phone) => this.pings.poll(phone)),
    hb: (p) => this.withPhone(p!, (phone) => this.pings.poll(phone) ?? this.pings.end(phone)),
  }

  private setLevel(name: string, level: number) {
    if (!this.settings.collections.includes('CAL')) return
    this.world.levels.set(name, level)
    this.oracle.levelsChanged = true
  }

  private undelete(p: number, c: number, i: number) {
    const phone = this.phones[p]
    if (!phone || phone.flights.length > 0) return
    const collection = this.onPhone(phone, c)
    const deleted = [...phone.folder(collection).items].filter(([, item]) => item.deleted).map(([id]) => id)
    if (deleted.length > 0) phone.undelete(collection, deleted[i % deleted.length]!)
  }

  private withFlight(p: number, i: number, act: (phone: Phone, flight: Flight) => unknown) {
    return this.withPhone(p, (phone) => {
      const flight = phone.flights[i % (phone.flights.length || 1)]
      return flight && act(phone, flight)
    })
  }

  /** Requests that nobody waits for any more run to their end. */
  async finishOrphans() {
    for (const phone of this.phones) {
      for (const flight of [...phone.flights]) phone.giveUp(flight)
      for (const orphan of phone.orphans) if (!isDone(orphan)) await phone.advance(orphan)
      phone.orphans = []
    }
  }
}

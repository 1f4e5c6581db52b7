import { isBehind, isUnacknowledged, saidChanges } from '../../src/device-row.ts'
import { unpackKey } from '../../src/key.ts'
import type { Phone } from './phone.ts'
import type { SimulatedServer } from './server.ts'
import type { World } from './world.ts'

type Waiting = {
  readonly phone: Phone
  readonly collections: readonly string[]
  hasCompared: boolean
  changed: readonly string[] | undefined
}

/** Held Pings: register, compare, wait. */
export class Pings {
  private readonly world: World
  private readonly server: SimulatedServer
  private readonly waiting = new Map<string, Waiting>()

  constructor(world: World, server: SimulatedServer) {
    this.world = world
    this.server = server
    world.onAppend((collections) => this.appended(collections))
  }

  isWaiting({ name }: Phone): boolean {
    return this.waiting.has(name)
  }

  /** Registers; comparing comes with the first {@link poll}. */
  start(phone: Phone) {
    if (!this.isWaiting(phone))
      this.waiting.set(phone.name, {
        phone,
        collections: phone.settings.collections,
        hasCompared: false,
        changed: undefined,
      })
  }

  stop({ name }: Phone) {
    this.waiting.delete(name)
  }

  /** Its answer, if it has one: the collections that have changed. */
  poll(phone: Phone): readonly string[] | undefined {
    const ping = this.waiting.get(phone.name)
    if (!ping) return undefined
    if (!ping.hasCompared) this.compare(ping)
    return ping.changed && this.answer(ping, ping.changed)
  }

  /** The heartbeat ends. */
  end(phone: Phone): readonly string[] | undefined {
    const ping = this.waiting.get(phone.name)
    if (!ping) return undefined
    const { collections } = ping
    const open = collections.filter((one) => isUnacknowledged(this.server.stateOf(phone.name, one)))
    return this.answer(ping, ping.changed ?? open)
  }

  wakeFor(collection: string, isConcerned: (name: string) => boolean) {
    for (const ping of this.waiting.values()) if (isConcerned(ping.phone.name)) ping.changed ??= [collection]
  }

  private appended(collections: readonly string[]) {
    for (const ping of this.waiting.values()) {
      const name = ping.phone.name
      const changed = ping.collections.filter((one) =>
        this.world.viewOf(name, one).some((part) => collections.includes(part)),
      )
      if (changed.length > 0) ping.changed ??= changed
    }
  }

  private compare(ping: Waiting) {
    ping.hasCompared = true
    const changed = ping.collections.filter((collection) => this.isBehind(ping.phone, collection))
    if (changed.length > 0) ping.changed ??= changed
  }

  private isBehind({ name, family }: Phone, collection: string): boolean {
    const state = this.server.stateOf(name, collection)
    const sent = state && unpackKey(state.sent)
    if (!state || !sent) return true
    const hasOtherView = family === 'outlook' && collection === 'CON' && sent.view !== this.world.viewVersion
    if (hasOtherView || sent.level !== this.world.levelOf(name)) return true
    return isBehind(state, this.world.headOf(name, collection))
  }

  private answer({ phone }: Waiting, changed: readonly string[]): readonly string[] {
    this.stop(phone)
    for (const collection of changed) {
      const state = this.server.stateOf(phone.name, collection)
      if (state) this.server.setState(phone.name, collection, saidChanges(state))
      phone.folder(collection).more = true
    }
    return changed
  }
}

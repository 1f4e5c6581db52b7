import type { LoopReason, Slowing } from './slowing.ts'

/** A repeat is forgotten after so long: a phone that asks the same no more often than that never loops. */
export const FORGET_MS = 10_000

/** Requests that a phone alternates between; of more, those that it repeats most are remembered. */
const MAX_REQUESTS = 16

/** After a wait so many tries are let in before the next one. */
const TRIES = 3

const DAY_MS = 86_400_000
const SHORTEST_MS = 60_000
const LONGEST_MS = 3_600_000

/** A request as far as loops are concerned. */
export type Seen = {
  readonly command: string
  /** Of its body; two that differ are taken for different requests. */
  readonly fingerprint: number
}

type Repeats = { level: number; at: number; item: string; stubbed: boolean }

/** These say the same whatever their body says: how often they come is what counts. */
const alike: Readonly<Record<string, LoopReason>> = {
  Ping: 'ping_storm',
  FolderSync: 'folder_sync_storm',
  Provision: 'same_request',
}

/** Whether the command alone tells, before its body was read. */
export const countsByCommand = (command: string): boolean => Object.hasOwn(alike, command)

const keyOf = ({ command, fingerprint }: Seen): string =>
  countsByCommand(command) ? command : `${command}:${fingerprint}`

const levelAt = ({ level, at }: Repeats, now: number): number =>
  Math.max(0, level - Math.max(0, now - at) / FORGET_MS)

const reasonOf = ({ command }: Seen, { item }: Repeats): LoopReason => {
  if (command === 'Sync') return item === '' ? 'same_key' : 'bad_item'
  return alike[command] ?? 'same_request'
}

/** 1 minute, 2, 4, … an hour. */
const waitOf = (times: number): number => Math.min(LONGEST_MS, SHORTEST_MS * 2 ** (times - 1))

/** What one device asks again and again: a leaking count of repeats for each of its last requests. No clock: times come in. */
export class DeviceLoops {
  readonly #repeats = new Map<string, Repeats>()
  readonly #slowed = new Map<string, Slowing>()

  /** The command is refused at this time. */
  slowedAt(command: string, now: number): Slowing | undefined {
    const slowing = this.#slowed.get(command)
    return slowing !== undefined && now < slowing.until ? slowing : undefined
  }

  /** Known from elsewhere. */
  adopt(slowing: Slowing): void {
    this.#slowed.set(slowing.command, slowing)
  }

  /** How often the request was repeated lately, itself not counted. */
  repeats(seen: Seen, now: number): number {
    const found = this.#repeats.get(keyOf(seen))
    return found ? Math.round(levelAt(found, now)) : 0
  }

  /** The answer to the request had this one item to tell. */
  stuckAt(seen: Seen, item: string): void {
    const found = this.#repeats.get(keyOf(seen))
    if (found) found.item = item
  }

  /** The item is sent without its body; whether that is the first time. */
  stub(seen: Seen): boolean {
    const found = this.#repeats.get(keyOf(seen))
    if (!found || found.stubbed) return false
    found.stubbed = true
    return true
  }

  /** A request came. Something: it was one too many. */
  note(seen: Seen, now: number, maxRepeats: number): Slowing | undefined {
    const key = keyOf(seen)
    const before = this.#repeats.get(key)
    if (!before) return this.#first(key, seen, now)
    const repeats: Repeats = { ...before, level: levelAt(before, now) + 1, at: now }
    this.#repeats.set(key, repeats)
    return repeats.level > maxRepeats ? this.#slow(seen, repeats, { now, maxRepeats }) : undefined
  }

  /** A Sync of something new is why a phone pings: Pings before it were no loop. */
  #first(key: string, { command }: Seen, now: number): undefined {
    if (command === 'Sync') this.#repeats.delete('Ping')
    if (this.#repeats.size >= MAX_REQUESTS) this.#forgetLeast(now)
    this.#repeats.set(key, { level: 0, at: now, item: '', stubbed: false })
  }

  #forgetLeast(now: number): void {
    let least: readonly [key: string, level: number] | undefined
    for (const [key, repeats] of this.#repeats) {
      const level = levelAt(repeats, now)
      if (least === undefined || level < least[1]) least = [key, level]
    }
    if (least) this.#repeats.delete(least[0])
  }

  #slow(seen: Seen, repeats: Repeats, { now, maxRepeats }: { now: number; maxRepeats: number }): Slowing {
    const { command } = seen
    const before = this.#slowed.get(command)
    const times = before !== undefined && now - before.at < DAY_MS ? before.times + 1 : 1
    const until = now + waitOf(times)
    const slowing = { command, reason: reasonOf(seen, repeats), item: repeats.item, at: now, until, times }
    this.#slowed.set(command, slowing)
    repeats.level = Math.max(0, maxRepeats - TRIES)
    repeats.at = until
    return slowing
  }
}

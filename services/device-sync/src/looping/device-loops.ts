import { crc32 } from 'node:zlib'
import { ForgottenRequests } from './forgotten-requests.ts'
import type { LoopReason, Slowing } from './slowing.ts'

/** A repeat is forgotten after so long: a phone that asks the same no more often than that never loops. */
export const FORGET_MS = 10_000

/** Requests that a phone alternates between; of more, those that it repeats most are counted one by one, the others together. */
const MAX_REQUESTS = 16

/** After a wait so many tries are let in before the next one. */
const TRIES = 3

/** What another process may have been told is looked for so often. */
const CONFIRM_MS = 2_000

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

/** When a request came, and how many repeats are let through. */
type Counting = { readonly now: number; readonly maxRepeats: number }

/** Whether the command alone tells, before its body was read. */
export const countsByCommand = (command: string): boolean => Object.hasOwn(alike, command)

const keyOf = ({ command, fingerprint }: Seen): string =>
  countsByCommand(command) ? command : `${command}:${fingerprint}`

const levelAt = ({ level, at }: Pick<Repeats, 'level' | 'at'>, now: number): number =>
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
  /** Left out of those. */
  #forgotten = new ForgottenRequests()
  /** How often all of them came round: each repeat is the share of a lap that one of so many is. */
  #laps = { level: 0, at: 0 }
  #confirmedAt = 0

  /** The command is refused at this time. */
  slowedAt(command: string, now: number): Slowing | undefined {
    const slowing = this.#slowed.get(command)
    return slowing !== undefined && now < slowing.until ? slowing : undefined
  }

  /** Known from elsewhere. */
  adopt(slowing: Slowing): void {
    this.#slowed.set(slowing.command, slowing)
  }

  /** Whether it is time to look whether the device was released elsewhere: once in two seconds. */
  isToConfirm(now: number): boolean {
    if (now - this.#confirmedAt < CONFIRM_MS) return false
    this.#confirmedAt = now
    return true
  }

  /** An administrator says that it is mended: nothing of before counts. */
  release(): void {
    this.#slowed.clear()
    this.#repeats.clear()
    this.#forgotten = new ForgottenRequests()
    this.#laps = { level: 0, at: 0 }
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
    if (!before) return this.#first(key, seen, { now, maxRepeats })
    const repeats: Repeats = { ...before, level: levelAt(before, now) + 1, at: now }
    this.#repeats.set(key, repeats)
    if (repeats.level <= maxRepeats) return undefined
    const slowing = this.#slow(seen.command, { reason: reasonOf(seen, repeats), item: repeats.item }, now)
    Object.assign(repeats, { level: Math.max(0, maxRepeats - TRIES), at: slowing.until })
    return slowing
  }

  /** A Sync of something new is why a phone pings: Pings before it were no loop. */
  #first(key: string, { command }: Seen, counting: Counting): Slowing | undefined {
    const { now } = counting
    if (command === 'Sync') this.#repeats.delete('Ping')
    const since = this.#forgotten.take(crc32(key))
    if (this.#repeats.size >= MAX_REQUESTS) this.#forgetLeast(now)
    this.#repeats.set(key, { level: 0, at: now, item: '', stubbed: false })
    return since === undefined ? undefined : this.#lap(command, since + MAX_REQUESTS, counting)
  }

  /** One of `others` + 1 different requests came again. Where each comes once in ten seconds, there is at most one lap in them. */
  #lap(command: string, others: number, { now, maxRepeats }: Counting): Slowing | undefined {
    this.#laps = { level: levelAt(this.#laps, now) + 1 / (others + 1), at: now }
    if (this.#laps.level <= maxRepeats) return undefined
    this.#laps.level = Math.max(0, maxRepeats - TRIES)
    return this.#slow(command, { reason: 'many_requests', item: '' }, now)
  }

  #forgetLeast(now: number): void {
    let least: readonly [key: string, level: number] | undefined
    for (const [key, repeats] of this.#repeats) {
      const level = levelAt(repeats, now)
      if (least === undefined || level < least[1]) least = [key, level]
    }
    if (!least) return
    this.#repeats.delete(least[0])
    this.#forgotten.add(crc32(least[0]))
  }

  #slow(command: string, { reason, item }: Pick<Slowing, 'reason' | 'item'>, now: number): Slowing {
    const before = this.#slowed.get(command)
    const times = before !== undefined && now - before.at < DAY_MS ? before.times + 1 : 1
    const slowing = { command, reason, item, at: now, until: now + waitOf(times), times }
    this.#slowed.set(command, slowing)
    this.#confirmedAt = now
    return slowing
  }
}

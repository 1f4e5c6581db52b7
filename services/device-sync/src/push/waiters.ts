import type { DeviceRef } from '../held/held-requests.ts'
import type { Cause, Change, FollowedAccount } from './followed-accounts.ts'
import type { NewerRequests } from './newer-requests.ts'
import { type TimerEntry, TimerWheel } from './timer-wheel.ts'

/** How a wait ended. */
export type WaitEnd =
  | { readonly kind: 'changes'; readonly collections: readonly string[]; readonly cause?: Cause }
  /** The heartbeat is over, a newer request of the device took its place, or the process drains. */
  | { readonly kind: 'expired' }
  /** The tree of folders changed. */
  | { readonly kind: 'hierarchy'; readonly cause?: Cause }

export type Wait = {
  readonly device: DeviceRef
  readonly followed: FollowedAccount
  readonly collections: readonly string[]
  /** Milliseconds from now. */
  readonly forMs: number
  /** Whether a change of the tree of folders ends it. */
  readonly hierarchy: boolean
  /** Compared once the wait is registered: what is behind already. */
  readonly behind: () => readonly string[]
}

export type WaitersDeps = {
  readonly clock: () => number
  /** From 0 to 1. */
  readonly random: () => number
  /** Where other processes hold requests of the same devices. */
  readonly elsewhere?: NewerRequests
}

/** A second event of the same device within this time is gathered with what else comes (architecture 6). */
const GATHER_MS = 1000

/** Whoever waits. */
export type Awaiting = { done(end: WaitEnd): void }

/** A wait that can be ended without an answer. */
export type Leaving = { leave(): void }

/** One object for each request that waits, and no closures: there are ten thousands of them. */
class Waiter implements Leaving {
  readonly key: string
  readonly wait: Wait
  readonly awaiting: Awaiting
  /** Milliseconds since 1970. */
  readonly since: number
  readonly #waiters: Waiters
  timer: TimerEntry | undefined
  gathering: NodeJS.Timeout | undefined
  /** Collections of events that are gathered. */
  gathered: Set<string> | undefined
  /** Of the first of them. */
  cause: Cause | undefined

  constructor(waiters: Waiters, { wait, since }: { wait: Wait; since: number }, awaiting: Awaiting) {
    this.key = keyOf(wait.device)
    this.wait = wait
    this.since = since
    this.awaiting = awaiting
    this.#waiters = waiters
  }

  /** Something happened in its account. */
  note(change: Change): void {
    const { hierarchy, device, collections } = this.wait
    if (change.device === device.device) return
    if (hierarchy && change.collections.includes('mailboxes')) {
      this.#waiters.finish(this, { kind: 'hierarchy', ...because(change.cause) })
      return
    }
    const mine = change.collections.filter((one) => collections.includes(one))
    if (mine.length === 0) return
    this.cause ??= change.cause
    this.#waiters.wake(this, mine)
  }

  /** Its time is over. */
  due(): void {
    this.#waiters.finish(this, this.news)
  }

  leave(): void {
    this.#waiters.leave(this)
  }

  gather(collections: readonly string[]): void {
    this.gathered ??= new Set()
    for (const collection of collections) this.gathered.add(collection)
  }

  get news(): WaitEnd {
    if (!this.gathered) return { kind: 'expired' }
    return { kind: 'changes', collections: [...this.gathered], ...because(this.cause) }
  }
}

/** A wake by what was there already has no commit that it follows from. */
const because = (cause: Cause | undefined): { readonly cause?: Cause } =>
  cause === undefined ? {} : { cause }

/** Requests that wait for something to happen, one per device. */
export class Waiters {
  readonly #deps: WaitersDeps
  readonly #wheel = new TimerWheel()
  readonly #byDevice = new Map<string, Waiter>()
  readonly #wokenAt = new Map<string, number>()
  readonly #hearing: { close(): void } | undefined
  #draining = false

  constructor(deps: WaitersDeps) {
    this.#deps = deps
    this.#hearing = deps.elsewhere?.hear(({ key, at }) => this.#overtaken(key, at))
  }

  get count(): number {
    return this.#byDevice.size
  }

  /** Another request of the device came: what it had waiting is over, here and elsewhere. */
  supersede(device: DeviceRef): void {
    this.#supersede(keyOf(device), this.#deps.clock())
  }

  #supersede(key: string, at: number): void {
    const waiter = this.#byDevice.get(key)
    if (waiter) this.finish(waiter, { kind: 'expired' })
    this.#deps.elsewhere?.tell({ key, at })
  }

  /** Another request of the device came to another process. Of two that wait, the one that began later is left, whoever hears of whom first. */
  #overtaken(key: string, at: number): void {
    const waiter = this.#byDevice.get(key)
    if (waiter && waiter.since < at) this.finish(waiter, { kind: 'expired' })
  }

  /**
   * Registers first, compares second, waits third: no event between is lost. `done` is called once, perhaps before this returns,
   * and not at all once the wait was left.
   */
  wait(wait: Wait, awaiting: Awaiting): Leaving {
    const since = this.#deps.clock()
    const waiter = new Waiter(this, { wait, since }, awaiting)
    this.#supersede(waiter.key, since)
    waiter.timer = this.#wheel.after(this.#jittered(wait.forMs), waiter)
    this.#byDevice.set(waiter.key, waiter)
    wait.followed.listeners.add(waiter)
    const behind = wait.behind()
    if (behind.length > 0) this.wake(waiter, behind)
    else if (this.#draining) this.finish(waiter, { kind: 'expired' })
    return waiter
  }

  /** Answers all that wait, spread over the time given, and from now on lets nothing wait. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true
    const waiters = [...this.#byDevice.values()]
    await Promise.all(
      waiters.map(async (waiter, n) => {
        const ms = (graceMs * n) / Math.max(1, waiters.length)
        await new Promise((resolve) => setTimeout(resolve, ms))
        this.finish(waiter, { kind: 'expired' })
      }),
    )
  }

  /** Hears no more of other processes. */
  close(): void {
    this.#hearing?.close()
  }

  /** Ends a wait; one that has ended is ended for nothing. */
  finish(waiter: Waiter, end: WaitEnd): void {
    if (!this.leave(waiter)) return
    if (end.kind !== 'expired') this.#woke(waiter.key)
    waiter.awaiting.done(end)
  }

  /** There is something for it: at once, or with what else comes if it was woken a moment ago. */
  wake(waiter: Waiter, collections: readonly string[]): void {
    waiter.gather(collections)
    const left = this.#gatherFor(waiter.key)
    if (left <= 0) this.finish(waiter, waiter.news)
    else waiter.gathering ??= setTimeout(() => waiter.due(), left)
  }

  /** Ends a wait without telling. False: it had ended before. */
  leave(waiter: Waiter): boolean {
    if (!waiter.wait.followed.listeners.delete(waiter)) return false
    if (waiter.timer) this.#wheel.cancel(waiter.timer)
    clearTimeout(waiter.gathering)
    if (this.#byDevice.get(waiter.key) === waiter) this.#byDevice.delete(waiter.key)
    return true
  }

  /** Up to a twentieth less, so that phones that came together don't come back together. */
  #jittered(ms: number): number {
    return ms * (1 - this.#deps.random() / 20)
  }

  /** Milliseconds for which an event of the device is kept; 0: it is the first for a while. */
  #gatherFor(key: string): number {
    const now = this.#deps.clock()
    const at = this.#wokenAt.get(key)
    return at !== undefined && isRecent(at, now) ? at + GATHER_MS - now : 0
  }

  #woke(key: string): void {
    const now = this.#deps.clock()
    this.#wokenAt.delete(key)
    this.#wokenAt.set(key, now)
    for (const [oldest, at] of this.#wokenAt) {
      if (isRecent(at, now)) return
      this.#wokenAt.delete(oldest)
    }
  }
}

/** What was later than now was by a clock that has been set back since. */
const isRecent = (at: number, now: number): boolean => at <= now && now - at < GATHER_MS

const keyOf = ({ tenant, account, device }: DeviceRef) => `${tenant}/${account}/${device}`

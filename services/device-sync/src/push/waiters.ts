import type { DeviceRef } from '../held/held-requests.ts'
import type { Change, FollowedAccount } from './followed-accounts.ts'
import { TimerWheel } from './timer-wheel.ts'

/** How a wait ended. */
export type WaitEnd =
  | { readonly kind: 'changes'; readonly collections: readonly string[] }
  /** The heartbeat is over, a newer request of the device took its place, or the process drains. */
  | { readonly kind: 'expired' }
  /** The tree of folders changed. */
  | { readonly kind: 'hierarchy' }

export type Wait = {
  readonly device: DeviceRef
  readonly followed: FollowedAccount
  readonly collections: ReadonlySet<string>
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
}

/** A second event of the same device within this time is gathered with what else comes (architecture 6). */
const GATHER_MS = 1000

type Waiter = { finish(end: WaitEnd): void }

/** Requests that wait for something to happen, one per device. */
export class Waiters {
  readonly #deps: WaitersDeps
  readonly #wheel = new TimerWheel()
  readonly #byDevice = new Map<string, Waiter>()
  readonly #wokenAt = new Map<string, number>()
  #draining = false

  constructor(deps: WaitersDeps) {
    this.#deps = deps
  }

  get count(): number {
    return this.#byDevice.size
  }

  /** Another request of the device came: what it had waiting is over. */
  supersede(device: DeviceRef): void {
    this.#byDevice.get(keyOf(device))?.finish({ kind: 'expired' })
  }

  /** Registers first, compares second, waits third: no event between is lost. `abort` ends it without an answer. */
  wait(wait: Wait, abort: (end: () => void) => void): Promise<WaitEnd> {
    this.supersede(wait.device)
    return new Promise((resolve) => this.#register(wait, { resolve, abort }))
  }

  /** Answers all that wait, spread over the time given, and from now on lets nothing wait. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true
    const waiters = [...this.#byDevice.values()]
    await Promise.all(
      waiters.map(async (waiter, n) => {
        const ms = (graceMs * n) / Math.max(1, waiters.length)
        await new Promise((resolve) => setTimeout(resolve, ms))
        waiter.finish({ kind: 'expired' })
      }),
    )
  }

  #register(
    wait: Wait,
    { resolve, abort }: { resolve: (end: WaitEnd) => void; abort: (end: () => void) => void },
  ): void {
    const key = keyOf(wait.device)
    const changed = new Set<string>()
    let gathering: NodeJS.Timeout | undefined
    const finish = (end: WaitEnd) => {
      leave()
      if (end.kind !== 'expired') this.#woke(key)
      resolve(end)
    }
    const wake = (collections: readonly string[]) => {
      for (const collection of collections) changed.add(collection)
      const left = this.#gatherFor(key)
      if (left <= 0) finish({ kind: 'changes', collections: [...changed] })
      else gathering ??= setTimeout(() => finish({ kind: 'changes', collections: [...changed] }), left)
    }
    const listen = (change: Change) => {
      if (wait.hierarchy && change.collections.includes('mailboxes')) return finish({ kind: 'hierarchy' })
      const mine =
        change.device === wait.device.device
          ? []
          : change.collections.filter((one) => wait.collections.has(one))
      if (mine.length > 0) wake(mine)
    }
    const waiter: Waiter = { finish }
    const cancel = this.#wheel.after(this.#jittered(wait.forMs), () =>
      finish(changed.size > 0 ? { kind: 'changes', collections: [...changed] } : { kind: 'expired' }),
    )
    const leave = () => {
      cancel()
      clearTimeout(gathering)
      wait.followed.listeners.delete(listen)
      if (this.#byDevice.get(key) === waiter) this.#byDevice.delete(key)
    }
    this.#byDevice.set(key, waiter)
    wait.followed.listeners.add(listen)
    abort(leave)
    const behind = wait.behind()
    if (behind.length > 0) wake(behind)
    else if (this.#draining) finish({ kind: 'expired' })
  }

  /** Up to a twentieth less, so that phones that came together don't come back together. */
  #jittered(ms: number): number {
    return ms * (1 - this.#deps.random() / 20)
  }

  /** Milliseconds for which an event of the device is kept; 0: it is the first for a while. */
  #gatherFor(key: string): number {
    return (this.#wokenAt.get(key) ?? Number.NEGATIVE_INFINITY) + GATHER_MS - this.#deps.clock()
  }

  #woke(key: string): void {
    const now = this.#deps.clock()
    this.#wokenAt.delete(key)
    this.#wokenAt.set(key, now)
    for (const [oldest, at] of this.#wokenAt) {
      if (at > now - GATHER_MS) return
      this.#wokenAt.delete(oldest)
    }
  }
}

const keyOf = ({ tenant, account, device }: DeviceRef) => `${tenant}/${account}/${device}`

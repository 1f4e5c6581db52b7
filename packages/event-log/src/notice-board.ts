import type { CommitFilter, Notice, Subscription } from './port.ts'

type Listener = (notice: Notice) => void

/** Stands for a filter's absent field; no name has control characters. */
const ANY = '\0'

/** Which of tenant, account, service a filter names: every kind of filter there is. */
const SHAPES = [0, 1, 2, 3, 4, 5, 6, 7] as const

const shapeOf = ({ tenant, account, service }: CommitFilter) =>
  (tenant === undefined ? 0 : 1) + (account === undefined ? 0 : 2) + (service === undefined ? 0 : 4)

const keyOf = ({ tenant = ANY, account = ANY, service = ANY }: CommitFilter) =>
  `${tenant}\n${account}\n${service}`

const keyFor = (shape: number, { tenant, account, service }: Notice) =>
  `${shape & 1 ? tenant : ANY}\n${shape & 2 ? account : ANY}\n${shape & 4 ? service : ANY}`

/**
 * Who wants to hear of which commits. A notice costs at most eight look-ups, however many subscriptions there are
 * (20,000 held requests name one account each).
 */
export class NoticeBoard {
  readonly #listeners = new Map<string, Set<Listener>>()
  /** Subscriptions by shape of their filter, so that a shape that nobody uses isn't looked up. */
  readonly #shapes = new Uint32Array(SHAPES.length)

  subscribe(filter: CommitFilter, listener: Listener): Subscription {
    // A set of its own entry each: the same function may subscribe twice.
    const entry: Listener = (notice) => listener(notice)
    const key = keyOf(filter)
    const shape = shapeOf(filter)
    this.#add(key, entry)
    this.#shapes[shape]!++
    let open = true
    return {
      close: () => {
        if (!open) return
        open = false
        this.#shapes[shape]!--
        this.#remove(key, entry)
      },
    }
  }

  publish(notice: Notice): void {
    for (const shape of SHAPES) {
      if (this.#shapes[shape] === 0) continue
      const listeners = this.#listeners.get(keyFor(shape, notice))
      if (listeners) for (const listener of [...listeners]) callAlone(listener, notice)
    }
  }

  get size(): number {
    return this.#shapes.reduce((sum, count) => sum + count, 0)
  }

  #add(key: string, entry: Listener) {
    const listeners = this.#listeners.get(key)
    if (listeners) listeners.add(entry)
    else this.#listeners.set(key, new Set([entry]))
  }

  #remove(key: string, entry: Listener) {
    const listeners = this.#listeners.get(key)
    listeners?.delete(entry)
    if (listeners?.size === 0) this.#listeners.delete(key)
  }
}

/** One listener's mistake doesn't cost another its notice; it surfaces as an uncaught exception. */
const callAlone = (listener: Listener, notice: Notice) => {
  try {
    listener(notice)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

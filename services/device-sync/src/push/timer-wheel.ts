/** Slots of a second; the span covers the longest heartbeat (3,540 s) with room. */
const SLOTS = 4096
const SLOT_MS = 1000

/** What is due at its time. */
export type Timed = { due(): void }

/** `rounds`: times that its slot passes before its time comes. */
export type TimerEntry = { rounds: number; readonly slot: number; readonly timed: Timed }

/** Many timers that need only be right to a second, in one real one. A timer runs never early, and late by at most a second. */
export class TimerWheel {
  readonly #slots: Set<TimerEntry>[] = Array.from({ length: SLOTS }, () => new Set())
  #at = 0
  #count = 0
  #timer: NodeJS.Timeout | undefined

  get count(): number {
    return this.#count
  }

  /** Returns what {@link cancel} takes. */
  after(ms: number, timed: Timed): TimerEntry {
    const ticks = Math.max(1, Math.ceil(ms / SLOT_MS)) + 1
    const entry = { rounds: Math.floor(ticks / SLOTS), slot: (this.#at + ticks) % SLOTS, timed }
    this.#slots[entry.slot]!.add(entry)
    this.#count += 1
    this.#timer ??= setInterval(() => this.tick(), SLOT_MS)
    return entry
  }

  /** A timer that ran or was cancelled is cancelled for nothing. */
  cancel(entry: TimerEntry): void {
    if (this.#slots[entry.slot]!.delete(entry)) this.#removed()
  }

  /** A second is over. Public for tests, which have no time to wait. */
  tick(): void {
    this.#at = (this.#at + 1) % SLOTS
    const slot = this.#slots[this.#at]!
    for (const entry of [...slot]) {
      entry.rounds -= 1
      if (entry.rounds >= 0 || !slot.delete(entry)) continue
      this.#removed()
      entry.timed.due()
    }
  }

  #removed(): void {
    this.#count -= 1
    if (this.#count > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

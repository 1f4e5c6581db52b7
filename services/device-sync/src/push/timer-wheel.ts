/** Slots of a second; the span covers the longest heartbeat (3,540 s) with room. */
const SLOTS = 4096
const SLOT_MS = 1000

/** `rounds`: times that its slot passes before its time comes. */
type Entry = { rounds: number; readonly run: () => void }

/** Many timers that need only be right to a second, in one real one. A timer runs never early, and late by at most a second. */
export class TimerWheel {
  readonly #slots: Set<Entry>[] = Array.from({ length: SLOTS }, () => new Set())
  #at = 0
  #count = 0
  #timer: NodeJS.Timeout | undefined

  get count(): number {
    return this.#count
  }

  /** Returns how to cancel it; a timer that ran or was cancelled is cancelled for nothing. */
  after(ms: number, run: () => void): () => void {
    const ticks = Math.max(1, Math.ceil(ms / SLOT_MS)) + 1
    const slot = this.#slots[(this.#at + ticks) % SLOTS]!
    const entry = { rounds: Math.floor(ticks / SLOTS), run }
    slot.add(entry)
    this.#count += 1
    this.#timer ??= setInterval(() => this.tick(), SLOT_MS)
    return () => {
      if (slot.delete(entry)) this.#removed()
    }
  }

  /** A second is over. Public for tests, which have no time to wait. */
  tick(): void {
    this.#at = (this.#at + 1) % SLOTS
    const slot = this.#slots[this.#at]!
    for (const entry of [...slot]) {
      entry.rounds -= 1
      if (entry.rounds >= 0 || !slot.delete(entry)) continue
      this.#removed()
      entry.run()
    }
  }

  #removed(): void {
    this.#count -= 1
    if (this.#count > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

import { refKey } from '../devices/row-statements.ts'
import type { DeviceRef } from '../held/held-requests.ts'

/** What a device said, or was told. */
export type TraceEntry = {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly kind: 'request' | 'answer'
  readonly correlation: string
  readonly text: string
}

/** Entries that wait for a reader that is slow; older ones go. */
const MAX_WAITING = 1_000

/** One reader of one device's entries, until it goes or its time is over. */
class Trace {
  readonly #waiting: TraceEntry[] = []
  #wake: (() => void) | undefined
  #over = false

  tell(entry: TraceEntry): void {
    this.#waiting.push(entry)
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift()
    this.#wake?.()
  }

  end(): void {
    this.#over = true
    this.#wake?.()
  }

  async *entries(): AsyncGenerator<TraceEntry, void> {
    for (;;) {
      const next = this.#waiting.shift()
      if (next) yield next
      else if (this.#over) return
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}

/** Devices that administrators look at right now. Nothing of it is kept. */
export class Traces {
  readonly #byDevice = new Map<string, Set<Trace>>()

  isTraced(device: DeviceRef): boolean {
    return this.#byDevice.size > 0 && this.#byDevice.has(refKey(device))
  }

  tell(device: DeviceRef, entry: TraceEntry): void {
    for (const trace of this.#byDevice.get(refKey(device)) ?? []) trace.tell(entry)
  }

  /** Entries from now on, for so many milliseconds or until the signal says that nobody reads any more. */
  async *of(device: DeviceRef, forMs: number, signal: AbortSignal): AsyncGenerator<TraceEntry, void> {
    const trace = new Trace()
    const key = refKey(device)
    const end = () => trace.end()
    const timer = setTimeout(end, forMs)
    this.#byDevice.set(key, (this.#byDevice.get(key) ?? new Set()).add(trace))
    signal.addEventListener('abort', end)
    try {
      if (!signal.aborted) yield* trace.entries()
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      const of = this.#byDevice.get(key)
      of?.delete(trace)
      if (of?.size === 0) this.#byDevice.delete(key)
    }
  }

  /** Every reader is let go: the process ends. */
  close(): void {
    for (const of of this.#byDevice.values()) for (const trace of of) trace.end()
  }
}

import { randomUUID } from 'node:crypto'
import type { Call, CallExtras, Identity } from '../call.ts'
import { cancelled, deadlineExceeded, type RelaisError } from '../errors.ts'
import { canonicalTraceparent } from '../telemetry/trace-context.ts'

/** How long a call may take when its caller doesn't say. */
export const DEFAULT_TIMEOUT_MS = 10_000

/** 23 days: timers of Node, and grpc-js when it reads a time-out, end at 2^31 ms. */
const MAX_TIMEOUT_MS = 2_000_000_000

const CORRELATION = /^[\w.:-]{1,64}$/

/** A caller that nobody vouched for. It isn't an operator: those have the actor kind `operator`. */
export const NOBODY: Identity = Object.freeze({
  tenant: '',
  actor: Object.freeze({ kind: '', id: '', device: '' }),
  principal: '',
})

const acceptable = (pattern: RegExp, text: string | undefined): text is string =>
  text !== undefined && pattern.test(text)

/** What isn't a positive number is no time at all. */
const boundedTimeout = (ms: number) => (ms > 0 ? Math.min(ms, MAX_TIMEOUT_MS) : 0)

/** One call, on either side: its identity and deadline, and the signal that ends it. Must be closed. */
export class Attempt implements Call {
  readonly identity: Identity
  readonly deadline: number
  readonly correlation: string
  readonly traceparent: string
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #outer: AbortSignal | undefined
  #failure: unknown

  constructor(extras: CallExtras, outer?: AbortSignal) {
    const timeout = boundedTimeout(extras.timeoutMs ?? DEFAULT_TIMEOUT_MS)
    this.identity = extras.identity ?? NOBODY
    this.deadline = Date.now() + timeout
    this.correlation = acceptable(CORRELATION, extras.correlation) ? extras.correlation : randomUUID()
    this.traceparent = canonicalTraceparent(extras.traceparent)
    this.#timer = setTimeout(this.#expire, timeout)
    this.#outer = outer
    if (timeout === 0) this.#expire()
    if (outer?.aborted) this.#cancel()
    else outer?.addEventListener('abort', this.#cancel, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** What the caller is told when the call ends before its answer; undefined while it goes on. */
  get failure(): unknown {
    return this.#failure
  }

  /** Ends the call; the first reason stays. The handler sees `reason`, the caller gets `told`. */
  fail(reason: RelaisError, told: unknown = reason): void {
    if (this.signal.aborted) return
    this.#failure = told
    this.#controller.abort(reason)
  }

  /** The same promise, or a rejection with {@link failure} as soon as there is one. */
  race<T>(promise: PromiseLike<T>): Promise<T> {
    const { signal } = this
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(this.#failure)
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort)
      const settled = () => signal.removeEventListener('abort', onAbort)
      promise.then(
        (value) => {
          settled()
          resolve(value)
        },
        (error) => {
          settled()
          reject(error)
        },
      )
    })
  }

  /** The same messages, each awaited no longer than the call lasts; `onLeave` is called first when the reader stops early. */
  async *bound<T>(messages: AsyncIterable<T>, onLeave?: () => void): AsyncGenerator<T, void> {
    const iterator = messages[Symbol.asyncIterator]()
    let at: 'source' | 'reader' | 'end' = 'source'
    try {
      for (;;) {
        at = 'source'
        const next = await this.race(iterator.next())
        at = next.done ? 'end' : 'reader'
        if (next.done) return
        yield next.value
      }
    } finally {
      if (at === 'reader') onLeave?.()
      if (at !== 'end') leave(iterator)
    }
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener('abort', this.#cancel)
  }

  readonly #expire = () => this.fail(deadlineExceeded())
  readonly #cancel = () => this.fail(cancelled())
}

/** Lets the other side clean up without waiting for it: it may be slow to see the signal, and tells its own errors. */
const leave = (iterator: AsyncIterator<unknown>) => {
  iterator.return?.().then(undefined, () => undefined)
}

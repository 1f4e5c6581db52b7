import type { DeviceRef } from '../held/held-requests.ts'
import type { NewerRequests } from '../push/newer-requests.ts'

export type RunningFindsDeps = {
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Where other processes search for the same devices. */
  readonly elsewhere?: NewerRequests | undefined
}

type Running = { readonly since: number; readonly controller: AbortController }

const keyOf = ({ tenant, account, device }: DeviceRef): string => [tenant, account, device].join('/')

/** Searches that run: a newer one of the same phone, at whichever process, ends the older one, which nobody waits for any more. */
export class RunningFinds {
  readonly #deps: RunningFindsDeps
  readonly #running = new Map<string, Running>()
  readonly #hearing: { close(): void } | undefined

  constructor(deps: RunningFindsDeps) {
    this.#deps = deps
    this.#hearing = deps.elsewhere?.hear(({ key, at }) => this.#overtaken(key, at))
  }

  /** Runs a search; undefined: a newer one came, and this one was given up. */
  async run<T>(device: DeviceRef, find: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const key = keyOf(device)
    this.#running.get(key)?.controller.abort()
    const running = { since: this.#deps.clock(), controller: new AbortController() }
    this.#running.set(key, running)
    this.#deps.elsewhere?.tell({ key, at: running.since })
    const { signal } = running.controller
    try {
      const found = await find(signal)
      return signal.aborted ? undefined : found
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    } finally {
      if (this.#running.get(key) === running) this.#running.delete(key)
    }
  }

  get size(): number {
    return this.#running.size
  }

  /** Hears no more of other processes. */
  close(): void {
    this.#hearing?.close()
  }

  /** Of two the one that began later goes on, whoever hears of whom first. */
  #overtaken(key: string, at: number): void {
    const running = this.#running.get(key)
    if (running && running.since < at) running.controller.abort()
  }
}

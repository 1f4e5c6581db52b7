/** Who searches: one phone has one search. */
export type Finder = { readonly tenant: string; readonly account: string; readonly device: string }

const keyOf = ({ tenant, account, device }: Finder): string => [tenant, account, device].join('/')

/** Searches that run: a newer one of the same phone ends the older one, which nobody waits for any more. */
export class RunningFinds {
  private readonly running = new Map<string, AbortController>()

  /** Runs a search; undefined: a newer one came, and this one was given up. */
  async run<T>(finder: Finder, find: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const key = keyOf(finder)
    this.running.get(key)?.abort()
    const controller = new AbortController()
    this.running.set(key, controller)
    try {
      const found = await find(controller.signal)
      return controller.signal.aborted ? undefined : found
    } catch (error) {
      if (controller.signal.aborted) return undefined
      throw error
    } finally {
      if (this.running.get(key) === controller) this.running.delete(key)
    }
  }

  get size(): number {
    return this.running.size
  }
}

/**
 * Runs work of different keys side by side and of one key in the order it was asked for, at most so many at once. The first
 * failure is everybody's.
 */
export class Lanes {
  readonly #most: number
  readonly #tails = new Map<string, Promise<void>>()
  readonly #freed: (() => void)[] = []
  #running = 0
  #failure: { readonly error: unknown } | undefined

  constructor(most: number) {
    this.#most = most
  }

  /** Resolves when the next work may be asked for; with one at once, when this is done. Rejects once any work has failed. */
  async take(key: string, work: () => Promise<void>): Promise<void> {
    this.#check()
    if (this.#most === 1) return work()
    while (this.#running >= this.#most) await new Promise<void>((free) => this.#freed.push(free))
    this.#check()
    this.#running += 1
    const before = this.#tails.get(key)
    const done = (before ? before.then(() => this.#run(work)) : this.#run(work)).then(() => {
      if (this.#tails.get(key) === done) this.#tails.delete(key)
    })
    this.#tails.set(key, done)
  }

  /** Resolves when all is done. */
  async idle(): Promise<void> {
    await Promise.all(this.#tails.values())
    this.#check()
  }

  async #run(work: () => Promise<void>): Promise<void> {
    try {
      if (!this.#failure) await work()
    } catch (error) {
      this.#failure ??= { error }
    } finally {
      this.#running -= 1
      this.#freed.shift()?.()
    }
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error
  }
}

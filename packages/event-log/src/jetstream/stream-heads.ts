/** Streams whose head is remembered (about 150 bytes each). */
const MAX_STREAMS = 100_000

/** The last commit of each stream, up to which the command index has everything; those used last are kept. */
export class StreamHeads {
  readonly #heads = new Map<string, number>()

  get(subject: string): number | undefined {
    return this.#heads.get(subject)
  }

  set(subject: string, position: number) {
    this.#heads.delete(subject)
    this.#heads.set(subject, position)
    if (this.#heads.size <= MAX_STREAMS) return
    const [oldest] = this.#heads.keys()
    if (oldest !== undefined) this.#heads.delete(oldest)
  }

  forget(subject: string) {
    this.#heads.delete(subject)
  }
}

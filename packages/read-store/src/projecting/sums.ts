import type { Gathered, Sum, Writer } from '../port.ts'

/** The sums of one transaction. */
export class Sums implements Gathered {
  readonly #writer: Writer
  readonly #sums = new Map<string, Sum>()

  constructor(writer: Writer) {
    this.#writer = writer
  }

  of<S extends Sum>(key: string, start: () => S): S {
    const known = this.#sums.get(key)
    // Who owns a key asks for one kind of sum with it.
    if (known) return known as S
    const sum = start()
    this.#sums.set(key, sum)
    return sum
  }

  async settle(key: string): Promise<void> {
    const sum = this.#sums.get(key)
    this.#sums.delete(key)
    await sum?.write(this.#writer)
  }

  async settleAll(): Promise<void> {
    for (const key of [...this.#sums.keys()]) await this.settle(key)
  }
}

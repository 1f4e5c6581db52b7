/** A map that forgets what was used longest ago when it is full. */
export class Lru<Value> {
  readonly #entries = new Map<string, Value>()
  readonly #max: number
  readonly #onEvict: (key: string, value: Value) => void

  constructor(max: number, onEvict: (key: string, value: Value) => void = () => undefined) {
    this.#max = max
    this.#onEvict = onEvict
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Value | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#max) this.#evictOldest()
  }

  #evictOldest(): void {
    const oldest = this.#entries.entries().next().value
    if (!oldest) return
    this.#entries.delete(oldest[0])
    this.#onEvict(...oldest)
  }

  delete(key: string): boolean {
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}

/** So long nothing removes what was stored: sweeps leave alone what is younger than hours. */
const FOR_MS = 60_000
const AT_MOST = 4096

/** Blobs that this process stored a moment ago: nobody need be asked whether they are there. */
export class JustStored {
  readonly #now: () => number
  /** When, by tenant and id; the oldest first. */
  readonly #stored = new Map<string, number>()

  /** `now`: milliseconds of a clock that only goes forward. */
  constructor(now: () => number) {
    this.#now = now
  }

  add(tenant: string, id: string): void {
    const key = keyOf(tenant, id)
    this.#stored.delete(key)
    this.#stored.set(key, this.#now())
    if (this.#stored.size > AT_MOST) this.#stored.delete(this.#stored.keys().next().value ?? '')
  }

  has(tenant: string, id: string): boolean {
    const since = this.#stored.get(keyOf(tenant, id))
    return since !== undefined && this.#now() - since < FOR_MS
  }

  /** A sweep may remove what it likes from now on. */
  clear(): void {
    this.#stored.clear()
  }
}

const keyOf = (tenant: string, id: string) => `${tenant}/${id}`

const DAY = 24 * 3600 * 1000
const FIRST_SIZE = 1024
const MAX_LOAD = 0.7

/** Positions by a fingerprint of 32 bits, 12 bytes a slot: several positions may have one fingerprint, so whoever asks looks at each. */
class FingerprintTable {
  #fingerprints = new Uint32Array(FIRST_SIZE)
  #positions = new Float64Array(FIRST_SIZE)
  #used = 0

  get size(): number {
    return this.#used
  }

  add(fingerprint: number, position: number) {
    if (this.#used >= this.#fingerprints.length * MAX_LOAD) this.#grow()
    this.#put(fingerprint, position)
    this.#used++
  }

  find(fingerprint: number): number[] {
    const found: number[] = []
    const mask = this.#fingerprints.length - 1
    for (let slot = fingerprint & mask; this.#positions[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#fingerprints[slot] === fingerprint) found.push(this.#positions[slot] ?? 0)
    }
    return found
  }

  #put(fingerprint: number, position: number) {
    const mask = this.#fingerprints.length - 1
    let slot = fingerprint & mask
    while (this.#positions[slot] !== 0) slot = (slot + 1) & mask
    this.#fingerprints[slot] = fingerprint
    this.#positions[slot] = position
  }

  #grow() {
    const [fingerprints, positions] = [this.#fingerprints, this.#positions]
    this.#fingerprints = new Uint32Array(fingerprints.length * 2)
    this.#positions = new Float64Array(positions.length * 2)
    for (let slot = 0; slot < positions.length; slot++) {
      const position = positions[slot] ?? 0
      if (position !== 0) this.#put(fingerprints[slot] ?? 0, position)
    }
  }
}

/** Where commands may be, by fingerprint; one table a day, so that old ones are forgotten a day at a time. */
export class CommandTable {
  readonly #days = new Map<number, FingerprintTable>()
  readonly #keptDays: number
  #newest = 0

  constructor(keptMilliseconds: number) {
    this.#keptDays = Math.ceil(keptMilliseconds / DAY) + 1
  }

  get size(): number {
    return this.#days.values().reduce((sum, table) => sum + table.size, 0)
  }

  /** `stored`: milliseconds since 1970 by the server that stored it. */
  add(fingerprint: number, position: number, stored: number) {
    const day = Math.floor(stored / DAY)
    const table = this.#days.get(day) ?? this.#begin(day)
    table.add(fingerprint, position)
  }

  /** Positions that may be the command's, the newest first. */
  find(fingerprint: number): number[] {
    return [...this.#days.values().flatMap((table) => table.find(fingerprint))].sort((a, b) => b - a)
  }

  #begin(day: number): FingerprintTable {
    const table = new FingerprintTable()
    this.#days.set(day, table)
    this.#newest = Math.max(this.#newest, day)
    for (const old of this.#days.keys()) {
      if (old < this.#newest - this.#keptDays) this.#days.delete(old)
    }
    return table
  }
}

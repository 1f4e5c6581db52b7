const DAY = 24 * 3600 * 1000
const FIRST_SIZE = 1024
const MAX_LOAD = 0.7

/** 64 bits of a command's hash. */
export type Fingerprint = { readonly low: number; readonly high: number }

/** Positions by fingerprint, 16 bytes a slot: several positions may have one fingerprint, so whoever asks looks at each. */
class FingerprintTable {
  #lows = new Uint32Array(FIRST_SIZE)
  #highs = new Uint32Array(FIRST_SIZE)
  #positions = new Float64Array(FIRST_SIZE)
  #used = 0

  get size(): number {
    return this.#used
  }

  add(fingerprint: Fingerprint, position: number) {
    if (this.#used >= this.#lows.length * MAX_LOAD) this.#grow()
    this.#put(fingerprint, position)
    this.#used++
  }

  find(fingerprint: Fingerprint): number[] {
    const found: number[] = []
    const { low, high } = fingerprint
    const mask = this.#lows.length - 1
    for (let slot = low & mask; this.#positions[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#lows[slot] === low && this.#highs[slot] === high) found.push(this.#positions[slot] ?? 0)
    }
    return found
  }

  #put(fingerprint: Fingerprint, position: number) {
    const mask = this.#lows.length - 1
    let slot = fingerprint.low & mask
    while (this.#positions[slot] !== 0) slot = (slot + 1) & mask
    this.#lows[slot] = fingerprint.low
    this.#highs[slot] = fingerprint.high
    this.#positions[slot] = position
  }

  #grow() {
    const [lows, highs, positions] = [this.#lows, this.#highs, this.#positions]
    this.#lows = new Uint32Array(lows.length * 2)
    this.#highs = new Uint32Array(lows.length * 2)
    this.#positions = new Float64Array(lows.length * 2)
    for (let slot = 0; slot < positions.length; slot++) {
      const position = positions[slot] ?? 0
      if (position !== 0) this.#put({ low: lows[slot] ?? 0, high: highs[slot] ?? 0 }, position)
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

  /** Once, however often it is added. `stored`: milliseconds since 1970 by the server that stored it. */
  add(fingerprint: Fingerprint, position: number, stored: number) {
    const day = Math.floor(stored / DAY)
    const table = this.#days.get(day) ?? this.#begin(day)
    if (!table.find(fingerprint).includes(position)) table.add(fingerprint, position)
  }

  /** Positions that may be the command's, the newest first. */
  find(fingerprint: Fingerprint): number[] {
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

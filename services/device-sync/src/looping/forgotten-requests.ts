/** Of a device: a loop over more different requests than these and the last 16 isn't seen. 1 KiB at most. */
export const MAX_FORGOTTEN = 256

const FIRST_SIZE = 32

/** Fingerprints of requests that a device sent before its last ones, in the order in which they were forgotten. */
export class ForgottenRequests {
  #fingerprints = new Uint32Array(0)
  #count = 0

  get count(): number {
    return this.#count
  }

  /** The oldest goes if there are too many. */
  add(fingerprint: number): void {
    if (this.#count === this.#fingerprints.length) this.#makeRoom()
    this.#fingerprints[this.#count] = fingerprint
    this.#count += 1
  }

  /** How many others were forgotten after it, which is known again; undefined: it isn't known. */
  take(fingerprint: number): number | undefined {
    const at = this.#fingerprints.subarray(0, this.#count).lastIndexOf(fingerprint >>> 0)
    if (at < 0) return undefined
    this.#count -= 1
    this.#fingerprints.copyWithin(at, at + 1, this.#count + 1)
    return this.#count - at
  }

  #makeRoom(): void {
    const { length } = this.#fingerprints
    if (length < MAX_FORGOTTEN) {
      const larger = new Uint32Array(Math.max(FIRST_SIZE, 2 * length))
      larger.set(this.#fingerprints)
      this.#fingerprints = larger
      return
    }
    this.#fingerprints.copyWithin(0, 1)
    this.#count -= 1
  }
}

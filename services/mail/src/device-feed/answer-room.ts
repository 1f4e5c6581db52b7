import { AnswerTooLarge } from '@relais/sync-state'
import { fitting } from '../api/page-room.ts'

/** Bytes of messages without their bodies: those that a phone is told of, and those that it fetches. Far from what a call may carry. */
const MAX_BYTES = 24 * 1024 * 1024

/** Of so few it isn't looked how long they are before they are read: one is 1 MiB at most, as its commit is. */
export const FEW = 24

/** What the messages of one answer may take, of all its mailboxes together. A sender may make each of them as long as its addresses can be. */
export class AnswerRoom {
  #bytes = 0
  #operations = 0
  readonly #most: number

  constructor(most = MAX_BYTES) {
    this.#most = most
  }

  /** The messages of operations, by their bytes, in order. Errors: AnswerTooLarge, but never for a single one. */
  take(sizes: readonly number[]): void {
    for (const size of sizes) {
      this.#bytes += size
      if (this.#bytes > this.#most && this.#operations > 0) throw new AnswerTooLarge(this.#operations)
      this.#operations += 1
    }
  }

  /** How many of the messages that are fetched there is room for beside them: one at least. */
  fetched(sizes: readonly number[]): number {
    return fitting(sizes, this.#most)
  }
}

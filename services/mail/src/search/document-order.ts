/** Documents of one second that can be told apart. */
const SLOTS = 2 ** 20
const MAX_SECOND = 2 ** 33 - 1

const secondOf = (received: number): number => Math.min(MAX_SECOND, Math.max(0, Math.floor(received / 1000)))

/**
 * A document's id orders documents by when they were received, so that an index that is read from its end has the newest first, and stops
 * when it has enough. `attempt`: where an earlier one's id is taken.
 */
export const documentId = (received: number, item: number, attempt: number): number => {
  const spread = Math.floor(item / 8192) * 64 + (item % 8192)
  return secondOf(received) * SLOTS + ((spread + attempt) % SLOTS)
}

/** Ids of all that was received after and before these times, to the second; more may be among them. */
export const documentsBetween = (after: number, before: number): readonly [first: number, last: number] => [
  secondOf(after) * SLOTS,
  secondOf(before) * SLOTS + SLOTS - 1,
]

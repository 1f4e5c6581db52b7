/** Bytes of messages that one page of a list holds, and of bodies beside them: far from what a call may carry. */
export const PAGE_BYTES = 8 * 1024 * 1024

/** How many of them, from the first on, there is room for: one at least. */
export const fitting = (sizes: readonly number[], room = PAGE_BYTES): number => {
  let bytes = 0
  const over = sizes.findIndex((size) => {
    bytes += size
    return bytes > room
  })
  return over < 0 ? sizes.length : Math.max(1, over)
}

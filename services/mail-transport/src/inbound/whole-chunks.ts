/** Largest part of a message that is handed over at once, in bytes. */
export const CHUNK_BYTES = 64 * 1024

/**
 * The same bytes in chunks of {@link CHUNK_BYTES}, the last one smaller: each is a message between two processes, and costs more than its
 * bytes where they are few. A chunk is memory of its own, or of what came.
 */
export async function* wholeChunks(message: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let room = CHUNK_BYTES
  for await (const piece of message)
    for (let rest = piece; rest.length > 0; ) {
      const fitting = rest.subarray(0, room)
      held.push(fitting)
      room -= fitting.length
      rest = rest.subarray(fitting.length)
      if (room > 0) continue
      yield joined(held)
      held = []
      room = CHUNK_BYTES
    }
  if (held.length > 0) yield joined(held)
}

const joined = (held: readonly Uint8Array[]): Uint8Array =>
  held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held)

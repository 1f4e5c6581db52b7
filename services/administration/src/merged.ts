type Step<T> = { readonly from: AsyncIterator<T>; readonly result: IteratorResult<T> }

/** One that can't be reached ends the stream of its own only. */
const next = async <T>(from: AsyncIterator<T>): Promise<Step<T>> => {
  try {
    return { from, result: await from.next() }
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'UNAVAILABLE') throw error
    return { from, result: { done: true, value: undefined } }
  }
}

/** What several streams bring, as it comes; it ends with the last of them. A failure of one ends all. */
export async function* merged<T>(streams: readonly AsyncIterable<T>[]): AsyncGenerator<T, void> {
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]())
  const waiting = new Map(iterators.map((one) => [one, next(one)]))
  try {
    while (waiting.size > 0) {
      const { from, result } = await Promise.race(waiting.values())
      if (result.done) waiting.delete(from)
      else {
        waiting.set(from, next(from))
        yield result.value
      }
    }
  } finally {
    for (const one of waiting.keys()) void one.return?.().catch(() => undefined)
  }
}

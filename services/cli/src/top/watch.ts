import { setTimeout as delay } from 'node:timers/promises'
import { type Reading, readingOf } from './reading.ts'
import type { Source } from './sources.ts'
import type { Watched } from './view.ts'

const ASK_MS = 3_000
const MAX_BYTES = 16 * 1024 * 1024

/** What a process says of itself now; undefined: it doesn't answer, or not with figures. */
const read = async ({ url }: Source): Promise<Reading | undefined> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ASK_MS), redirect: 'error' })
    const length = Number(response.headers.get('content-length') ?? 0)
    if (!response.ok || length > MAX_BYTES) return undefined
    return readingOf(await response.text(), Date.now())
  } catch {
    return undefined // shown as a process without figures
  }
}

const readAll = (sources: readonly Source[]) => Promise.all(sources.map(read))

/** All processes as they were at two moments, `everyMs` apart, again and again. */
export async function* watch(
  sources: readonly Source[],
  everyMs: number,
): AsyncGenerator<readonly Watched[]> {
  let before = await readAll(sources)
  for (;;) {
    await delay(everyMs)
    const after = await readAll(sources)
    yield sources.map(({ name }, n) => ({ name, before: before[n], after: after[n] }))
    before = after
  }
}

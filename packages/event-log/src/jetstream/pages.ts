import type { LogApi, LogMessage } from './log-api.ts'

/** Bytes after which a page ends. */
const PAGE_BYTES = 4 * 1024 * 1024

export type PageRequest = {
  readonly subject: string
  /** Position after which it begins. */
  readonly after: number
  /** Begins no earlier than this, in milliseconds since 1970. */
  readonly since?: number
  /** Position of the last that is wanted; absent: the newest. */
  readonly upTo?: number
  readonly count: number
}

export type CoveredPage = {
  readonly messages: readonly LogMessage[]
  /** True: there are no more up to `upTo`, and the leader says so. */
  readonly covered: boolean
}

/**
 * The next messages of a subject. Any replica gives them, and one that lags behind has fewer: before it is said that there are
 * no more, the leader is asked, which knows of every commit that was acknowledged.
 */
export const coveredPage = async (api: LogApi, request: PageRequest): Promise<CoveredPage> => {
  const { subject, after, since, upTo = Number.POSITIVE_INFINITY, count } = request
  if (after >= upTo) return { messages: [], covered: true }
  const from = since === undefined ? after + 1 : { time: since }
  const { messages, pending } = await api.batch({ subject, from, count, maxBytes: PAGE_BYTES })
  const wanted = messages.filter(({ position }) => position > after && position <= upTo)
  const last = wanted.at(-1)?.position ?? after
  if (last === upTo || (messages.at(-1)?.position ?? 0) > upTo) return { messages: wanted, covered: true }
  if (pending > 0) return { messages: wanted, covered: false }
  const next = await nextAtLeader(api, { subject, from: last + 1, isNeeded: wanted.length === 0 })
  if (next === 'nobody leads') return { messages: wanted, covered: false }
  if (!next || next.position > upTo) return { messages: wanted, covered: true }
  // One more than was asked for would be read again.
  return { messages: wanted.length < count ? [...wanted, next] : wanted, covered: false }
}

/** Reading goes on while nobody leads, as far as some replica has something to give. */
const nextAtLeader = async (
  api: LogApi,
  { subject, from, isNeeded }: { subject: string; from: number; isNeeded: boolean },
): Promise<LogMessage | undefined | 'nobody leads'> => {
  try {
    return await api.leaderNext(subject, from)
  } catch (error) {
    if (isNeeded) throw error
    return 'nobody leads'
  }
}

/** All messages of a subject between two positions, page by page. */
export async function* coveredPages(
  page: (request: PageRequest) => Promise<CoveredPage>,
  request: PageRequest & { readonly upTo: number },
): AsyncGenerator<readonly LogMessage[]> {
  let { after, since } = request
  for (;;) {
    const { messages, covered } = await page({ ...request, after, since })
    yield messages
    if (covered) return
    const last = messages.at(-1)?.position
    if (last === undefined) continue
    after = last
    since = undefined
  }
}

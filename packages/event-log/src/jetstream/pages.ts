import type { LogApi, LogMessage } from './log-api.ts'

/** Bytes after which a page ends. */
const PAGE_BYTES = 4 * 1024 * 1024

export type PageApi = Pick<LogApi, 'batch' | 'leaderNext' | 'info'>

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
  /**
   * True: whoever said so had a commit at `upTo` or beyond. Without, it may have been a leader that was deposed while it was cut off, and
   * goes on answering for some seconds from what it had.
   */
  readonly proven: boolean
}

/**
 * The next messages of a subject. Any replica gives them, and one that lags behind has fewer: before it is said that there are
 * no more, the leader is asked, which knows of every commit that was acknowledged.
 */
export const coveredPage = async (api: PageApi, request: PageRequest): Promise<CoveredPage> => {
  const { subject, after, since, upTo = Number.POSITIVE_INFINITY, count } = request
  if (after >= upTo) return { messages: [], covered: true, proven: true }
  const from = since === undefined ? after + 1 : { time: since }
  const { messages, pending } = await api.batch({ subject, from, count, maxBytes: PAGE_BYTES })
  const wanted = messages.filter(({ position }) => position > after && position <= upTo)
  const last = wanted.at(-1)?.position ?? after
  if ((messages.at(-1)?.position ?? 0) >= upTo) return { messages: wanted, covered: true, proven: true }
  const more = { messages: wanted, covered: false, proven: false }
  if (pending > 0) return more
  const next = await nextAtLeader(api, { subject, from: last + 1, isNeeded: wanted.length === 0 })
  if (next === 'nobody leads') return more
  if (!next) return { ...more, covered: await hasReached(api, upTo) }
  if (next.position > upTo) return { messages: wanted, covered: true, proven: true }
  // One more than was asked for would be read again.
  return wanted.length < count ? { ...more, messages: [...wanted, next] } : more
}

/** Errors: one that is tried again, where the leader hasn't got as far as others had. */
const hasReached = async (api: PageApi, position: number): Promise<true> => {
  if (position === Number.POSITIVE_INFINITY) return true
  const { state } = await api.info()
  if (state.last_seq < position) throw behind()
  return true
}

/** A leader that was deposed, or a replica that lags: asked again, somebody else may answer. */
export const behind = () => new Error('the leader lacks what was there already')

/** Reading goes on while nobody leads, as far as some replica has something to give. */
const nextAtLeader = async (
  api: PageApi,
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

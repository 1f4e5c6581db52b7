import type { LogApi, LogMessage } from './log-api.ts'
import { behind, type CoveredPage, coveredPages, type PageRequest } from './pages.ts'
import { ALL_COMMITS } from './subjects.ts'
import { type ReadingDeps, VerifiedReading } from './verified-reading.ts'

export type ProofApi = Pick<LogApi, 'leaderLast' | 'areErased'>

export type AllCommitsDeps = ReadingDeps & { readonly api: ProofApi }

export type AllCommitsRequest = Pick<PageRequest, 'after' | 'since' | 'count'> & { readonly upTo: number }

/**
 * Every commit between two positions, for those whose correctness rests on having all: it ends well only when it is proven that there were
 * no more, by a commit beyond or by each position's having been erased. Errors: one that is tried again, where nobody could prove it.
 */
export async function* allCommits(
  deps: AllCommitsDeps,
  request: AllCommitsRequest,
): AsyncGenerator<readonly LogMessage[]> {
  // What is older than `since` isn't checked against what comes before it.
  const reading = new VerifiedReading(deps, request.since === undefined ? request.after : undefined)
  let last: number | undefined
  let proven = false
  const page = async (wanted: PageRequest): Promise<CoveredPage> => {
    const read = await reading.page(wanted)
    proven = read.proven
    return read
  }
  for await (const messages of coveredPages(page, { ...request, subject: ALL_COMMITS })) {
    last = messages.at(-1)?.position ?? last
    yield messages
  }
  if (proven) return
  const end = last ?? (await beginning(deps.api, request))
  if (!(await deps.api.areErased(end + 1, request.upTo))) throw behind()
}

/** The position up to which nothing is wanted: `after`, or that of the newest commit that is too old. */
const beginning = async (api: ProofApi, { after, since }: AllCommitsRequest): Promise<number> => {
  if (since === undefined) return after
  const newest = await api.leaderLast(ALL_COMMITS)
  if (newest && newest.stored >= since) throw behind()
  return newest?.position ?? 0
}

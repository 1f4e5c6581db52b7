import type { LogApi, LogMessage } from './log-api.ts'
import { behind, type CoveredPage, coveredPages, type PageRequest } from './pages.ts'
import { ALL_COMMITS } from './subjects.ts'
import { type ReadingDeps, VerifiedReading } from './verified-reading.ts'

export type ProofApi = Pick<LogApi, 'areErased'>

export type AllCommitsDeps = ReadingDeps & { readonly api: ProofApi }

export type AllCommitsRequest = Pick<PageRequest, 'after' | 'count'> & { readonly upTo: number }

/**
 * Every commit between two positions, for those whose correctness rests on having all: it ends well only when it is proven that there were
 * no more, by a commit beyond or by each position's having been erased. Errors: one that is tried again, where nobody could prove it.
 */
export async function* allCommits(
  deps: AllCommitsDeps,
  request: AllCommitsRequest,
): AsyncGenerator<readonly LogMessage[]> {
  const reading = new VerifiedReading(deps, request.after)
  let last = request.after
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
  if (!(await deps.api.areErased(last + 1, request.upTo))) throw behind()
}

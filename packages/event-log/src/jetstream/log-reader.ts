import { decodeCommit } from '../commit-record.ts'
import type { PageLimit } from '../feed.ts'
import type { CommitFilter, FollowBatch } from '../port.ts'
import type { LogMessage } from './log-api.ts'
import type { Losses } from './losses.ts'
import type { CoveredPage, PageRequest } from './pages.ts'
import type { RecentCommits } from './recent-commits.ts'
import { filterSubject } from './subjects.ts'
import { VerifiedReading } from './verified-reading.ts'

/** Most commits that are asked for at once. */
const MAX_BATCH = 2000

type Deps = {
  readonly page: (request: PageRequest) => Promise<CoveredPage>
  readonly losses: Losses
  /** For a reading that goes on with the log: once a server has said that it has reached the end. */
  readonly recent?: Pick<RecentCommits, 'page'>
}

/** One `read` or `follow`: pages of commits without a gap. */
export class LogReading {
  readonly #deps: Deps
  readonly #verified: VerifiedReading
  readonly #subject: string | undefined
  /** More than a batch, where commits were found that a replica had lost. */
  #left: readonly LogMessage[] = []
  /** A server has given it everything up to some end; later commits are told of. */
  #isLive = false

  constructor(deps: Deps, filter: CommitFilter, after: number) {
    this.#deps = deps
    this.#verified = new VerifiedReading(
      { page: (request) => this.#ask(request), search: deps.losses },
      after,
    )
    this.#subject = filterSubject(filter)
  }

  async page(after: number, limit: PageLimit): Promise<FollowBatch> {
    const { messages, covered } = await this.#next(after, limit)
    this.#left = messages.slice(limit.batch)
    const given = messages.slice(0, limit.batch)
    return {
      commits: given.map(({ position, record }) => decodeCommit(position, record)),
      caughtUp: covered && this.#left.length === 0,
    }
  }

  async #ask(request: PageRequest): Promise<CoveredPage> {
    const { recent, page } = this.#deps
    const told = this.#isLive ? recent?.page(request) : undefined
    if (told) return told
    const asked = await page(request)
    this.#isLive ||= asked.covered
    return asked
  }

  async #next(after: number, { upTo, batch }: PageLimit): Promise<Pick<CoveredPage, 'messages' | 'covered'>> {
    const subject = this.#subject
    if (subject === undefined) return { messages: [], covered: true }
    if (this.#left.length > 0) return { messages: this.#left, covered: false }
    const page = await this.#verified.page({ subject, after, upTo, count: Math.min(batch, MAX_BATCH) })
    const [first] = page.messages
    // A hole in what was given already: it is too late to give it in order.
    if (first && first.position <= after) await this.#deps.losses.lost(first.subject, first.position)
    return page
  }
}

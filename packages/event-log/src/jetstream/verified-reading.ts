import { Chain } from './chain.ts'
import { type Told, toldBy } from './envelope.ts'
import type { LogMessage } from './log-api.ts'
import type { CoveredPage, PageRequest } from './pages.ts'

/** What is done about a commit that is missing. */
export type Search = {
  /** The commit from whichever replica has it; undefined: it needn't be there. */
  find(subject: string, position: number): Promise<LogMessage | undefined>
  /** A commit that was read, but was gone when the stream went on. */
  check(subject: string, position: number): Promise<void>
}

export type ReadingDeps = {
  readonly page: (request: PageRequest) => Promise<CoveredPage>
  readonly search: Search
}

/** Pages of one reading, each commit checked against the one before it in its stream; what one replica has lost is had from another. */
export class VerifiedReading {
  readonly #deps: ReadingDeps
  #chain: Chain | undefined

  /** `after` absent: it begins where the first page does. */
  constructor(deps: ReadingDeps, after?: number) {
    this.#deps = deps
    this.#chain = after === undefined ? undefined : new Chain(after)
  }

  /** Errors: those of the page, and of the search. */
  async page(request: PageRequest): Promise<CoveredPage> {
    const page = await this.#deps.page(request)
    const { messages } = page
    const found: LogMessage[] = []
    for (const message of messages) found.push(...(await this.#missingBefore(message)))
    if (found.length === 0) return page
    return { ...page, messages: [...messages, ...found].sort((a, b) => a.position - b.position) }
  }

  async #missingBefore({ subject, position, headers }: LogMessage): Promise<LogMessage[]> {
    this.#chain ??= new Chain(position - 1)
    const found: LogMessage[] = []
    let told: Told | undefined = toldBy(subject, headers)
    while (told) {
      const message: LogMessage | undefined = await this.#find(subject, told.previous, this.#chain)
      if (message) found.push(message)
      told = message && toldBy(subject, message.headers)
    }
    this.#chain.accept(subject, position)
    return found
  }

  async #find(subject: string, previous: number, chain: Chain): Promise<LogMessage | undefined> {
    const { search } = this.#deps
    const missing = chain.missingBefore(subject, previous)
    if (missing && !missing.given) return await search.find(subject, missing.position)
    if (missing) await search.check(subject, missing.position)
    return undefined
  }
}

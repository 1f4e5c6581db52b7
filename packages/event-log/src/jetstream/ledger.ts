import type { LogApi } from './log-api.ts'

const decoder = new TextDecoder()

export type Loss = { readonly subject: string; readonly position: number }

/** The stream beside a log that says what may be missing from it. */
export const ledgerName = (log: string): string => `${log}-ledger`

export const ledgerSubjects = (log: string): string => `ledger.${log}.>`

/**
 * What readers ask when a commit isn't where another says that it should be: which accounts were erased, up to which position; and which commits are known
 * to be lost. A stream of its own, so that it takes no positions of the log.
 */
export class Ledger {
  readonly #api: LogApi
  readonly #log: string

  /** `api`: of the stream {@link ledgerName}. */
  constructor(api: LogApi, log: string) {
    this.#api = api
    this.#log = log
  }

  /** Written before the first commit goes. `account`: log.TENANT.ACCOUNT */
  async keepErasure(account: string, upTo: number): Promise<void> {
    await this.#write(`erased.${rest(account)}`, upTo)
  }

  async erasedUpTo(subject: string): Promise<number> {
    const [, tenant, account] = subject.split('.')
    const entry = await this.#api.leaderLast(this.#subject(`erased.${tenant}.${account}`))
    return entry ? positionIn(entry.record) : 0
  }

  async keepLoss(subject: string, position: number): Promise<void> {
    await this.#write(`lost.${rest(subject)}`, position)
  }

  /** A loss of the streams that a filter's subject means. */
  async loss(subject: string): Promise<Loss | undefined> {
    const entry = await this.#api.leaderLast(this.#subject(`lost.${rest(subject)}`))
    if (!entry) return undefined
    const [, , , tenant, account, service] = entry.subject.split('.')
    return { subject: `log.${tenant}.${account}.${service}`, position: positionIn(entry.record) }
  }

  /** A position that the log had: it can't end before it. */
  async keepReached(position: number): Promise<void> {
    await this.#write('reached', position)
  }

  async reached(): Promise<number> {
    const entry = await this.#api.leaderLast(this.#subject('reached'))
    return entry ? positionIn(entry.record) : 0
  }

  async settle(subject: string): Promise<void> {
    await this.#api.manager.streams.purge(this.#api.stream, {
      filter: this.#subject(`lost.${rest(subject)}`),
    })
  }

  #subject(tokens: string): string {
    return `ledger.${this.#log}.${tokens}`
  }

  async #write(tokens: string, position: number) {
    const answer = await this.#api.connection.request(this.#subject(tokens), String(position), {
      timeout: 5000,
    })
    if (!Number.isSafeInteger((answer.json() as { seq?: unknown }).seq)) {
      throw new Error(`the ledger took nothing: ${answer.string()}`)
    }
  }
}

/** A subject without its first token. */
const rest = (subject: string): string => subject.slice(subject.indexOf('.') + 1)

const positionIn = (record: Uint8Array): number => Number(decoder.decode(record))

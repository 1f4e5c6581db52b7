import type { MsgHdrs } from '@nats-io/transport-node'
import type { LogMessage } from './log-api.ts'
import type { CoveredPage, PageRequest } from './pages.ts'
import { matches } from './subjects.ts'

/** What the tail tells of a commit; its record is there where it had to be read. */
export type ToldCommit = {
  readonly position: number
  readonly subject: string
  readonly headers: MsgHdrs | undefined
  readonly stored: number
  readonly record?: Uint8Array
}

/** Commits of the log's end that are kept. */
const MAX_COMMITS = 1024

/** Bytes of the records that are kept. */
const MAX_BYTES = 4 * 1024 * 1024

type Written = { readonly attempt: string; readonly record: Uint8Array }

/**
 * The log's end as far as this process needn't ask for it: what it appended itself, once the tail has told of it. Followers that
 * are just behind the end, which they are nearly always, read it here, each commit once from memory rather than once each from a server.
 */
export class RecentCommits {
  /** Records on their way to the log, or whose notice is still to come, by the attempt that wrote them. */
  readonly #written = new Map<string, Uint8Array>()
  #writtenBytes = 0
  /** In order of position: every commit that the tail told of after `#after`. */
  readonly #commits: ToldCommit[] = []
  #after: number
  #bytes = 0

  /** `position`: up to which the tail tells of nothing. */
  constructor(position: number) {
    this.#after = position
  }

  /** Before it is published: the notice may come before the answer does. */
  write({ attempt, record }: Written) {
    if (this.#written.has(attempt)) return
    this.#written.set(attempt, record)
    this.#writtenBytes += record.length
    while (this.#written.size > MAX_COMMITS || this.#writtenBytes > MAX_BYTES) {
      const [oldest] = this.#written.keys()
      this.#take(oldest as string)
    }
  }

  /** Every commit, in order, by whomever. */
  told({ position, subject, headers, stored, record: read }: ToldCommit, attempt: string) {
    const record = this.#take(attempt) ?? read
    this.#commits.push({ position, subject, headers, stored, record })
    this.#bytes += record?.length ?? 0
    while (this.#commits.length > MAX_COMMITS || this.#bytes > MAX_BYTES) this.#forgetFirst()
  }

  /** Nothing of an account that is being erased is given from here. */
  forget(subjects: string) {
    for (const [index, commit] of this.#commits.entries()) {
      if (!commit.subject.startsWith(`${subjects}.`)) continue
      this.#bytes -= commit.record?.length ?? 0
      this.#commits[index] = { ...commit, record: undefined }
    }
  }

  /** The next commits up to the end that the tail told of; undefined where a server must be asked. */
  page({ subject, after, upTo, since, count }: PageRequest): CoveredPage | undefined {
    if (after < this.#after || since !== undefined || upTo !== undefined) return undefined
    const messages: LogMessage[] = []
    for (let index = this.#indexAfter(after); index < this.#commits.length; index++) {
      const commit = this.#commits[index] as ToldCommit
      if (!matches(subject, commit.subject)) continue
      const { record } = commit
      if (record === undefined) return messages.length > 0 ? partOf(messages) : undefined
      if (messages.length === count) return partOf(messages)
      messages.push({ ...commit, record })
    }
    return { messages, covered: true, proven: false }
  }

  #take(attempt: string): Uint8Array | undefined {
    const record = this.#written.get(attempt)
    this.#written.delete(attempt)
    this.#writtenBytes -= record?.length ?? 0
    return record
  }

  /** Followers are near the end. */
  #indexAfter(position: number): number {
    let index = this.#commits.length
    while (index > 0 && (this.#commits[index - 1] as ToldCommit).position > position) index--
    return index
  }

  #forgetFirst() {
    const first = this.#commits.shift() as ToldCommit
    this.#after = first.position
    this.#bytes -= first.record?.length ?? 0
  }
}

const partOf = (messages: readonly LogMessage[]): CoveredPage => ({
  messages,
  covered: false,
  proven: false,
})

import type { Msg, MsgHdrs } from '@nats-io/transport-node'
import { decodeCommit } from '../commit-record.ts'
import type { Notice } from '../port.ts'
import { type AllCommitsDeps, allCommits } from './all-commits.ts'
import { noticeOf, type Told, toldBy } from './envelope.ts'
import type { LogMessage } from './log-api.ts'

/** Commits read at a time where notices were lost. */
const FILL_BATCH = 500

export type Commit = {
  readonly position: number
  readonly subject: string
  readonly told: Told
  readonly notice: Notice
  readonly headers: MsgHdrs | undefined
  readonly stored: number
  /** Where it had to be read. */
  readonly record?: Uint8Array
}

type Deps = AllCommitsDeps & {
  /** Told of every commit, in order of position, once. */
  readonly onCommit: (commit: Commit) => void
  readonly onFault: (error: unknown) => void
}

/**
 * Every commit of the log as it comes, by the notices that the server publishes after it has stored them. Positions have no
 * gaps where nothing is lost, so a lost notice shows with the next one, or when the head is compared; then the commits themselves are read.
 */
export class Tail {
  readonly #deps: Deps
  /** Every commit up to here was told of. */
  #position: number
  #known: number
  #filling: Promise<void> | undefined

  constructor(deps: Deps, position: number) {
    this.#deps = deps
    this.#position = position
    this.#known = position
  }

  get position(): number {
    return this.#position
  }

  /** A message that the server has published again. */
  hear(message: Msg) {
    const position = Number(message.headers?.get('Nats-Sequence'))
    if (!Number.isSafeInteger(position) || position <= this.#known) return
    const isNext = !this.#filling && position === this.#position + 1
    const commit = isNext ? commitIn(message, position) : undefined
    if (commit) this.#tell(commit)
    else this.reach(position)
  }

  /** The log is known to have reached a position: what nobody told of is read. */
  reach(position: number) {
    this.#known = Math.max(this.#known, position)
    if (this.#position >= this.#known) return
    this.#filling ??= this.#fill()
      .catch(this.#deps.onFault)
      .finally(() => {
        this.#filling = undefined
      })
  }

  /** Resolves when nothing is being read. */
  async idle(): Promise<void> {
    await this.#filling
  }

  async #fill(): Promise<void> {
    while (this.#position < this.#known) {
      const gap = { after: this.#position, upTo: this.#known, count: FILL_BATCH }
      for await (const messages of allCommits(this.#deps, gap)) {
        for (const message of messages) this.#tell(commitOf(message))
      }
      // What was erased meanwhile is nowhere.
      this.#position = Math.max(this.#position, gap.upTo)
    }
  }

  #tell(commit: Commit) {
    this.#position = Math.max(this.#position, commit.position)
    this.#known = Math.max(this.#known, commit.position)
    this.#deps.onCommit(commit)
  }
}

/** Undefined: its collections stand in its record only. */
const commitIn = ({ headers }: Msg, position: number): Commit | undefined => {
  const subject = headers?.get('Nats-Subject') ?? ''
  const told = tellable(subject, headers)
  const notice = told && noticeOf(position, told)
  const stored = Date.parse(headers?.get('Nats-Time-Stamp') ?? '')
  return notice && { position, subject, told, notice, headers, stored }
}

/** A message that isn't a commit is met again when it is read, and is an error there. */
const tellable = (subject: string, headers: Msg['headers']): Told | undefined => {
  try {
    return toldBy(subject, headers)
  } catch {
    return undefined
  }
}

const commitOf = ({ position, subject, headers, record, stored }: LogMessage): Commit => {
  const told = toldBy(subject, headers)
  const notice = noticeOf(position, told) ?? noticeOf(position, { ...told, ...inRecord(position, record) })
  return { position, subject, told, notice: notice as Notice, headers, stored, record }
}

const inRecord = (position: number, record: Uint8Array) => {
  const { actor, traceparent, collections } = decodeCommit(position, record)
  return { device: actor.device, traceparent, collections }
}

import { randomUUID } from 'node:crypto'
import type { Stream } from '@relais/proto/common/v1/log.ts'
import { encodeCommit } from '../commit-record.ts'
import { type Appended, ConflictError, LogUnavailableError, type NewCommit } from '../port.ts'
import type { CommandIndex, Known } from './command-index.ts'
import { envelopeOf, headersOf } from './envelope.ts'
import type { LogApi } from './log-api.ts'
import { patiently, pause } from './patience.ts'
import type { RecentCommits } from './recent-commits.ts'
import type { StreamView } from './stream-view.ts'
import { subjectOf } from './subjects.ts'

/** Appends that wait take at most this much memory; beyond, new ones are refused. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

/** So often a publication that isn't answered is made again within the deadline. */
const TRIES = 5

type Deps = {
  readonly api: LogApi
  readonly commands: CommandIndex
  /** Never by `close`: what is under way is finished. */
  readonly closed: AbortSignal
  readonly view: StreamView
  readonly recent: Pick<RecentCommits, 'write'>
  readonly clock: () => number
  /** Milliseconds within which an append is answered, with an error at the latest. */
  readonly deadline: number
  /** Nobody takes the tenant's commits: its subjects may not be the stream's. */
  readonly admit: (stream: Stream) => Promise<void>
}

type Task = {
  readonly commit: NewCommit
  readonly subject: string
  readonly record: Uint8Array
  readonly attempt: string
  readonly asked: number
}

/**
 * Appends, one after the other in each stream, each on the condition that the stream's last commit is the one up to which the
 * command index is complete. The server checks that condition when it writes, so no command becomes two commits: not by several processes at once, not
 * by a publication that arrives hours late, and whatever any duplicate window says. The same condition is the chain by which readers notice
 * a lost commit.
 */
export class Appender {
  readonly #deps: Deps
  readonly #queues = new Map<string, Promise<unknown>>()
  #waitingBytes = 0
  #lastAnswer = 0

  constructor(deps: Deps) {
    this.#deps = deps
  }

  async append(commit: NewCommit): Promise<Appended> {
    const record = encodeCommit(commit)
    const task = {
      commit,
      record,
      subject: subjectOf(commit.stream),
      attempt: randomUUID(),
      asked: performance.now(),
    }
    if (this.#waitingBytes + record.length > MAX_WAITING_BYTES) {
      throw new LogUnavailableError('the event log has too many appends waiting')
    }
    this.#waitingBytes += record.length
    try {
      return await this.#inTurn(task.subject, () => this.#run(task))
    } finally {
      this.#waitingBytes -= record.length
    }
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#queues.size > 0) await Promise.all(this.#queues.values())
  }

  #inTurn<T>(subject: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#queues.get(subject) ?? Promise.resolve()).then(work)
    const turn = result
      .catch(() => undefined)
      .then(() => {
        if (this.#queues.get(subject) === turn) this.#queues.delete(subject)
      })
    this.#queues.set(subject, turn)
    return result
  }

  async #run(task: Task): Promise<Appended> {
    // While the server answers, those at the end of a long queue have time.
    const deadline = Math.max(task.asked, this.#lastAnswer) + this.#deps.deadline
    let reason = 'no time is left'
    let failures = 0
    while (performance.now() < deadline) {
      const tried = await this.#try(task, deadline)
      if ('appended' in tried) {
        this.#lastAnswer = performance.now()
        return tried.appended
      }
      reason = tried.reason
      if (tried.moved) failures = 0
      else await pause(++failures)
    }
    throw new LogUnavailableError(`the event log can't append: ${reason}`)
  }

  async #try(task: Task, deadline: number): Promise<Tried> {
    const { subject, commit } = task
    const { view } = this.#deps
    const head = await view.head(subject, deadline)
    const known = await this.#find(task, deadline)
    // Our own try may have been stored though its acknowledgement was lost.
    if (known) return done(known.position, known.attempt !== task.attempt)
    if ((commit.expected ?? head) === head) return await this.#publish(task, head, deadline)
    const now = await view.refresh(subject, deadline)
    if (now === head) throw new ConflictError(head)
    return { moved: true, reason: 'another process appends to the stream' }
  }

  async #find({ subject, commit }: Task, deadline: number): Promise<Known | undefined> {
    const { commands, closed } = this.#deps
    return await patiently(() => commands.find(subject, commit.commandId), {
      doing: 'append',
      deadline,
      closed,
    })
  }

  async #publish(task: Task, head: number, deadline: number): Promise<Tried> {
    const { commit, subject, record } = task
    const { api, view, recent, clock } = this.#deps
    const oneTry = this.#deps.deadline / TRIES
    const envelope = envelopeOf(commit, clock(), task.attempt)
    const timeout = Math.max(1, Math.min(oneTry, deadline - performance.now()))
    recent.write(task)
    const answer = await api.publish(subject, {
      headers: headersOf(envelope, subject, head),
      record,
      timeout,
    })
    if ('position' in answer) {
      view.appended(subject, commit.commandId, answer.position)
      return done(answer.position, false)
    }
    if ('nobody' in answer && answer.nobody) await this.#deps.admit(commit.stream)
    const now = await view.refresh(subject, deadline)
    return { moved: now !== head, reason: 'unknown' in answer ? answer.unknown : 'the stream is contended' }
  }
}

type Tried =
  | { readonly appended: Appended }
  /** `moved`: the stream has another head now, so it is worth trying at once. */
  | { readonly moved: boolean; readonly reason: string }

const done = (position: number, repeated: boolean): Tried => ({ appended: { position, repeated } })

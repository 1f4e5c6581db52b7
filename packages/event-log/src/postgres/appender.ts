import { encodeCommit } from '../commit-record.ts'
import {
  type Appended,
  COMMAND_RETENTION_MS,
  ConflictError,
  LogUnavailableError,
  type NewCommit,
} from '../port.ts'
import { errorOf } from './faults.ts'
import { APPENDED, CONFLICT, REPEATED } from './schema.ts'

/** Bounds of one transaction, so that the first of a group doesn't wait for thousands, nor other processes for this one. */
const MAX_GROUP = 256
const MAX_GROUP_BYTES = 4 * 1024 * 1024

/** Appends that wait take at most this much memory; beyond, new ones are refused until the server has caught up. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

type Waiting = {
  readonly commit: NewCommit
  readonly record: Uint8Array
  /** Of `performance.now()`. */
  readonly since: number
  resolve(appended: Appended): void
  reject(error: unknown): void
}

export type AppendRow = { readonly at: number; readonly outcome: number }

export type AppenderDeps = {
  /** Runs the statement, and again with a new connection where the outcome of the first is unknown, for so many milliseconds. */
  run(values: unknown[], forMs: number): Promise<AppendRow[]>
  /** Milliseconds for which an append is tried, from the moment that it was asked for. */
  readonly patienceMs: number
  readonly clock: () => number
  /** Told of the last position of each group that was appended. */
  appended(position: number): void
}

export const APPEND_SQL = 'SELECT at, outcome FROM append($1, $2, $3, $4, $5, $6, $7, $8, $9)'

/**
 * One transaction at a time; whatever arrives while it is synced goes into the next one. A group whose outcome isn't known is sent
 * again: its command ids tell what was done.
 */
export class Appender {
  readonly #deps: AppenderDeps
  readonly #queue: Waiting[] = []
  #waitingBytes = 0
  #draining: Promise<void> | undefined

  constructor(deps: AppenderDeps) {
    this.#deps = deps
  }

  append(commit: NewCommit): Promise<Appended> {
    const record = encodeCommit(commit)
    const bytes = this.#waitingBytes + record.length
    if (bytes > MAX_WAITING_BYTES) throw new LogUnavailableError('the event log has too many appends waiting')
    this.#waitingBytes = bytes
    const { promise, resolve, reject } = Promise.withResolvers<Appended>()
    this.#queue.push({ commit, record, since: performance.now(), resolve, reject })
    this.#draining ??= this.#drain()
    return promise
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#draining
  }

  async #drain(): Promise<void> {
    // Appends of the same turn belong together.
    await Promise.resolve()
    while (this.#queue.length > 0) await this.#write(this.#take())
    this.#draining = undefined
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    try {
      const waited = performance.now() - group[0]!.since
      const rows = await this.#deps.run(valuesOf(group, this.#deps.clock()), this.#deps.patienceMs - waited)
      this.#deps.appended(Math.max(0, ...rows.filter(isAppended).map(({ at }) => at)))
      for (const [i, waiting] of group.entries()) settle(waiting, rows[i]!)
    } catch (error) {
      const told = errorOf('append', error)
      for (const { reject } of group) reject(told)
    }
  }

  #take(): Waiting[] {
    let bytes = 0
    let count = 0
    while (count < this.#queue.length && count < MAX_GROUP && bytes < MAX_GROUP_BYTES)
      bytes += this.#queue[count++]!.record.length
    this.#waitingBytes -= bytes
    return this.#queue.splice(0, count)
  }
}

const isAppended = ({ outcome }: AppendRow) => outcome === APPENDED

const settle = ({ resolve, reject }: Waiting, { at, outcome }: AppendRow) => {
  if (outcome === CONFLICT) reject(new ConflictError(at))
  else resolve({ position: at, repeated: outcome === REPEATED })
}

const valuesOf = (group: readonly Waiting[], now: number): unknown[] => [
  group.map(({ commit }) => commit.stream.tenant),
  group.map(({ commit }) => commit.stream.account),
  group.map(({ commit }) => commit.stream.service),
  group.map(({ commit }) => commit.commandId),
  group.map(({ commit }) => commit.expected ?? null),
  group.map(({ record }) => record.length),
  Buffer.concat(group.map(({ record }) => record)),
  now,
  now - COMMAND_RETENTION_MS,
]

import type { StoredCommit } from '@relais/event-log'
import { RelaisError } from '@relais/service-kit/errors.ts'
import { ProjectionFailedError, StreamGapError } from '../errors.ts'
import type { ReadModel, Writer } from '../port.ts'
import type { Database } from './database.ts'
import { StreamPositions } from './stream-positions.ts'

/** A transaction ends after this long, so that other work gets its turn. */
const CHUNK_MS = 10

const MAX_SKIPPED = 1024

const WRITE_CHECKPOINT = 'UPDATE relais_checkpoint SET position = ?, command_id = ?'

export type ProjectionOptions = {
  readonly database: Database
  readonly model: ReadModel
  /** Of the rows that are there. */
  readonly checkpoint: number
  /** One found before. */
  readonly gap: StreamGapError | undefined
  readonly onGap: (gap: StreamGapError) => void
}

/** Turns commits into rows, a transaction for as many as fit {@link CHUNK_MS}; rows, stream positions and checkpoint together. */
export class Projection {
  readonly #database: Database
  readonly #model: ReadModel
  readonly #onGap: (gap: StreamGapError) => void
  readonly #positions = new StreamPositions()
  /** Positions of commits that weren't projected since their stream stands still; the latest ones. */
  readonly #skipped = new Set<number>()
  #gaps: StreamGapError[] = []
  #passed: number[] = []
  #checkpoint: number
  #gap: StreamGapError | undefined

  constructor({ database, model, checkpoint, gap, onGap }: ProjectionOptions) {
    this.#database = database
    this.#model = model
    this.#checkpoint = checkpoint
    this.#gap = gap
    this.#onGap = onGap
  }

  get checkpoint(): number {
    return this.#checkpoint
  }

  /** The first gap found. */
  get gap(): StreamGapError | undefined {
    return this.#gap
  }

  wasSkipped(position: number): boolean {
    return this.#skipped.has(position)
  }

  /**
   * Projects commits from an index on until the time is up; returns the index of the first one left.
   * Errors: {@link ProjectionFailedError} (all commits before that one are projected), STORE_FULL, STORE_UNAVAILABLE.
   */
  async project(commits: readonly StoredCommit[], from: number): Promise<number> {
    try {
      return await this.#transact(commits, from, commits.length)
    } catch (error) {
      if (error instanceof ProjectionFailedError) await this.#projectBefore(commits, from, error.position)
      throw error
    }
  }

  async #projectBefore(commits: readonly StoredCommit[], from: number, position: number): Promise<void> {
    const end = commits.findIndex((commit) => commit.position === position)
    let at = from
    while (at < end) at = await this.#transact(commits, at, end)
  }

  async #transact(commits: readonly StoredCommit[], from: number, end: number): Promise<number> {
    this.#gaps = []
    this.#passed = []
    try {
      const next = await this.#database.transaction((writer) => this.#chunk(writer, commits, from, end))
      this.#committed(commits[next - 1]!)
      return next
    } catch (error) {
      this.#positions.rolledBack()
      throw error
    }
  }

  async #chunk(writer: Writer, commits: readonly StoredCommit[], from: number, end: number): Promise<number> {
    const until = performance.now() + CHUNK_MS
    let at = from
    do {
      await this.#one(writer, commits[at]!)
      at += 1
    } while (at < end && performance.now() < until)
    await this.#positions.write(writer)
    const last = commits[at - 1]!
    if (last.position > this.#checkpoint) await writer.run(WRITE_CHECKPOINT, last.position, last.commandId)
    return at
  }

  async #one(writer: Writer, commit: StoredCommit): Promise<void> {
    if (commit.position <= this.#checkpoint) return
    const { position, stopped } = await this.#positions.of(writer, commit.stream)
    if (stopped > 0) {
      this.#passed.push(commit.position)
    } else if (commit.expected !== undefined && commit.expected !== position) {
      this.#gaps.push(new StreamGapError(commit.stream, commit.position, position))
      this.#passed.push(commit.position)
      this.#positions.set(commit.stream, { position, stopped: commit.position })
    } else {
      await this.#rows(writer, commit)
      this.#positions.set(commit.stream, { position: commit.position, stopped: 0 })
    }
  }

  async #rows(writer: Writer, commit: StoredCommit): Promise<void> {
    try {
      await this.#model.project(writer, commit)
    } catch (error) {
      if (error instanceof RelaisError && error.code.startsWith('STORE_')) throw error
      throw new ProjectionFailedError(this.#model.name, commit.position, error)
    }
  }

  #committed(last: StoredCommit): void {
    this.#positions.committed()
    this.#checkpoint = Math.max(this.#checkpoint, last.position)
    for (const position of this.#passed) this.#skip(position)
    this.#gap ??= this.#gaps[0]
    for (const gap of this.#gaps) this.#onGap(gap)
  }

  #skip(position: number): void {
    if (this.#skipped.size >= MAX_SKIPPED) this.#skipped.delete(this.#skipped.keys().next().value!)
    this.#skipped.add(position)
  }
}

import type { StoredCommit } from '@relais/event-log'
import { RelaisError } from '@relais/service-kit/errors.ts'
import { LateWriteError, ProjectionFailedError, projectorReplaced, StreamGapError } from '../errors.ts'
import type { ReadModel, Writer } from '../port.ts'
import { Lanes } from './lanes.ts'
import { StreamPositions } from './stream-positions.ts'
import { Sums } from './sums.ts'

const MAX_SKIPPED = 1024

const READ_CHECKPOINT = 'SELECT position FROM relais_checkpoint'

const WRITE_CHECKPOINT = 'UPDATE relais_checkpoint SET position = ?, command_id = ? WHERE position = ?'

const RAISE_CHECKPOINT = 'UPDATE relais_checkpoint SET position = ? WHERE position < ?'

export type AddCommit = (commit: StoredCommit) => Promise<void>

export type Transactions = {
  /** As many commits of different accounts are worth having under way at once; 1: none beside another. */
  readonly sideBySide: number
  /** `careful`: no write waits to be sent later, so that an error shows at the commit that makes it. */
  transaction<T>(write: (writer: Writer) => Promise<T>, options?: { readonly careful?: boolean }): Promise<T>
}

type Mode = {
  readonly writer: Writer
  /** No write waits, so that an error shows at the commit that makes it. */
  readonly careful: boolean
}

type Batch = Mode & { readonly sums: Sums }

export type ProjectionOptions = {
  readonly database: Transactions
  readonly model: ReadModel
  /** Of the rows that are there. */
  readonly checkpoint: number
  /** One found before. */
  readonly gap: StreamGapError | undefined
  readonly onGap: (gap: StreamGapError) => void
}

/** Turns commits into rows; rows, stream positions and checkpoint change in one transaction. */
export class Projection {
  readonly #database: Transactions
  readonly #model: ReadModel
  readonly #onGap: (gap: StreamGapError) => void
  readonly #positions = new StreamPositions()
  /** Positions of commits that weren't projected since their stream stands still; the latest ones. */
  readonly #skipped = new Set<number>()
  #gaps: StreamGapError[] = []
  #passed: number[] = []
  #last: StoredCommit | undefined
  #seen = 0
  #checkpoint: number
  /** Up to here a write was refused that had been sent late. */
  #carefulUntil = 0
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
   * A transaction of all commits that `work` adds, in order of position; ones that are projected already are ignored.
   * Errors: {@link ProjectionFailedError}, STORE_FULL, STORE_UNAVAILABLE, PROJECTOR_REPLACED, {@link LateWriteError}; then
   * none of them is projected. After the last one whose commit it was will show when they are added again.
   */
  async transaction(work: (add: AddCommit) => Promise<void>): Promise<void> {
    this.#forget()
    try {
      const careful = this.#checkpoint < this.#carefulUntil
      await this.#database.transaction((writer) => this.#write({ writer, careful }, work), { careful })
    } catch (error) {
      this.#positions.rolledBack()
      if (error instanceof LateWriteError) this.#carefulUntil = this.#seen
      throw error
    }
    this.#committed()
  }

  /** Says that the rows stand for a later position too, for nothing is in the log between. */
  async raise(position: number): Promise<void> {
    await this.#database.transaction((writer) => writer.run(RAISE_CHECKPOINT, position, position))
    this.#checkpoint = Math.max(this.#checkpoint, position)
  }

  async #write({ writer, careful }: Mode, work: (add: AddCommit) => Promise<void>): Promise<void> {
    const batch = { writer, careful, sums: new Sums(writer) }
    const lanes = new Lanes(this.#model.accountsApart ? this.#database.sideBySide : 1)
    await work((commit) => this.#add(batch, commit, lanes))
    await lanes.idle()
    if (!this.#last) return
    await writeSums(batch.sums)
    await this.#positions.write(writer)
    const { position, commandId } = this.#last
    if ((await writer.run(WRITE_CHECKPOINT, position, commandId, this.#checkpoint)) === 1) return
    const found = await writer.get<{ position: number }>(READ_CHECKPOINT)
    throw projectorReplaced(this.#checkpoint, found?.position)
  }

  async #add(batch: Batch, commit: StoredCommit, lanes: Lanes): Promise<void> {
    if (commit.position <= Math.max(this.#seen, this.#checkpoint)) return
    this.#seen = commit.position
    const { tenant, account } = commit.stream
    await lanes.take(`${tenant}\0${account}`, () => this.#one(batch, commit))
    this.#last = commit
  }

  async #one(batch: Batch, commit: StoredCommit): Promise<void> {
    const { position, stopped } = await this.#positions.of(batch.writer, commit.stream)
    if (stopped > 0) {
      this.#passed.push(commit.position)
    } else if (commit.expected !== undefined && commit.expected !== position) {
      this.#gaps.push(new StreamGapError(commit.stream, commit.position, position))
      this.#passed.push(commit.position)
      this.#positions.set(commit.stream, { position, stopped: commit.position })
    } else {
      await this.#rows(batch, commit)
      this.#positions.set(commit.stream, { position: commit.position, stopped: 0 })
    }
  }

  async #rows({ writer, careful, sums }: Batch, commit: StoredCommit): Promise<void> {
    try {
      await this.#model.project(writer, commit, sums)
      if (careful) await sums.settleAll()
    } catch (error) {
      if (error instanceof LateWriteError || isOfTheStore(error)) throw error
      throw new ProjectionFailedError(this.#model.name, commit.position, error)
    }
  }

  #committed(): void {
    this.#positions.committed()
    this.#checkpoint = this.#last?.position ?? this.#checkpoint
    for (const position of this.#passed) this.#skip(position)
    this.#gap ??= this.#gaps[0]
    for (const gap of this.#gaps) this.#onGap(gap)
  }

  #forget(): void {
    this.#gaps = []
    this.#passed = []
    this.#last = undefined
    this.#seen = 0
  }

  #skip(position: number): void {
    if (this.#skipped.size >= MAX_SKIPPED) this.#skipped.delete(this.#skipped.keys().next().value!)
    this.#skipped.add(position)
  }
}

const isOfTheStore = (error: unknown): boolean =>
  error instanceof RelaisError && error.code.startsWith('STORE_')

/** Whose commit's a sum is that the store refuses isn't known. */
const writeSums = async (sums: Sums): Promise<void> => {
  try {
    await sums.settleAll()
  } catch (error) {
    throw error instanceof LateWriteError || isOfTheStore(error) ? error : new LateWriteError(error)
  }
}

import type { CommitFilter, EventLog } from '@relais/event-log'
import type { StreamGapError } from '../errors.ts'
import type { ReadModel } from '../port.ts'
import { Follower } from '../projecting/follower.ts'
import { Projection } from '../projecting/projection.ts'
import { fingerprintOf } from '../projecting/statements.ts'
import { readGap, STREAM_TABLE } from '../projecting/stream-positions.ts'
import { Database } from './database.ts'
import type { GenerationFile } from './generations.ts'

export type GenerationOptions = {
  readonly log: EventLog
  readonly filter: CommitFilter
  readonly model: ReadModel
  readonly walLimit: number | undefined
  readonly onAlarm: (error: Error) => void
}

const LONG_TRANSACTION_MS = 60

type Meta = { readonly value: string }
type Checkpoint = { readonly position: number; readonly command_id: string }

const READ_META = 'SELECT value FROM relais_meta WHERE key = ?'
const WRITE_META =
  'INSERT INTO relais_meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'
const READ_CHECKPOINT = 'SELECT position, command_id FROM relais_checkpoint'

const makeTables = (database: Database, model: ReadModel): Promise<void> =>
  database.transaction(async (writer) => {
    if (await writer.get(READ_META, 'fingerprint')) return
    for (const statement of [STREAM_TABLE, ...model.schema]) await writer.run(statement)
    await writer.run(WRITE_META, 'fingerprint', fingerprintOf(model))
  })

type Opened = {
  readonly file: GenerationFile
  readonly database: Database
  readonly options: GenerationOptions
  readonly at: Checkpoint
  readonly gap: StreamGapError | undefined
}

/** One building of a read model: its file, and what keeps its rows at the log's end once started. */
export class Generation {
  readonly file: GenerationFile
  readonly database: Database
  readonly #options: GenerationOptions
  readonly #commandId: string
  readonly projection: Projection
  #follower: Follower | undefined
  #indexed: Promise<void> | undefined

  private constructor({ file, database, options, at, gap }: Opened) {
    this.file = file
    this.database = database
    this.#options = options
    this.#commandId = at.command_id
    const { model, onAlarm } = options
    this.projection = new Projection({
      database: { sideBySide: 1, transaction: (write) => database.transaction(write) },
      model,
      checkpoint: at.position,
      gap,
      onGap: onAlarm,
    })
  }

  /** Opens or makes the file. Errors: STORE_DAMAGED, STORE_FULL, STORE_UNAVAILABLE. */
  static async open(file: GenerationFile, options: GenerationOptions): Promise<Generation> {
    const { walLimit, onAlarm, model } = options
    const database = new Database({ path: file.path, durable: false, walLimit, onFault: onAlarm })
    try {
      await makeTables(database, model)
      const at = (await database.get<Checkpoint>(READ_CHECKPOINT))!
      const gap = await readGap(database)
      if (gap) onAlarm(gap)
      return new Generation({ file, database, options, at, gap })
    } catch (error) {
      await database.close()
      throw error
    }
  }

  get checkpoint(): number {
    return this.projection.checkpoint
  }

  get follower(): Follower | undefined {
    return this.#follower
  }

  /** Why it stands still, wholly or in one stream. */
  get fault(): Error | undefined {
    return this.#follower?.fault ?? this.projection.gap
  }

  /** True if the rows were once built up to the log's end. */
  async isReady(): Promise<boolean> {
    return (await this.database.get<Meta>(READ_META, 'ready')) !== undefined
  }

  /** True if its tables are those of the model as it is now. */
  async fits(): Promise<boolean> {
    const found = await this.database.get<Meta>(READ_META, 'fingerprint')
    return found?.value === fingerprintOf(this.#options.model)
  }

  /** False if the log doesn't have the last commit of these rows: it was restored from before, or that commit purged. */
  async isOfThisLog(): Promise<boolean> {
    if (this.checkpoint === 0) return true
    const { log, filter } = this.#options
    for await (const [commit] of log.read(filter, this.checkpoint - 1, { batch: 1 })) {
      return commit?.position === this.checkpoint && commit.commandId === this.#commandId
    }
    return false
  }

  /** Makes the indexes that only readers need; building rows without them is faster. */
  index(): Promise<void> {
    const { readingIndexes } = this.#options.model
    this.#indexed ??= readingIndexes ? this.database.writeAside(readingIndexes) : Promise.resolve()
    return this.#indexed
  }

  /** Says, durably, that the rows are complete. */
  async markReady(): Promise<void> {
    if (await this.isReady()) return
    await this.index()
    await this.database.transaction((writer) => writer.run(WRITE_META, 'ready', '1'))
    await this.database.checkpoint()
    await this.database.shrink()
  }

  follow(onProjected: () => void): Follower {
    const { log, filter, onAlarm } = this.#options
    const { projection } = this
    this.#follower = new Follower({
      ...{ log, filter, projection, onProjected, onFault: onAlarm },
      longTransactionMs: LONG_TRANSACTION_MS,
    })
    return this.#follower
  }

  async close(): Promise<void> {
    await this.#follower?.stop()
    await this.database.close()
  }
}

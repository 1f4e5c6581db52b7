import type { CommitFilter, EventLog } from '@relais/event-log'
import type { StreamGapError } from '../errors.ts'
import { projectorReplaced } from '../errors.ts'
import type { ReadModel, Writer } from '../port.ts'
import { Follower } from '../projecting/follower.ts'
import { Projection } from '../projecting/projection.ts'
import { fingerprintOf, statementsOf } from '../projecting/statements.ts'
import { readGap, STREAM_TABLE } from '../projecting/stream-positions.ts'
import type { PostgresConnection } from './connection.ts'
import { Growth } from './growth.ts'
import { quoted } from './identifier.ts'
import { addGeneration, type GenerationEntry, markReady, schemaOf } from './registry.ts'
import type { Session } from './session.ts'
import { translateDefinition } from './translate.ts'
import { WriteSession } from './write-session.ts'

export type GenerationOptions = {
  readonly connection: PostgresConnection
  readonly log: EventLog
  readonly filter: CommitFilter
  readonly model: ReadModel
  readonly onAlarm: (error: Error) => void
  /** On which other processes hear of new rows. */
  readonly channel: string
}

type Checkpoint = { readonly position: number; readonly command_id: string }

const LONG_TRANSACTION_MS = 250

/** Reads of so many commits go to the server together. */
const SIDE_BY_SIDE = 64

const READ_CHECKPOINT = 'SELECT position, command_id FROM relais_checkpoint'

const TABLES =
  "SELECT string_agg(format('%I', tablename), ', ') AS tables FROM pg_tables WHERE schemaname = current_schema()"

const OWN_TABLES = [
  'CREATE TABLE relais_checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, command_id TEXT NOT NULL)',
  "INSERT INTO relais_checkpoint VALUES (1, 0, '')",
  STREAM_TABLE,
]

/** A new generation's schema and tables, all or nothing. */
export const makeGeneration = async (
  entry: GenerationEntry,
  { connection, model }: GenerationOptions,
): Promise<void> => {
  const schema = schemaOf(entry)
  const writing = await WriteSession.open({ connection, schema })
  try {
    // What a process that died has left of it has never been said to be there.
    const begin = `DROP SCHEMA IF EXISTS ${quoted(schema)} CASCADE; CREATE SCHEMA ${quoted(schema)}`
    await writing.transaction({ begin }, async (writer) => {
      for (const statement of [...OWN_TABLES, ...statementsOf(model)])
        await writer.run(translateDefinition(statement))
      await addGeneration(writing.session, entry)
    })
  } finally {
    await writing.session.close()
  }
}

type Opened = {
  readonly entry: GenerationEntry
  readonly writing: WriteSession
  readonly options: GenerationOptions
  readonly at: Checkpoint
  readonly gap: StreamGapError | undefined
}

/** One building of a read model as its projector sees it: what keeps its rows at the log's end once started. */
export class Generation {
  readonly entry: GenerationEntry
  readonly projection: Projection
  readonly #writing: WriteSession
  readonly #growth: Growth
  readonly #options: GenerationOptions
  readonly #commandId: string
  #follower: Follower | undefined

  private constructor({ entry, writing, options, at, gap }: Opened) {
    this.entry = entry
    this.#writing = writing
    this.#options = options
    this.#commandId = at.command_id
    const { model, onAlarm } = options
    this.#growth = new Growth(writing, onAlarm)
    const database = { sideBySide: SIDE_BY_SIDE, transaction: this.#transaction.bind(this) }
    this.projection = new Projection({ database, model, checkpoint: at.position, gap, onGap: onAlarm })
  }

  static async open(entry: GenerationEntry, options: GenerationOptions): Promise<Generation> {
    const { connection, onAlarm } = options
    const writing = await WriteSession.open({ connection, schema: schemaOf(entry) })
    try {
      return await writing.transaction({ begin: 'SELECT 1' }, async (writer) => {
        const at = (await writer.get<Checkpoint>(READ_CHECKPOINT))!
        const gap = await readGap(writer)
        if (gap) onAlarm(gap)
        return new Generation({ entry, writing, options, at, gap })
      })
    } catch (error) {
      await writing.session.close()
      throw error
    }
  }

  get session(): Session {
    return this.#writing.session
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

  /** True if its tables are those of the model as it is now. */
  get fits(): boolean {
    return this.entry.fingerprint === fingerprintOf(this.#options.model)
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

  /** Makes statistics: plans are made with them. */
  async analyze(): Promise<void> {
    const [found] = await this.session.exec<{ tables: string }>(TABLES)
    await this.session.exec(`ANALYZE ${found?.tables}`)
  }

  /** Says that the rows are complete, to all processes. */
  async markReady(): Promise<void> {
    await markReady(this.session, this.entry)
    await this.session.exec(this.#notification())
  }

  follow(onProjected: () => void): Follower {
    const { log, filter, onAlarm } = this.#options
    const { projection } = this
    this.#follower = new Follower({
      ...{ log, filter, projection, onFault: onAlarm },
      onProjected: () => {
        this.#growth.wrote()
        onProjected()
      },
      longTransactionMs: LONG_TRANSACTION_MS,
    })
    return this.#follower
  }

  async close(): Promise<void> {
    await this.#follower?.stop()
    await this.#growth.close()
    await this.session.close()
  }

  // The row of the checkpoint is locked first: of two processes that both believe to be elected one waits here, then sees
  // that the other has gone on, and gives up before it has written anything.
  #transaction<T>(
    write: (writer: Writer) => Promise<T>,
    options?: { readonly careful?: boolean },
  ): Promise<T> {
    const check = ([row]: readonly unknown[]) => {
      const found = (row as Checkpoint | undefined)?.position
      if (found !== this.checkpoint) throw projectorReplaced(this.checkpoint, found)
    }
    const begin = `${READ_CHECKPOINT} FOR UPDATE`
    const apart = this.#options.model.accountsApart ?? false
    return this.#writing.transaction({ begin, check, apart, ...options, end: this.#notification() }, write)
  }

  #notification(): string {
    const { channel } = this.#options
    return `SELECT pg_notify('${channel}', '${this.entry.number} ' || position) FROM relais_checkpoint;`
  }
}

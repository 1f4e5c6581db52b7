import { RelaisError } from '@relais/service-kit/errors.ts'
import { storeClosed, transactionOver } from '../errors.ts'
import type { Reader, SqlValue } from '../port.ts'
import type { PostgresConnection } from './connection.ts'
import { unavailable } from './faults.ts'
import { areWorthwhile, type GatheredTexts, readAll } from './gathered-reads.ts'
import { Session } from './session.ts'
import { translate } from './translate.ts'

export type ReadersOptions = {
  readonly connection: PostgresConnection
  readonly schema: string
  /** Connections at most. */
  readonly most: number
  /** Answers with the position that a snapshot stands for. */
  readonly checkpointSql: string
}

const WAIT_MS = 10_000
const ANSWER_MS = 20_000

type Read = {
  readonly params: readonly SqlValue[]
  readonly resolve: (rows: unknown[]) => void
  readonly reject: (error: unknown) => void
}

type Turn = { readonly resolve: (session: Session) => void; readonly reject: (error: Error) => void }

class SnapshotReader implements Reader {
  readonly dialect = 'postgresql'
  readonly #session: Session
  #open = true

  constructor(session: Session) {
    this.#session = session
  }

  async get<Row>(sql: string, ...params: SqlValue[]): Promise<Row | undefined> {
    return (await this.all<Row>(sql, ...params))[0]
  }

  async all<Row>(sql: string, ...params: SqlValue[]): Promise<Row[]> {
    if (!this.#open) throw transactionOver()
    return (await this.#session.query<Row>(translate(sql), params)).rows
  }

  end(): void {
    this.#open = false
  }
}

/** A few connections that read one schema, made when they are needed. */
export class Readers {
  readonly #options: ReadersOptions
  readonly #idle: Session[] = []
  readonly #waiting: Turn[] = []
  /** By text, of this turn of the event loop. */
  readonly #asked = new Map<string, Read[]>()
  readonly #texts: GatheredTexts = new Map()
  #made = 0
  #closed: Promise<void> | undefined
  #drained = () => {}

  constructor(options: ReadersOptions) {
    this.#options = options
  }

  async get<Row>(sql: string, ...params: SqlValue[]): Promise<Row | undefined> {
    return (await this.all<Row>(sql, ...params))[0]
  }

  /** Reads of one turn of the event loop and one text go to the server together. */
  all<Row>(sql: string, ...params: SqlValue[]): Promise<Row[]> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown[]>()
    if (this.#asked.size === 0) setImmediate(() => this.#sendAsked())
    const reads = this.#asked.get(sql)
    if (reads) reads.push({ params, resolve, reject })
    else this.#asked.set(sql, [{ params, resolve, reject }])
    return promise as Promise<Row[]>
  }

  /** Reads that all see one moment. */
  snapshot<T>(read: (reader: Reader, checkpoint: number) => Promise<T>): Promise<T> {
    return this.#use(async (session) => {
      const [found] = await session.exec<{ position: number }>(
        `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${this.#options.checkpointSql}`,
      )
      const reader = new SnapshotReader(session)
      try {
        return await read(reader, found?.position ?? 0)
      } finally {
        reader.end()
        // Sent before anything else on this connection; a connection that can't is lost, which the next user sees.
        session.exec('ROLLBACK').catch(() => session.destroy())
      }
    })
  }

  /** Lets those who read finish; nobody else may begin. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    for (const { reject } of this.#waiting.splice(0)) reject(storeClosed())
    const drained = new Promise<void>((resolve) => {
      this.#drained = resolve
    })
    await Promise.all(this.#idle.splice(0).map((session) => this.#end(session)))
    if (this.#made > 0) await drained
  }

  #sendAsked(): void {
    const asked = [...this.#asked]
    this.#asked.clear()
    for (const [sql, reads] of asked) {
      if (areWorthwhile({ sql, asked: reads.map(({ params }) => params) })) void this.#answerAll(sql, reads)
      else for (const read of reads) void this.#answer(sql, read)
    }
  }

  async #answer(sql: string, { params, resolve, reject }: Read): Promise<void> {
    await this.#use((session) => session.query(translate(sql), params)).then(
      ({ rows }) => resolve(rows),
      reject,
    )
  }

  /** What is refused may be the fault of one of them: then each is asked by itself. */
  async #answerAll(sql: string, reads: readonly Read[]): Promise<void> {
    try {
      const asked = reads.map(({ params }) => params)
      const answers = await this.#use((session) => readAll(session, this.#texts, { sql, asked }))
      for (const [at, { resolve }] of reads.entries()) resolve(answers[at]!)
    } catch (error) {
      if (error instanceof RelaisError) for (const { reject } of reads) reject(error)
      else for (const read of reads) void this.#answer(sql, read)
    }
  }

  async #use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#acquire()
    try {
      return await work(session)
    } finally {
      await this.#release(session)
    }
  }

  async #acquire(): Promise<Session> {
    if (this.#closed) throw storeClosed()
    for (let session = this.#idle.pop(); session; session = this.#idle.pop()) {
      if (!session.loss) return session
      this.#made -= 1
    }
    return this.#made < this.#options.most ? this.#open() : this.#wait()
  }

  async #open(): Promise<Session> {
    this.#made += 1
    try {
      const { connection, schema } = this.#options
      return await Session.open({ connection, schema, answerMs: ANSWER_MS })
    } catch (error) {
      this.#gone()
      throw error
    }
  }

  #wait(): Promise<Session> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1)
        reject(unavailable('all connections are in use'))
      }, WAIT_MS)
      const turn: Turn = {
        resolve: (session) => {
          clearTimeout(timer)
          resolve(session)
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      this.#waiting.push(turn)
    })
  }

  async #release(session: Session): Promise<void> {
    if (this.#closed || session.loss) return this.#end(session)
    const next = this.#waiting.shift()
    if (next) next.resolve(session)
    else this.#idle.push(session)
  }

  async #end(session: Session): Promise<void> {
    await session.close()
    this.#gone()
  }

  /** One connection fewer: who waits for one may make another. */
  #gone(): void {
    this.#made -= 1
    if (this.#closed && this.#made === 0) this.#drained()
    const next = this.#closed ? undefined : this.#waiting.shift()
    if (next) this.#open().then(next.resolve, next.reject)
  }
}

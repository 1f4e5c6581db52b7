import { Socket } from 'node:net'
import { Client, type Notification, type QueryResult } from 'pg'
import type { SqlValue } from '../port.ts'
import type { PostgresConnection } from './connection.ts'
import { storeFault, unavailable } from './faults.ts'
import { quoted } from './identifier.ts'
import { columnTypes, parametersOf } from './values.ts'

/** As many texts are prepared in a session; more are parsed each time. */
const MAX_PREPARED = 1000

const CONNECT_MS = 5000

export type SessionOptions = {
  readonly connection: PostgresConnection
  /** In which names without a schema are looked up; default: none. */
  readonly schema?: string
  readonly settings?: Readonly<Record<string, string>>
  /** A statement that isn't answered for so long ends the session: its server is gone, or stands still. */
  readonly answerMs?: number
}

export type Answer<Row> = { readonly rows: Row[]; readonly count: number }

/** Found out in seconds: a server or client whose machine is gone. */
const KEEPALIVE: Readonly<Record<string, string>> = {
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '2',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '10s',
}

/** A connection whose statements are sent without waiting for the answers of those before, and answered in their order. */
export class Session {
  readonly #client: Client
  readonly #socket: Socket
  readonly #names = new Map<string, string>()
  readonly #lost = Promise.withResolvers<Error>()
  #loss: Error | undefined

  private constructor(client: Client, socket: Socket) {
    this.#client = client
    this.#socket = socket
    client.on('error', (error) => this.#lose(error))
    client.on('end', () => this.#lose(unavailable('the connection has ended')))
  }

  /** Connects to the first host that takes writes. Errors: STORE_UNAVAILABLE. */
  static async open(options: SessionOptions): Promise<Session> {
    const { host, port, others = [] } = options.connection
    let reason: unknown
    for (const place of [{ host, port }, ...others]) {
      try {
        return await Session.#openAt(place, options)
      } catch (error) {
        reason = error
      }
    }
    throw storeFault(reason)
  }

  static async #openAt(
    place: { readonly host: string; readonly port: number },
    { connection, schema, settings, answerMs = 30_000 }: SessionOptions,
  ): Promise<Session> {
    const { user, password, database, ssl } = connection
    const socket = new Socket()
    const client = new Client({
      stream: () => socket,
      ...{ ...place, user, password, database, ...(ssl && { ssl }) },
      ...{ types: columnTypes, pipeline: true, keepAlive: true, connectionTimeoutMillis: CONNECT_MS },
      query_timeout: answerMs,
    })
    const session = new Session(client, socket)
    try {
      await client.connect()
      const search = { search_path: quoted(schema ?? '') }
      await session.exec(settingsText({ ...KEEPALIVE, ...search, ...settings }))
      const [found] = await session.exec<{ standby: number }>('SELECT pg_is_in_recovery() AS standby')
      if (found?.standby !== 0) throw unavailable('a standby takes no writes')
      return session
    } catch (error) {
      session.destroy()
      throw error
    }
  }

  /** Why it is of no use any more; undefined while it is. */
  get loss(): Error | undefined {
    return this.#loss
  }

  /** Resolves when the connection is lost, with the reason. */
  get lost(): Promise<Error> {
    return this.#lost.promise
  }

  /** One statement with `$1`, `$2`, ..., prepared once per text. */
  async query<Row>(text: string, params: readonly SqlValue[] = []): Promise<Answer<Row>> {
    return this.#ask<Row>({ text, name: this.#nameOf(text), values: parametersOf(params) })
  }

  /** One statement whose parameters are arrays, one for each `$n`. */
  async queryArrays<Row>(text: string, columns: readonly (readonly SqlValue[])[]): Promise<Row[]> {
    return (await this.#ask<Row>({ text, name: this.#nameOf(text), values: columns.map(parametersOf) })).rows
  }

  /** Statements without parameters, not prepared; answers with the rows of the last that has some. */
  async exec<Row>(text: string): Promise<Row[]> {
    try {
      this.#gather()
      const result: QueryResult | QueryResult[] = await this.#client.query(text)
      const results = Array.isArray(result) ? result : [result]
      this.#checkCommit(text, results)
      return (results.findLast(({ fields }) => fields.length > 0)?.rows ?? []) as Row[]
    } catch (error) {
      throw storeFault(error)
    }
  }

  onNotification(listener: (notification: Notification) => void): void {
    this.#client.on('notification', listener)
  }

  /** Lets what was sent be answered. */
  async close(): Promise<void> {
    if (this.#loss) return
    await this.#client.end().catch(() => {})
  }

  destroy(): void {
    this.#lose(unavailable('the connection was given up'))
    this.#socket.destroy()
  }

  // A transaction in which something failed is rolled back by COMMIT, which is no error to PostgreSQL.
  #checkCommit(text: string, results: readonly QueryResult[]): void {
    if (text.endsWith('COMMIT') && results.at(-1)?.command !== 'COMMIT') {
      throw unavailable('something had failed in the transaction before')
    }
  }

  async #ask<Row>(query: {
    text: string
    name: string | undefined
    values: unknown[]
  }): Promise<Answer<Row>> {
    try {
      this.#gather()
      const { rows, rowCount } = await this.#client.query(query as { text: string })
      return { rows: rows as Row[], count: rowCount ?? 0 }
    } catch (error) {
      throw storeFault(error)
    }
  }

  /** What is asked in one turn of the event loop, by however many requests whose bytes have come, goes out in one write. */
  #gather(): void {
    if (this.#socket.writableCorked > 0) return
    this.#socket.cork()
    setImmediate(() => this.#socket.uncork())
  }

  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text)
    if (known !== undefined || this.#names.size >= MAX_PREPARED) return known
    const name = `s${this.#names.size}`
    this.#names.set(text, name)
    return name
  }

  #lose(error: Error): void {
    if (this.#loss) return
    this.#loss = storeFault(error) as Error
    this.#lost.resolve(this.#loss)
  }
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

const settingsText = (settings: Readonly<Record<string, string>>): string =>
  `SELECT ${Object.entries(settings)
    .map(([name, value]) => `set_config(${literal(name)}, ${literal(value)}, false)`)
    .join(', ')}`

import { Client, type ClientConfig, type QueryConfig } from 'pg'
import { endsConnection, NoAnswerError, StandbyError } from './faults.ts'
import { SETTINGS_SQL, type ServerSettings, unfitness } from './fitness.ts'
import type { PostgresLogSettings } from './options.ts'
import { types } from './values.ts'

export type Statement = Pick<QueryConfig, 'text' | 'values' | 'name'>

/** Whatever the server's defaults are. Every read has an index: without statistics a plan of an empty table would be kept. */
const SESSION =
  '-c default_transaction_isolation=read\\ committed -c jit=off -c enable_seqscan=off -c enable_bitmapscan=off -c timezone=UTC'

type Place = { readonly host: string; readonly port: number }

type Reaching = { readonly settings: PostgresLogSettings; readonly workForMs: number }

const configOf = ({ settings, workForMs }: Reaching, place: Place): ClientConfig => ({
  ...place,
  user: settings.connection.user,
  password: settings.connection.password,
  database: settings.connection.database,
  ...(settings.connection.ssl && { ssl: settings.connection.ssl }),
  connectionTimeoutMillis: settings.answerWithinMs,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  application_name: 'relais event log',
  // What nobody waits for any more ends, but for a commit that waits for its standby.
  options: `${SESSION} -c search_path=${settings.schema} -c statement_timeout=${workForMs * 2}`,
})

const within = async <T>(milliseconds: number, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswerError('the server did not answer in time')), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Ends a connection without a word: a server that doesn't answer wouldn't hear it. */
const cut = (client: Client) => {
  client.on('error', () => {})
  void client.end().catch(() => {})
  // The driver's end waits for the server's.
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection
  stream.destroy()
}

const connectTo = async (reaching: Reaching, place: Place): Promise<Client> => {
  const client = new Client(configOf(reaching, place))
  client.on('error', () => {}) // whoever asks next is told
  try {
    await within(reaching.settings.answerWithinMs, client.connect())
    await check(client, reaching.settings)
    return client
  } catch (error) {
    cut(client)
    throw error
  }
}

/** Errors: LOG_SERVER_UNFIT, {@link StandbyError}. */
const check = async (client: Client, { answerWithinMs, allowUnsynced }: PostgresLogSettings) => {
  type Row = ServerSettings & { readonly isStandby: boolean }
  const { rows } = await within(answerWithinMs, client.query<Row>(SETTINGS_SQL))
  const row = rows[0]
  if (!row || row.isStandby) throw new StandbyError('the server is a standby')
  const unfit = unfitness(row, allowUnsynced)
  if (unfit) throw unfit
}

/** A connection to the first of the hosts that takes writes. Errors: LOG_SERVER_UNFIT, the last host's. */
const connectToPrimary = async (reaching: Reaching): Promise<Client> => {
  const { host, port, others = [] } = reaching.settings.connection
  let failure: unknown
  for (const place of [{ host, port }, ...others]) {
    try {
      return await connectTo(reaching, place)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

export type SessionOptions = {
  /** Done with each new connection before anything is asked of it. */
  readonly prepare?: (client: Client) => Promise<void>
  /** Milliseconds that a statement may take, where it is more than the usual time for an answer. */
  readonly workForMs?: number
}

const nothing = () => {}

/** One connection, made when it is needed and made anew when it was lost. */
export class Session {
  readonly #settings: PostgresLogSettings
  readonly #prepare: (client: Client) => Promise<void>
  readonly #workForMs: number
  #client: Promise<Client> | undefined
  #closed = false
  #last: Promise<void> = Promise.resolve()
  #busy = 0

  constructor(settings: PostgresLogSettings, { prepare, workForMs }: SessionOptions = {}) {
    this.#settings = settings
    this.#prepare = prepare ?? (async () => {})
    this.#workForMs = workForMs ?? settings.answerWithinMs
  }

  /** Resolves when there is a connection. */
  async connected(): Promise<void> {
    await this.#connection()
  }

  /** Statements that wait or are being answered. */
  get busy(): number {
    return this.#busy
  }

  /** One after the other. */
  query<Row>(statement: Statement): Promise<Row[]> {
    this.#busy += 1
    const turn = this.#last.then(() => this.#query<Row>(statement))
    this.#last = turn.then(nothing, nothing).then(() => {
      this.#busy -= 1
    })
    return turn
  }

  async #query<Row>(statement: Statement): Promise<Row[]> {
    const connection = this.#connection()
    const client = await connection
    try {
      const answer = client.query({ ...statement, types } as QueryConfig)
      return (await within(this.#workForMs, answer)).rows as Row[]
    } catch (error) {
      if (endsConnection(error)) this.#drop(connection, client)
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const client = await this.#client?.catch(() => undefined)
    if (!client) return
    await within(1000, client.end()).catch(() => cut(client))
  }

  #connection(): Promise<Client> {
    if (this.#closed) return Promise.reject(new NoAnswerError('the connection is closed'))
    this.#client ??= this.#kept(this.#connect())
    return this.#client
  }

  /** Until it ends: an old one's end isn't that of its successor. */
  #kept(connection: Promise<Client>): Promise<Client> {
    const forget = () => this.#forget(connection)
    connection.then((client) => client.once('end', forget), forget)
    return connection
  }

  async #connect(): Promise<Client> {
    const client = await connectToPrimary({ settings: this.#settings, workForMs: this.#workForMs })
    try {
      await within(this.#settings.answerWithinMs, this.#prepare(client))
      return client
    } catch (error) {
      cut(client)
      throw error
    }
  }

  #forget(connection: Promise<Client>) {
    if (this.#client === connection) this.#client = undefined
  }

  #drop(connection: Promise<Client>, client: Client) {
    this.#forget(connection)
    cut(client)
  }
}

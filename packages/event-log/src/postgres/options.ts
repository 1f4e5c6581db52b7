import { terminal } from '@relais/service-kit/errors.ts'

/** Where a database is and who may enter. */
export type PostgresConnection = {
  readonly host: string
  readonly port: number
  /** Asked in this order when the first host is gone or takes no writes: after a failover the new primary is among them. */
  readonly others?: readonly { readonly host: string; readonly port: number }[]
  readonly user: string
  readonly password: string
  readonly database: string
  /** PEM of whom to trust; absent: no TLS. */
  readonly ssl?: { readonly ca: string; readonly cert?: string; readonly key?: string }
}

export type PostgresLogOptions = {
  readonly connection: PostgresConnection
  /** Holds the log of one placement unit; made where there is none. Default `relais_log`. */
  readonly schema?: string
  /** True: takes a server that may lose what it confirmed (fsync, full_page_writes or synchronous_commit is off). */
  readonly allowUnsynced?: boolean
  /** Milliseconds within which the server must answer one statement; default 5,000. */
  readonly answerWithinMs?: number
  /** Milliseconds for which a call is tried again while the server is gone; default 10,000. */
  readonly patienceMs?: number
  /** Milliseconds between looks whether the server is still there and a notice was lost; default 30,000. */
  readonly recheckMs?: number
  /** Milliseconds since 1970, by which command ids are forgotten. Default: the system's clock. */
  readonly clock?: () => number
  /** Told once when the server is lost, and of what an operator must mend. Default: a process warning. */
  readonly onFault?: (error: Error) => void
}

export type PostgresLogSettings = Required<PostgresLogOptions>

/** Options with defaults. Errors: CONFIGURATION_INVALID. */
export const settingsOf = (options: PostgresLogOptions): PostgresLogSettings => {
  const settings = {
    schema: 'relais_log',
    allowUnsynced: false,
    answerWithinMs: 5000,
    patienceMs: 10_000,
    recheckMs: 30_000,
    clock: Date.now,
    onFault: (error: Error) => process.emitWarning(error),
    ...options,
  }
  if (/^[a-z][a-z0-9_]{0,47}$/.test(settings.schema)) return settings
  throw terminal(
    'CONFIGURATION_INVALID',
    'the schema of an event log has lower-case letters, digits and _ in its name, at most 48',
  )
}

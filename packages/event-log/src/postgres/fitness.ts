import { type RelaisError, terminal } from '@relais/service-kit/errors.ts'

/** What a server says of itself. */
export type ServerSettings = {
  readonly version: number
  readonly encoding: string
  readonly fsync: string
  readonly fullPageWrites: string
  readonly synchronousCommit: string
}

export const SETTINGS_SQL = `
  SELECT current_setting('server_version_num')::integer AS version, current_setting('server_encoding') AS encoding,
    current_setting('fsync') AS fsync, current_setting('full_page_writes') AS "fullPageWrites",
    current_setting('synchronous_commit') AS "synchronousCommit", pg_is_in_recovery() AS "isStandby"`

const OLDEST = 140000

const unfit = (reason: string): RelaisError => terminal('LOG_SERVER_UNFIT', reason)

const orAllow = 'or set `allowUnsynced` and accept that commits which were confirmed may be lost'

/** Settings with which a server confirms what a crash or a power cut takes back. */
const unsynced = ({ fsync, fullPageWrites, synchronousCommit }: ServerSettings): string | undefined => {
  if (fsync === 'off') return 'fsync'
  if (fullPageWrites === 'off') return 'full_page_writes'
  return synchronousCommit === 'off' ? 'synchronous_commit' : undefined
}

/** Why a log can't be kept on a server; undefined if it can. */
export const unfitness = (settings: ServerSettings, allowUnsynced: boolean): RelaisError | undefined => {
  if (settings.version < OLDEST) return unfit('the event log needs PostgreSQL 14 or newer')
  if (settings.encoding !== 'UTF8')
    return unfit(`the encoding of the database is ${settings.encoding}, the event log needs UTF8`)
  const setting = unsynced(settings)
  if (setting === undefined || allowUnsynced) return undefined
  return unfit(`${setting} of the PostgreSQL server is off: set it to on, ${orAllow}`)
}

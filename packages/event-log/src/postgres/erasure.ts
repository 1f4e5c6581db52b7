import type { Session } from './session.ts'

/** Rows erased in one transaction: appends wait for one at most. */
const STEP = 500

const ERASE_SQL = 'SELECT erased, done FROM erase($1, $2, $3, $4)'

/** Tables in which something of an account was. */
const TABLES = ['commits', 'commands', 'streams'] as const

export type Account = { readonly tenant: string; readonly account: string }

/** Erases an account's commits up to a position, in steps; returns how many. */
export const eraseAccount = async (
  session: Pick<Session, 'query'>,
  { tenant, account }: Account,
  upTo: number,
): Promise<number> => {
  let erased = 0
  for (let done = false; !done; ) {
    const values = [tenant, account, upTo, STEP]
    const rows = await session.query<{ erased: number; done: boolean }>({ text: ERASE_SQL, values })
    erased += rows[0]?.erased ?? 0
    done = rows[0]?.done ?? true
  }
  return erased
}

/**
 * Gives the room of what was erased to what comes next. Until that is written over it, bytes are left in the table's pages, which no
 * query shows: docs/reference/servers.md says what an operator does where that isn't enough.
 */
export const vacuum = async (session: Pick<Session, 'query'>): Promise<void> => {
  for (const table of TABLES) await session.query({ text: `VACUUM (INDEX_CLEANUP ON) ${table}` })
}

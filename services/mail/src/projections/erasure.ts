import { type Projection, whose } from './projection.ts'
import { settleTotals } from './totals.ts'

/** Rows of one table that one commit takes away: what a transaction does in some 20 ms. */
export const ERASED_AT_ONCE = 1000

/** Tables with a row for each message, by what tells their rows apart inside an account. */
const LARGE = [
  ['messages', 'item'],
  ['placements', 'id'],
  ['submissions', 'command'],
  ['automatic_replies_sent', 'sender'],
  ['correspondents', 'address'],
] as const

const SMALL = [
  'automatic_replies',
  'filed_conversations',
  'collections',
  'mail_mailboxes',
  'spans',
  'journal',
  'mail_accounts',
] as const

/** Takes away what is left of an erased account, at most {@link ERASED_AT_ONCE} rows of a table at once. */
export const erase = async (projection: Projection): Promise<void> => {
  const { writer, commit, gathered } = projection
  // Their rows go last of all: what was counted so far, and this commit's position, must not come after that.
  await settleTotals(commit, gathered)
  for (const [table, key] of LARGE) {
    const gone = await writer.run(
      `DELETE FROM ${table} WHERE tenant = ? AND account = ? AND ${key} IN
       (SELECT ${key} FROM ${table} WHERE tenant = ? AND account = ? ORDER BY ${key} LIMIT ?)`,
      ...[...whose(projection), ...whose(projection), ERASED_AT_ONCE],
    )
    if (gone === ERASED_AT_ONCE) return
  }
  for (const table of SMALL) {
    await writer.write(`DELETE FROM ${table} WHERE tenant = ? AND account = ?`, ...whose(projection))
  }
}

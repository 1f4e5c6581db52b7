import { AutomaticReplies } from '@relais/proto/mail/v1/message.ts'
import type { Reader } from '@relais/read-store'
import { NO_REPLIES, type RepliesState } from '../automatic-replies/automatic-replies.ts'
import type { AccountKey } from './account.ts'
import { inLists } from './in-list.ts'

export type SetReplies = {
  readonly replies: AutomaticReplies
  /** Position from which on everybody is answered once; 0: they were never turned on. */
  readonly since: number
}

/** What an account answers automatically. */
export const setReplies = async (reader: Reader, { tenant, account }: AccountKey): Promise<SetReplies> => {
  const row = await reader.get<{ replies: Uint8Array; since: number }>(
    'SELECT replies, since FROM automatic_replies WHERE tenant = ? AND account = ?',
    ...[tenant, account],
  )
  return row
    ? { replies: AutomaticReplies.decode(row.replies), since: row.since }
    : { replies: NO_REPLIES, since: 0 }
}

/** How many senders were answered after a position. */
export const answeredSince = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  since: number,
): Promise<number> => {
  const row = await reader.get<{ n: number }>(
    'SELECT COUNT(*) AS n FROM automatic_replies_sent WHERE tenant = ? AND account = ? AND position > ?',
    ...[tenant, account, since],
  )
  return row?.n ?? 0
}

export type Asked = {
  /** Folded for comparison. */
  readonly sender: string
  /** Milliseconds since 1970 after which replies count as of the last hour. */
  readonly after: number
}

/** All that a decision about one sender looks at. */
export const repliesState = async (
  reader: Reader,
  key: AccountKey,
  { sender, after }: Asked,
): Promise<RepliesState> => {
  const { tenant, account } = key
  const answered = await reader.get<{ position: number }>(
    'SELECT position FROM automatic_replies_sent WHERE tenant = ? AND account = ? AND sender = ?',
    ...[tenant, account, sender],
  )
  const sent = await reader.get<{ n: number }>(
    'SELECT COUNT(*) AS n FROM automatic_replies_sent WHERE tenant = ? AND account = ? AND at > ?',
    ...[tenant, account, after],
  )
  return {
    ...(await setReplies(reader, key)),
    answered: answered?.position ?? 0,
    sentOfLastHour: sent?.n ?? 0,
  }
}

/** Whether the account has written to an address (folded) before. */
export const isCorrespondent = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  address: string,
): Promise<boolean> =>
  (await reader.get(
    'SELECT 1 AS known FROM correspondents WHERE tenant = ? AND account = ? AND address = ?',
    ...[tenant, account, address],
  )) !== undefined

/** Those of a tenant's accounts that answer automatically now, or will. */
export const answeringAccounts = async (
  reader: Reader,
  tenant: string,
  accounts: readonly string[],
): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  for (const { marks, values } of inLists(accounts)) {
    const rows = await reader.all<{ account: string }>(
      `SELECT account FROM automatic_replies WHERE tenant = ? AND answers = 1 AND account IN (${marks})`,
      ...[tenant, ...values],
    )
    for (const { account } of rows) found.add(account)
  }
  return found
}

import type { Reader } from '@relais/read-store'
import { messageKey } from '../message/conversation.ts'
import type { AccountKey } from './account.ts'

/** The position at which a command submitted a message; undefined: it hasn't. */
export const submittedAt = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  commandId: string,
): Promise<number | undefined> => {
  const row = await reader.get<{ position: number }>(
    'SELECT position FROM submissions WHERE tenant = ? AND account = ? AND command = ?',
    ...[tenant, account, commandId],
  )
  return row?.position
}

/** Recipients that the account has written to after a time. */
export const recipientsSince = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  after: number,
): Promise<number> => {
  const row = await reader.get<{ sum: number }>(
    'SELECT COALESCE(SUM(recipients), 0) AS sum FROM submissions WHERE tenant = ? AND account = ? AND at > ?',
    ...[tenant, account, after],
  )
  return row?.sum ?? 0
}

/** Messages that are sent again are sent again within this time: a phone without network tries for days. */
export const REPEATED_WITHIN_MS = 3 * 24 * 3600_000

/** The position at which a message of that Message-ID was submitted after a time; undefined: it wasn't. */
export const submittedWithId = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  { messageId, after }: { readonly messageId: string; readonly after: number },
): Promise<number | undefined> => {
  const key = messageKey(messageId)
  if (key === null) return undefined
  const row = await reader.get<{ position: number }>(
    'SELECT position FROM submissions WHERE tenant = ? AND account = ? AND message_key = ? AND at > ? LIMIT 1',
    ...[tenant, account, key, after],
  )
  return row?.position
}

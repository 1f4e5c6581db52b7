import type { Reader } from '@relais/read-store'
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

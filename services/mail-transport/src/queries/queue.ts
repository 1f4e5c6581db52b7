import type { Reader } from '@relais/read-store'

/** One recipient of one submission that waits. */
export type QueueRow = {
  readonly tenant: string
  readonly account: string
  readonly submission: number
  readonly recipient: string
  readonly sender: string
  readonly blob: string
  readonly size: number
  readonly messageId: string
  readonly smtputf8: boolean
  readonly submittedAt: number
  readonly attempts: number
  readonly nextAttemptAt: number
  readonly lastReply: string
  /** Of the commit that queued it; '' if it is in no trace. */
  readonly traceparent: string
}

const COLUMNS = `tenant, account, submission, recipient, sender, blob, size, message_id AS "messageId", smtputf8,
  submitted_at AS "submittedAt", attempts, next_attempt_at AS "nextAttemptAt", last_reply AS "lastReply", traceparent`

type Stored = Omit<QueueRow, 'smtputf8'> & { readonly smtputf8: number }

const row = (stored: Stored): QueueRow => ({ ...stored, smtputf8: stored.smtputf8 === 1 })

/** Those whose time has come, the longest due first. */
export const dueRows = async (reader: Reader, now: number, limit: number): Promise<readonly QueueRow[]> =>
  (
    await reader.all<Stored>(
      `SELECT ${COLUMNS} FROM queue WHERE next_attempt_at <= ? ORDER BY next_attempt_at LIMIT ?`,
      ...[now, limit],
    )
  ).map(row)

/** When the next one is due, in milliseconds since 1970; undefined: nothing waits. */
export const nextDue = async (reader: Reader): Promise<number | undefined> =>
  (await reader.get<{ at: number | null }>('SELECT MIN(next_attempt_at) AS at FROM queue'))?.at ?? undefined

/** How many recipients wait. */
export const queueLength = async (reader: Reader): Promise<number> =>
  (await reader.get<{ count: number }>('SELECT COUNT(*) AS count FROM queue'))?.count ?? 0

export type QueuePage = {
  readonly tenant: string
  readonly after: readonly [string, number, string]
  readonly limit: number
}

/** A page of what waits, of one tenant or ('') of all. */
export const listRows = async (
  reader: Reader,
  { tenant, after, limit }: QueuePage,
): Promise<readonly QueueRow[]> =>
  (
    await reader.all<Stored>(
      `SELECT ${COLUMNS} FROM queue WHERE (? = '' OR tenant = ?) AND (tenant, submission, recipient) > (?, ?, ?)
       ORDER BY tenant, submission, recipient LIMIT ?`,
      ...[tenant, tenant, ...after, limit],
    )
  ).map(row)

/** All recipients of a submission that wait. */
export const submissionRows = async (
  reader: Reader,
  tenant: string,
  submission: number,
): Promise<readonly QueueRow[]> =>
  (
    await reader.all<Stored>(
      `SELECT ${COLUMNS} FROM queue WHERE tenant = ? AND submission = ?`,
      tenant,
      submission,
    )
  ).map(row)

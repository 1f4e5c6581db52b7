import type { SqlValue, Writer } from '@relais/read-store'

/** For so long tombstones, spans and remembered commands are kept. */
export const RETENTION_MS = 90 * 24 * 3600 * 1000

export type Outdated = {
  readonly tenant: string
  readonly account: string
  /** Milliseconds since 1970. */
  readonly before: number
  /** Rows to forget at most, the oldest first. */
  readonly limit: number
}

const bounds = ({ tenant, account, before, limit }: Outdated): SqlValue[] => [tenant, account, before, limit]

type Gone = { readonly collection: string; readonly position: number }

/** A key below the floor can't be answered any more: what ended there isn't known (purge). */
const raiseFloor = (writer: Writer, { tenant, account }: Outdated, { collection, position }: Gone) =>
  writer.write(
    'UPDATE collections SET purge_floor = ? WHERE tenant = ? AND account = ? AND id = ? AND purge_floor < ?',
    ...[position, tenant, account, collection, position],
  )

/** Forgets tombstones of an account. */
export const forgetEnded = async (writer: Writer, outdated: Outdated): Promise<void> => {
  const rows = await writer.all<Gone & { id: number }>(
    `SELECT id, collection, ended AS position FROM placements
     WHERE tenant = ? AND account = ? AND ended > 0 AND ended_at < ? ORDER BY ended_at LIMIT ?`,
    ...bounds(outdated),
  )
  for (const row of rows) {
    const key = [outdated.tenant, outdated.account, row.id]
    await raiseFloor(writer, outdated, row)
    await writer.write('DELETE FROM spans WHERE tenant = ? AND account = ? AND placement = ?', ...key)
    await writer.write('DELETE FROM placements WHERE tenant = ? AND account = ? AND id = ?', ...key)
  }
}

/** Forgets where items were in windows. */
export const forgetSpans = async (writer: Writer, outdated: Outdated): Promise<void> => {
  const rows = await writer.all<Gone & { placement: number; from_position: number }>(
    `SELECT placement, from_position, collection, until_position AS position FROM spans
     WHERE tenant = ? AND account = ? AND until_position > 0 AND until_at < ? ORDER BY until_at LIMIT ?`,
    ...bounds(outdated),
  )
  for (const row of rows) {
    await raiseFloor(writer, outdated, row)
    await writer.write(
      'DELETE FROM spans WHERE tenant = ? AND account = ? AND placement = ? AND from_position = ?',
      ...[outdated.tenant, outdated.account, row.placement, row.from_position],
    )
  }
}

/** Forgets devices' last commands. */
export const forgetCommands = async (writer: Writer, outdated: Outdated): Promise<void> => {
  const rows = await writer.all<{ device: string; item: number; property_group: string }>(
    'SELECT device, item, property_group FROM journal WHERE tenant = ? AND account = ? AND at < ? ORDER BY at LIMIT ?',
    ...bounds(outdated),
  )
  for (const { device, item, property_group } of rows)
    await writer.write(
      'DELETE FROM journal WHERE tenant = ? AND account = ? AND device = ? AND item = ? AND property_group = ?',
      ...[outdated.tenant, outdated.account, device, item, property_group],
    )
}

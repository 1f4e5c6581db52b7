import type { SqlValue, Writer } from '@relais/read-store'

/** Rows that one call purges at most, of each kind. */
const BATCH = 500

export type PurgedPlacement = { readonly tenant: string; readonly account: string; readonly id: number }

type Ended = { tenant: string; account: string; id: number; collection: string; ended: number }

const RAISE_FLOOR = `UPDATE collections SET purge_floor = ? WHERE tenant = ? AND account = ? AND id = ? AND purge_floor < ?`

const raiseFloor = (
  writer: Writer,
  { tenant, account, collection, ended }: Pick<Ended, 'tenant' | 'account' | 'collection' | 'ended'>,
) => writer.run(RAISE_FLOOR, ended, tenant, account, collection, ended)

const ENDED = `SELECT tenant, account, id, collection, ended FROM placements
  WHERE ended > 0 AND ended_at < ? ORDER BY ended_at LIMIT ?`
const CLOSED_SPANS = `SELECT tenant, account, placement AS id, collection, until_position AS ended, from_position
  FROM spans WHERE until_position > 0 AND until_at < ? ORDER BY until_at LIMIT ?`
const OLD_COMMANDS = `SELECT tenant, account, device, item, property_group FROM journal WHERE at < ? ORDER BY at LIMIT ?`

/**
 * Forgets tombstones, closed spans and remembered commands older than `before` (milliseconds since 1970), a batch at a time, and raises
 * the purge floor of the collections they were in (purge). Maintenance, not projection: a rebuild has them all again, and floor 0.
 * Answers with the placements forgotten; an empty list means nothing is left to do.
 */
export const purgeRows = async (
  writer: Writer,
  before: number,
): Promise<{ readonly placements: readonly PurgedPlacement[]; readonly more: boolean }> => {
  const ended = await writer.all<Ended>(ENDED, before, BATCH)
  for (const row of ended) await purgePlacement(writer, row)
  const spans = await writer.all<Ended & { from_position: number }>(CLOSED_SPANS, before, BATCH)
  for (const row of spans) await purgeSpan(writer, row)
  const commands = await writer.all<Record<string, SqlValue>>(OLD_COMMANDS, before, BATCH)
  for (const row of commands) await purgeCommand(writer, row)
  const placements = ended.map(({ tenant, account, id }) => ({ tenant, account, id }))
  return { placements, more: [ended, spans, commands].some(({ length }) => length === BATCH) }
}

const purgePlacement = async (writer: Writer, row: Ended) => {
  const key = [row.tenant, row.account, row.id]
  await raiseFloor(writer, row)
  await writer.run('DELETE FROM spans WHERE tenant = ? AND account = ? AND placement = ?', ...key)
  await writer.run('DELETE FROM placements WHERE tenant = ? AND account = ? AND id = ?', ...key)
}

const purgeSpan = async (writer: Writer, row: Ended & { from_position: number }) => {
  await raiseFloor(writer, row)
  await writer.run(
    'DELETE FROM spans WHERE tenant = ? AND account = ? AND placement = ? AND from_position = ?',
    ...[row.tenant, row.account, row.id, row.from_position],
  )
}

const purgeCommand = (writer: Writer, row: Record<string, SqlValue>) =>
  writer.run(
    'DELETE FROM journal WHERE tenant = ? AND account = ? AND device = ? AND item = ? AND property_group = ?',
    ...[row.tenant!, row.account!, row.device!, row.item!, row.property_group!],
  )

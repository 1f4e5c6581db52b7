import type { Reader } from '@relais/read-store'
import type { PlacementRow, Span } from './placement-row.ts'

/** One account's collections that are answered as one: one alone, or those of a merged view. */
export type Scope = {
  readonly tenant: string
  readonly account: string
  readonly collections: readonly string[]
}

const NAMES = [
  'id',
  'collection',
  'item',
  'sort_key',
  'hidden',
  'spanned',
  'side',
  'created_by',
  'created_key',
  'client_id',
  'digest',
  'moved_by',
  'changed',
  'changed_by',
  'changed_other',
  'read_changed',
  'flag_changed',
  'categories_changed',
  'content_changed',
  'ended',
  'ended_command',
  'moved_to',
] as const

/** Columns of {@link StoredPlacement}, of a table called p. */
export const PLACEMENT_COLUMNS = NAMES.map((name) => `p.${name}`).join(', ')

export type StoredPlacement = Record<Exclude<(typeof NAMES)[number], TextColumn>, number> &
  Record<TextColumn, string>

type TextColumn =
  | 'collection'
  | 'created_by'
  | 'created_key'
  | 'client_id'
  | 'digest'
  | 'moved_by'
  | 'changed_by'
  | 'ended_command'

type StoredSpan = { from_position: number; until_position: number; sort_key: number; hidden: number }

const spansOf = async (reader: Reader, { tenant, account }: Scope, placement: number): Promise<Span[]> => {
  const rows = await reader.all<StoredSpan>(
    `SELECT from_position, until_position, sort_key, hidden FROM spans WHERE tenant = ? AND account = ? AND placement = ?
     ORDER BY from_position`,
    ...[tenant, account, placement],
  )
  return rows.map((row) => ({
    from: row.from_position,
    until: row.until_position,
    sortKey: row.sort_key,
    hidden: row.hidden === 1,
  }))
}

export const readPlacement = async (
  reader: Reader,
  scope: Scope,
  stored: StoredPlacement,
): Promise<PlacementRow> =>
  placementOf(stored, stored.spanned ? await spansOf(reader, scope, stored.id) : undefined)

const placementOf = (stored: StoredPlacement, spans: readonly Span[] | undefined): PlacementRow => ({
  id: stored.id,
  collection: stored.collection,
  item: stored.item,
  sortKey: stored.sort_key,
  hidden: stored.hidden === 1,
  side: stored.side === 1,
  spans,
  createdBy: stored.created_by,
  createdKey: stored.created_key,
  clientId: stored.client_id,
  digest: stored.digest,
  movedBy: stored.moved_by,
  changed: stored.changed,
  changedBy: stored.changed_by,
  changedOther: stored.changed_other,
  groups: {
    read: stored.read_changed,
    flag: stored.flag_changed,
    categories: stored.categories_changed,
    content: stored.content_changed,
  },
  ended: stored.ended,
  endedCommand: stored.ended_command,
  movedTo: stored.moved_to,
})

/** Ids that one statement asks for: its text is one, so short lists are filled up with ids that no placement has. */
const BATCH = 16
const PARAMETERS = Array.from({ length: BATCH }, () => '?').join(', ')
const NO_ID = -1

const batches = (ids: readonly number[]): number[][] =>
  Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, index) => {
    const batch = ids.slice(index * BATCH, (index + 1) * BATCH)
    return [...batch, ...new Array<number>(BATCH - batch.length).fill(NO_ID)]
  })

/** Placements by id, wherever in the account; ids that aren't there are left out. */
export const placementsById = async (
  reader: Reader,
  scope: Scope,
  ids: readonly number[],
): Promise<Map<number, PlacementRow>> => {
  const found = new Map<number, PlacementRow>()
  for (const batch of batches([...new Set(ids)]))
    for (const stored of await reader.all<StoredPlacement>(
      `SELECT ${PLACEMENT_COLUMNS} FROM placements p WHERE tenant = ? AND account = ? AND id IN (${PARAMETERS})`,
      ...[scope.tenant, scope.account, ...batch],
    ))
      found.set(stored.id, await readPlacement(reader, scope, stored))
  return found
}

/** The last command of a device on an item's property group. */
export type JournalEntry = {
  readonly item: number
  readonly group: string
  readonly value: string
  readonly position: number
  readonly syncKey: string
  readonly noop: boolean
  /** The item's last touch before the command. */
  readonly basis: number
}

type StoredEntry = Omit<JournalEntry, 'group' | 'syncKey' | 'noop'> & {
  property_group: string
  sync_key: string
  noop: number
}

export type Journal = ReadonlyMap<string, JournalEntry>

export const journalKey = (item: number, group: string): string => `${item}/${group}`

/** The last commands of a device on these items, by {@link journalKey}. */
export const journalOf = async (
  reader: Reader,
  { tenant, account }: Scope,
  { device, items }: { readonly device: string; readonly items: readonly number[] },
): Promise<Journal> => {
  const journal = new Map<string, JournalEntry>()
  for (const batch of batches([...new Set(items)]))
    for (const { property_group: group, sync_key, noop, ...entry } of await reader.all<StoredEntry>(
      `SELECT item, property_group, value, position, sync_key, noop, basis FROM journal
       WHERE tenant = ? AND account = ? AND device = ? AND item IN (${PARAMETERS})`,
      ...[tenant, account, device, ...batch],
    ))
      journal.set(journalKey(entry.item, group), { ...entry, group, syncKey: sync_key, noop: noop === 1 })
  return journal
}

export type CollectionRow = {
  readonly id: string
  readonly kind: string
  readonly head: number
  readonly purge_floor: number
  readonly ended: number
}

/** The scope's collections; those that never were are left out. */
export const collectionsOf = async (reader: Reader, scope: Scope): Promise<CollectionRow[]> => {
  const rows: CollectionRow[] = []
  for (const id of scope.collections) {
    const row = await reader.get<CollectionRow>(
      'SELECT id, kind, head, purge_floor, ended FROM collections WHERE tenant = ? AND account = ? AND id = ?',
      ...[scope.tenant, scope.account, id],
    )
    if (row) rows.push(row)
  }
  return rows
}

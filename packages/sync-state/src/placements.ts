import type { StoredCommit } from '@relais/event-log'
import type { Writer } from '@relais/read-store'
import { placementId, placementPosition } from './placement.ts'
import { forgetCommands, forgetEnded, forgetSpans, RETENTION_MS } from './retention.ts'

/** What one user action changes; each has a chain of commands and a position of its own (chain). */
export type PropertyGroup = 'read' | 'flag' | 'categories' | 'content'

const TOUCHED_COLUMN = {
  read: 'read_changed',
  flag: 'flag_changed',
  categories: 'categories_changed',
  content: 'content_changed',
} as const satisfies Record<PropertyGroup, string>

export type NewCollection = {
  readonly id: string
  /** mailbox, calendar, address-book, ... */
  readonly kind: string
  /** Collection id; '': at the top. */
  readonly parent: string
  readonly name: string
  readonly role: string
}

export type CollectionChange = { readonly name?: string; readonly parent?: string; readonly role?: string }

export type NewPlacement = {
  readonly collection: string
  /** Identity that survives moves; absent: this placement's own id. */
  readonly item?: number
  /** Mail: received, whole seconds since 1970. */
  readonly sortKey: number
  /** True: only levels that see private items hold it. */
  readonly hidden?: boolean
  /** True: of the collection's second class. */
  readonly side?: boolean
  /** Of a device's Add. */
  readonly clientId?: string
  /** Hash of the content of a device's Add, by which a repeat is recognised (match). */
  readonly digest?: string
}

/** Value of a property group in canonical form (short: hash what is long), by which a repeated command is recognised (chain). */
export type Touch = { readonly group: PropertyGroup; readonly value: string }

const whose = (commit: StoredCommit) => [commit.stream.tenant, commit.stream.account] as const

/** Each row that is kept for a while takes so many old ones away: what an account keeps stays in bounds, at no cost for deliveries. */
const FORGOTTEN_AT_ONCE = 2

const outdated = ({ stream: { tenant, account }, at }: StoredCommit) => ({
  tenant,
  account,
  before: at - RETENTION_MS,
  limit: FORGOTTEN_AT_ONCE,
})

/** The heads of one account's collections, moved by any number of commits. To be written once these commits' collections are. */
export class Heads {
  readonly #positions = new Map<string, number>()

  /** The commit's collections have changed. */
  advance({ collections, position }: StoredCommit): void {
    for (const collection of collections) this.#positions.set(collection, position)
  }

  async write(writer: Writer, { tenant, account }: StoredCommit['stream']): Promise<void> {
    for (const [collection, position] of this.#positions)
      await writer.write(
        'UPDATE collections SET head = ? WHERE tenant = ? AND account = ? AND id = ?',
        ...[position, tenant, account, collection],
      )
  }
}

/** Moves the heads of one commit's collections, after these were created. */
export const advanceHeads = async (writer: Writer, commit: StoredCommit): Promise<void> => {
  const heads = new Heads()
  heads.advance(commit)
  await heads.write(writer, commit.stream)
}

export const createCollection = async (
  writer: Writer,
  commit: StoredCommit,
  { id, kind, parent, name, role }: NewCollection,
): Promise<void> => {
  await writer.write(
    `INSERT INTO collections (tenant, account, id, kind, parent, name, role, created, hierarchy_changed, head)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[...whose(commit), id, kind, parent, name, role, commit.position, commit.position, commit.position],
  )
}

export const changeCollection = async (
  writer: Writer,
  commit: StoredCommit,
  id: string,
  { name, parent, role }: CollectionChange,
): Promise<void> => {
  await writer.write(
    `UPDATE collections SET name = COALESCE(?, name), parent = COALESCE(?, parent), role = COALESCE(?, role),
     hierarchy_changed = ? WHERE tenant = ? AND account = ? AND id = ?`,
    ...[name ?? null, parent ?? null, role ?? null, commit.position, ...whose(commit), id],
  )
}

/** The collection is gone; its row stays as a tombstone for the hierarchy's feed. */
export const endCollection = async (writer: Writer, commit: StoredCommit, id: string): Promise<void> => {
  await writer.write(
    'UPDATE collections SET ended = ?, ended_at = ?, hierarchy_changed = ? WHERE tenant = ? AND account = ? AND id = ?',
    ...[commit.position, commit.at, commit.position, ...whose(commit), id],
  )
}

type PlacementOrigin = { readonly ordinal: number; readonly movedBy: string }

/** What no device's command put there: by far the most, and a third of the values. */
const PLACED =
  'INSERT INTO placements (tenant, account, id, collection, item, sort_key) VALUES (?, ?, ?, ?, ?, ?)'
const PLACED_BY_DEVICE = `INSERT INTO placements (tenant, account, id, collection, item, sort_key, hidden, created_by,
  created_key, client_id, digest, moved_by, changed_by, side) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const insert = async (
  writer: Writer,
  commit: StoredCommit,
  { ordinal, movedBy }: PlacementOrigin,
  { collection, item, sortKey, hidden, side, clientId = '', digest = '' }: NewPlacement,
): Promise<number> => {
  const id = placementId(commit.position, ordinal)
  const device = commit.actor.device
  const placement = [...whose(commit), id, collection, item ?? id, sortKey]
  if (device === '' && !hidden && !side && clientId === '' && digest === '')
    await writer.write(PLACED, ...placement)
  else
    await writer.write(
      PLACED_BY_DEVICE,
      ...[...placement, hidden ? 1 : 0, device, device === '' ? '' : commit.syncKey, clientId, digest],
      ...[movedBy, device, side ? 1 : 0],
    )
  return id
}

/** Puts an item into a collection; `ordinal` counts the placements of the commit from 0. Answers with the placement's id (place). */
export const place = (
  writer: Writer,
  commit: StoredCommit,
  ordinal: number,
  placement: NewPlacement,
): Promise<number> => insert(writer, commit, { ordinal, movedBy: '' }, placement)

/**
 * Ends a placement and makes another of the same item elsewhere; answers with the new id. A device that moved with its own move
 * command (no sync key) learns the new id from the answer, so it counts as knowing it (moved); a Delete that moves to trash doesn't.
 */
export const move = async (
  writer: Writer,
  commit: StoredCommit,
  ordinal: number,
  { placement, to }: { placement: number; to: string },
): Promise<number> => {
  const row = await writer.get<{ item: number; sort_key: number; hidden: number; side: number }>(
    'SELECT item, sort_key, hidden, side FROM placements WHERE tenant = ? AND account = ? AND id = ?',
    ...whose(commit),
    placement,
  )
  if (row === undefined)
    throw new RangeError(`commit ${commit.position} moves placement ${placement}, which isn't there`)
  const movedBy = commit.syncKey === '' ? commit.actor.device : ''
  const target = await insert(
    writer,
    commit,
    { ordinal, movedBy },
    {
      ...{ collection: to, item: row.item, sortKey: row.sort_key },
      ...{ hidden: row.hidden === 1, side: row.side === 1 },
    },
  )
  await end(writer, commit, placement, target)
  return target
}

const remember = async (
  writer: Writer,
  commit: StoredCommit,
  placement: number,
  touch: Touch & { noop: boolean },
): Promise<void> => {
  await writer.write(
    `INSERT INTO journal (tenant, account, device, item, property_group, value, position, sync_key, noop, basis, at)
     SELECT tenant, account, ?, item, ?, ?, ?, ?, ?, CASE WHEN changed > 0 THEN changed ELSE id / 8192 END, ?
     FROM placements WHERE tenant = ? AND account = ? AND id = ?
     ON CONFLICT (tenant, account, device, item, property_group) DO UPDATE SET value = excluded.value,
     position = excluded.position, sync_key = excluded.sync_key, noop = excluded.noop, basis = excluded.basis, at = excluded.at`,
    ...[commit.actor.device, touch.group, touch.value, commit.position, commit.syncKey, touch.noop ? 1 : 0],
    ...[commit.at, ...whose(commit), placement],
  )
  await forgetCommands(writer, outdated(commit))
}

const touchStatement = (group: PropertyGroup) =>
  `UPDATE placements SET changed_other = CASE WHEN changed_by = ? THEN changed_other WHEN changed > 0 THEN changed
   ELSE id / 8192 END, changed = ?, changed_by = ?, ${TOUCHED_COLUMN[group]} = ?
   WHERE tenant = ? AND account = ? AND id = ?`

const TOUCH = {
  read: touchStatement('read'),
  flag: touchStatement('flag'),
  categories: touchStatement('categories'),
  content: touchStatement('content'),
} as const satisfies Record<PropertyGroup, string>

/** A property group of an item changed; where a device's Sync did it, the command is remembered (chain). */
export const touch = async (
  writer: Writer,
  commit: StoredCommit,
  placement: number,
  { group, value }: Touch,
): Promise<void> => {
  const device = commit.actor.device
  if (commit.syncKey !== '') await remember(writer, commit, placement, { group, value, noop: false })
  await writer.write(
    TOUCH[group],
    ...[device, commit.position, device, commit.position, ...whose(commit), placement],
  )
}

/** A device's command that changed nothing: remembered, and touches nothing (noop). */
export const note = async (
  writer: Writer,
  commit: StoredCommit,
  placement: number,
  touch: Touch,
): Promise<void> => {
  await remember(writer, commit, placement, { ...touch, noop: true })
}

/** The item leaves the collection; `movedTo` is the placement that a move made instead. */
export const end = async (
  writer: Writer,
  commit: StoredCommit,
  placement: number,
  movedTo = 0,
): Promise<void> => {
  await writer.write(
    'UPDATE placements SET ended = ?, ended_at = ?, ended_command = ?, moved_to = ? WHERE tenant = ? AND account = ? AND id = ? AND ended = 0',
    ...[commit.position, commit.at, commit.commandId, movedTo, ...whose(commit), placement],
  )
  await forgetEnded(writer, outdated(commit))
}

type SpannedRow = { collection: string; sort_key: number; hidden: number; spanned: number }

/**
 * What decides an item's place in windows changes: its sort key, or whether it is private. The former span is kept, so that where it
 * was at a position is read, not guessed (spans). Not a touch: the change that causes it is one.
 */
export const respan = async (
  writer: Writer,
  commit: StoredCommit,
  placement: number,
  change: { readonly sortKey?: number; readonly hidden?: boolean },
): Promise<void> => {
  const key = [...whose(commit), placement] as const
  const row = await writer.get<SpannedRow>(
    'SELECT collection, sort_key, hidden, spanned FROM placements WHERE tenant = ? AND account = ? AND id = ? AND ended = 0',
    ...key,
  )
  if (row === undefined) return
  const sortKey = change.sortKey ?? row.sort_key
  const hidden = change.hidden === undefined ? row.hidden : Number(change.hidden)
  if (sortKey === row.sort_key && hidden === row.hidden) return
  if (row.spanned === 0)
    await openSpan(writer, commit, { placement, from: placementPosition(placement), row })
  await writer.write(
    `UPDATE spans SET until_position = ?, until_at = ? WHERE tenant = ? AND account = ? AND placement = ? AND until_position = 0`,
    ...[commit.position, commit.at, ...key],
  )
  await openSpan(writer, commit, {
    placement,
    from: commit.position,
    row: { ...row, sort_key: sortKey, hidden },
  })
  await writer.write(
    'UPDATE placements SET sort_key = ?, hidden = ?, spanned = 1 WHERE tenant = ? AND account = ? AND id = ?',
    ...[sortKey, hidden, ...key],
  )
  await forgetSpans(writer, outdated(commit))
}

const openSpan = (
  writer: Writer,
  commit: StoredCommit,
  { placement, from, row }: { placement: number; from: number; row: SpannedRow },
) =>
  writer.write(
    `INSERT INTO spans (tenant, account, placement, from_position, collection, sort_key, hidden) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (tenant, account, placement, from_position) DO UPDATE SET
     sort_key = excluded.sort_key, hidden = excluded.hidden, until_position = 0`,
    ...[...whose(commit), placement, from, row.collection, row.sort_key, row.hidden],
  )

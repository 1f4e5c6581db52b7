import type { Reader } from '@relais/read-store'
import type { PlacementRow } from '../placement-row.ts'
import {
  type Journal,
  journalOf,
  PLACEMENT_COLUMNS,
  placementsById,
  readPlacement,
  type Scope,
  type StoredPlacement,
} from '../rows.ts'
import type { AddCommand, DeviceCommand } from './command.ts'

/** What the commands of a request speak of, read in one snapshot. */
export type Subjects = {
  /** By id: the placements named, and those that they were moved to. */
  readonly rows: ReadonlyMap<number, PlacementRow>
  readonly journal: Journal
  /** Own items that an Add may repeat, by {@link DeviceCommand}. */
  readonly candidates: ReadonlyMap<DeviceCommand, readonly PlacementRow[]>
}

/** Moves in a row that a command follows. */
const MAX_MOVES = 16
/** Equal items of one device that are looked at for one Add. */
const MAX_CANDIDATES = 32

export const loadSubjects = async (
  reader: Reader,
  scope: Scope,
  { device, commands }: { readonly device: string; readonly commands: readonly DeviceCommand[] },
): Promise<Subjects> => {
  const named = commands.flatMap((command) => (command.kind === 'add' ? [] : [command.placement]))
  const rows = await withTargets(reader, scope, named)
  const candidates = new Map<DeviceCommand, readonly PlacementRow[]>()
  for (const command of commands)
    if (command.kind === 'add')
      candidates.set(command, await candidatesOf(reader, scope, { device, command }))
  const items = [...rows.values(), ...[...candidates.values()].flat()].map(({ item }) => item)
  return { rows, candidates, journal: await journalOf(reader, scope, { device, items }) }
}

const withTargets = async (reader: Reader, scope: Scope, ids: readonly number[]) => {
  const rows = await placementsById(reader, scope, ids)
  let next = [...rows.values()]
  for (let move = 0; move < MAX_MOVES && next.length > 0; move++) {
    const targets = next.flatMap(({ movedTo }) => (movedTo > 0 && !rows.has(movedTo) ? [movedTo] : []))
    const found = await placementsById(reader, scope, targets)
    for (const [id, row] of found) rows.set(id, row)
    next = [...found.values()]
  }
  return rows
}

const SAME_CLIENT_ID = `SELECT ${PLACEMENT_COLUMNS} FROM placements p
  WHERE tenant = ? AND account = ? AND created_by = ? AND client_id <> '' AND client_id = ? ORDER BY id DESC LIMIT ?`
const SAME_CONTENT = `SELECT ${PLACEMENT_COLUMNS} FROM placements p
  WHERE tenant = ? AND account = ? AND created_by = ? AND digest <> '' AND digest = ? ORDER BY id DESC LIMIT ?`

const candidatesOf = async (
  reader: Reader,
  scope: Scope,
  { device, command }: { readonly device: string; readonly command: AddCommand },
): Promise<PlacementRow[]> => {
  const found = new Map<number, StoredPlacement>()
  const { tenant, account } = scope
  for (const [sql, value] of [
    [SAME_CLIENT_ID, command.clientId],
    [SAME_CONTENT, command.digest],
  ] as const)
    for (const stored of await reader.all<StoredPlacement>(
      sql,
      tenant,
      account,
      device,
      value,
      MAX_CANDIDATES,
    ))
      if (scope.collections.includes(stored.collection)) found.set(stored.id, stored)
  const rows: PlacementRow[] = []
  for (const stored of found.values()) rows.push(await readPlacement(reader, scope, stored))
  return rows.toSorted((a, b) => a.id - b.id)
}

/** Where a placement's item is now; undefined: nowhere. */
export const followMoves = (subjects: Subjects, placement: number): PlacementRow | undefined => {
  let row = subjects.rows.get(placement)
  for (let move = 0; row !== undefined && row.ended > 0 && move < MAX_MOVES; move++)
    row = subjects.rows.get(row.movedTo)
  return row?.ended === 0 ? row : undefined
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore, type Reader, type Writer } from '@relais/read-store'
import { placementId } from '../../src/placement.ts'
import type { PlacementRow } from '../../src/placement-row.ts'
import {
  advanceHeads,
  createCollection,
  end,
  move,
  note,
  type PropertyGroup,
  place,
  respan,
  touch,
} from '../../src/placements.ts'
import { placementIndexes, placementSchema } from '../../src/schema.ts'
import { classOf, contentValue, type Fact, isMail, type Properties, type SimulatedCommit } from './facts.ts'

const SCHEMA = [
  ...placementSchema,
  ...placementIndexes,
  `CREATE TABLE things (tenant TEXT NOT NULL, account TEXT NOT NULL, item BIGINT NOT NULL, properties TEXT NOT NULL,
   PRIMARY KEY (tenant, account, item))`,
]

export const ACCOUNT = 'u1'

/** The real store; every schedule is a tenant of its own in it. */
export const openRows = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-schedules-'))
  const store = await openSqliteStore({ file: join(folder, 'rows.sqlite'), schema: SCHEMA, version: 1 })
  const close = async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { store, close }
}

export type Rows = Awaited<ReturnType<typeof openRows>>['store']

type Stored = { item: number; properties: string }

const whose = (commit: SimulatedCommit) => [commit.stream.tenant, commit.stream.account] as const

/** A placement's item wherever it is now: commuting changes follow what was moved in between. */
const findLive = async (writer: Reader, commit: SimulatedCommit, placement: number) => {
  let id = placement
  for (;;) {
    const row = await writer.get<{
      id: number
      item: number
      ended: number
      moved_to: number
      properties: string
    }>(
      `SELECT p.id, p.item, p.ended, p.moved_to, t.properties FROM placements p
       JOIN things t ON t.tenant = p.tenant AND t.account = p.account AND t.item = p.item
       WHERE p.tenant = ? AND p.account = ? AND p.id = ?`,
      ...[...whose(commit), id],
    )
    if (!row || row.ended === 0) return row
    if (row.moved_to === 0) return undefined
    id = row.moved_to
  }
}

type Context = { readonly commit: SimulatedCommit; readonly ordinal: number }

const change = async (writer: Writer, commit: SimulatedCommit, fact: Extract<Fact, { type: 'Changed' }>) => {
  const row = await findLive(writer, commit, fact.placement)
  if (!row) return
  const properties = JSON.stringify({ ...JSON.parse(row.properties), ...fact.properties })
  await writer.run(
    'UPDATE things SET properties = ? WHERE tenant = ? AND account = ? AND item = ?',
    properties,
    ...whose(commit),
    row.item,
  )
  await touch(writer, commit, row.id, { group: fact.group, value: fact.value })
  await respan(writer, commit, row.id, { sortKey: fact.sortKey, hidden: fact.hidden })
}

const isLive = async (writer: Writer, commit: SimulatedCommit, placement: number): Promise<boolean> =>
  (await findLive(writer, commit, placement))?.id === placement

const projectFact = async (writer: Writer, fact: Fact, { commit, ordinal }: Context): Promise<number> => {
  switch (fact.type) {
    case 'Collections':
      for (const id of fact.ids)
        await createCollection(writer, commit, { id, kind: classOf(id), parent: '', name: id, role: '' })
      return 0
    case 'Placed': {
      const item = await place(writer, commit, ordinal, { ...fact, side: fact.properties.side === 1 })
      await writer.run(
        'INSERT INTO things VALUES (?, ?, ?, ?)',
        ...whose(commit),
        item,
        JSON.stringify(fact.properties),
      )
      return 1
    }
    case 'Changed':
      await change(writer, commit, fact)
      return 0
    case 'Noted':
      await note(writer, commit, fact.placement, fact)
      return 0
    case 'Moved':
      if (await isLive(writer, commit, fact.placement)) await move(writer, commit, ordinal, fact)
      return 1
    case 'Ended':
      await end(writer, commit, fact.placement)
      return 0
  }
}

export const projectCommit = async (writer: Writer, commit: SimulatedCommit): Promise<void> => {
  let ordinal = 0
  for (const fact of commit.facts) ordinal += await projectFact(writer, fact, { commit, ordinal })
  await advanceHeads(writer, commit)
}

export const propertiesOf = async (
  reader: Reader,
  tenant: string,
  rows: readonly PlacementRow[],
): Promise<Map<number, Properties>> => {
  const found = new Map<number, Properties>()
  for (const { item } of rows) {
    const row = await reader.get<Stored>(
      'SELECT item, properties FROM things WHERE tenant = ? AND account = ? AND item = ?',
      ...[tenant, ACCOUNT, item],
    )
    if (row) found.set(item, JSON.parse(row.properties))
  }
  return found
}

/** The value of a property group in the form of commands. */
export const groupValue = (
  row: PlacementRow,
  properties: Properties | undefined,
  group: PropertyGroup,
): string | undefined => {
  if (!properties) return undefined
  if (group === 'read') return String(properties.read)
  if (group === 'flag') return String(properties.flag)
  return isMail(row.collection) ? undefined : contentValue(row.collection, properties, row.sortKey)
}

export const firstPlacement = (position: number): number => placementId(position, 0)

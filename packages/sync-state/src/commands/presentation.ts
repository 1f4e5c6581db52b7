import { type Cursor, reached } from '../cursor.ts'
import { type KnownList, touchKey } from '../known-list.ts'
import { createdAt, isCovered, type PlacementRow } from '../placement-row.ts'
import type { JournalEntry } from '../rows.ts'

/** The key that a device presented with its commands, and what it says. */
export type Presentation = {
  readonly device: string
  readonly collection: string
  /** Those that are answered as it. */
  readonly collections: readonly string[]
  readonly syncKey: string
  /** As presented: a hint must not hide the device's own commands. */
  readonly presented: Cursor
  /** As a hint moves it on. */
  readonly cursor: Cursor
  readonly list: KnownList
  readonly clientWins: boolean
  /** The same for the collection's second class. */
  readonly sideClientWins: boolean
}

/** What is told by the list, as neither cursor covers it. */
export const isListed = ({ list }: Presentation, { id }: PlacementRow): boolean => list.created.includes(id)

const listsTouch = ({ list }: Presentation, position: number, placement: number): boolean =>
  list.touches.some((touch) => touch.position === position && touch.placement === placement)

/** The presented key says that the device knows this command's commit. */
const knowsCommand = (presentation: Presentation, entry: JournalEntry, { id }: PlacementRow): boolean =>
  entry.position <= reached(presentation.presented.changes, id) ||
  listsTouch(presentation, entry.position, id)

/** The device's last command on a group, if a change repeats it: it has its value, and the key doesn't know it (chain). */
export const repeatedEntry = (
  presentation: Presentation,
  row: PlacementRow,
  { entry, value }: { readonly entry: JournalEntry | undefined; readonly value: string },
): JournalEntry | undefined =>
  entry !== undefined && entry.value === value && !knowsCommand(presentation, entry, row) ? entry : undefined

/** What this request's commands have let the device know so far. */
export type Learned = { readonly created: ReadonlySet<number>; readonly touches: ReadonlySet<string> }

export const NOTHING_LEARNED: Learned = { created: new Set(), touches: new Set() }

/** The device has been told a touch: it doesn't change something untold on top of it (clean). */
export const isTold = (
  presentation: Presentation,
  row: PlacementRow,
  { position, learned }: { readonly position: number; readonly learned: Learned },
): boolean => {
  const isOwn = isListed(presentation, row)
  if (!isOwn && position <= reached(presentation.cursor.changes, row.id)) return true
  if (listsTouch(presentation, position, row.id) || learned.touches.has(touchKey(position, row.id)))
    return true
  return position === createdAt(row) && (isOwn || learned.created.has(row.id))
}

/** The device holds the item, by what its key says. */
export const isHeld = (presentation: Presentation, row: PlacementRow): boolean => {
  const { list, cursor } = presentation
  if (listsTouch(presentation, row.ended, row.id) || list.corrections.get(row.id) === 'add') return false
  return isListed(presentation, row) || isCovered(row, { ...cursor, sideEdge: list.sideEdge })
}

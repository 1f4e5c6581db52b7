import { lastTouch, lastTouchByOthers, type PlacementRow } from '../placement-row.ts'
import type { PropertyGroup } from '../placements.ts'
import { type JournalEntry, journalKey } from '../rows.ts'
import {
  type AddCommand,
  type ChangeCommand,
  type DeleteCommand,
  type DeviceCommand,
  deriveCommandId,
  type Facts,
  type GroupChange,
} from './command.ts'
import { matchAdd } from './match.ts'
import { isTold, NOTHING_LEARNED, type Presentation, repeatedEntry } from './presentation.ts'
import { followMoves, type Subjects } from './subjects.ts'

/** What becomes of one property group of a Change. */
export type GroupStep = {
  readonly group: PropertyGroup
  readonly value: string
  /** repeat: the commit is there already; note: nothing to change, to be remembered (noop). */
  readonly kind: 'repeat' | 'note' | 'apply'
  /** Of a repeat. */
  readonly position: number
  readonly commandId: string
}

export type Decision =
  | { readonly kind: 'change'; readonly row: PlacementRow; readonly steps: readonly GroupStep[] }
  | {
      readonly kind: 'delete'
      readonly row: PlacementRow
      readonly commandId: string
      /** The device doesn't take it for gone: it is told. */
      readonly consumes: boolean
    }
  /** The item is gone, which is what a Delete wants. */
  | { readonly kind: 'gone'; readonly placement: number }
  | { readonly kind: 'create'; readonly command: AddCommand; readonly commandId: string }
  /** An earlier Add of the device; `edit`: with what this one says otherwise. */
  | {
      readonly kind: 'matched'
      readonly command: AddCommand
      readonly row: PlacementRow
      readonly edit: GroupStep | undefined
    }
  | { readonly kind: 'missing'; readonly placement: number }
  /** `isPartial`: what else the device changed with it is to be undone too. */
  | { readonly kind: 'conflict'; readonly placement: number; readonly isPartial: boolean }
  /** The class refused it when its commit was made: nothing is there. */
  | { readonly kind: 'declined' }
  | { readonly kind: 'refused'; readonly row: PlacementRow; readonly correction: 'add' | 'change' }

/** Decides a request's commands on one snapshot. Each item may be named once: {@link splitByItem}. */
export const decideCommands = (
  presentation: Presentation,
  subjects: Subjects,
  { commands, facts }: { readonly commands: readonly DeviceCommand[]; readonly facts: Facts },
): readonly Decision[] => {
  const matched = new Set<number>()
  return commands.map((command) => {
    if (command.kind === 'change') return decideChange(presentation, subjects, { command, facts })
    if (command.kind === 'delete') return decideDelete(presentation, subjects, { command, facts })
    return decideAdd(presentation, subjects, { command, facts, commands, matched })
  })
}

type Case<Command> = { readonly command: Command; readonly facts: Facts }

const decideChange = (
  presentation: Presentation,
  subjects: Subjects,
  { command, facts }: Case<ChangeCommand>,
): Decision => {
  const { placement, changes, whole } = command
  const named = subjects.rows.get(placement)
  const isHere = named !== undefined && presentation.collections.includes(named.collection)
  const row = !isHere || (whole && named.ended > 0) ? undefined : followMoves(subjects, placement)
  if (row === undefined) return { kind: 'missing', placement }
  if (facts.refuses(row, command)) return { kind: 'refused', row, correction: 'change' }
  const steps = changes.map((change) => decideGroup(presentation, subjects, { row, change, facts }))
  if (command.judged) {
    const judged = steps.filter(({ kind, group }) => kind === 'apply' && command.judged!.includes(group))
    if (judged.some(({ group }) => isGroupConflict(presentation, subjects, { row, group })))
      return { kind: 'conflict', placement: row.id, isPartial: true }
  } else if (whole && !winsOver(presentation, row) && isConflict(presentation, subjects, { row, steps }))
    return { kind: 'conflict', placement, isPartial: false }
  return { kind: 'change', row, steps }
}

const winsOver = ({ clientWins, sideClientWins }: Presentation, { side }: PlacementRow): boolean =>
  side ? sideClientWins : clientWins

/** Somebody else changed the group since the device's last word on it, and the device hasn't been told (confl). */
const isGroupConflict = (
  presentation: Presentation,
  { journal }: Subjects,
  { row, group }: { readonly row: PlacementRow; readonly group: PropertyGroup },
): boolean => {
  const position = row.groups[group]
  const own = journal.get(journalKey(row.item, group))
  if (winsOver(presentation, row) || position === 0 || (own !== undefined && own.position >= position))
    return false
  const isNews = (at: number) => !isTold(presentation, row, { position: at, learned: NOTHING_LEARNED })
  return isNews(lastTouch(row)) && (isNews(position) || position > presentation.cursor.told)
}

const decideGroup = (
  presentation: Presentation,
  { journal }: Subjects,
  { row, change, facts }: { readonly row: PlacementRow; readonly change: GroupChange; readonly facts: Facts },
): GroupStep => {
  const { group, value } = change
  const entry = journal.get(journalKey(row.item, group))
  const repeated = repeatedEntry(presentation, row, { entry, value })
  if (repeated) return { group, value, kind: 'repeat', position: repeated.position, commandId: '' }
  const kind = facts.valueOf(row, group) === value ? 'note' : 'apply'
  const commandId = deriveCommandId(
    'change',
    ...idParts(presentation, row),
    group,
    value,
    entry?.position ?? 0,
  )
  return { group, value, kind, position: 0, commandId }
}

const idParts = ({ device, syncKey }: Presentation, { item }: PlacementRow) =>
  [device, syncKey, item] as const

/** An untold change by somebody else; a repeat is none, and the device's own earlier changes are none (confl). */
const isConflict = (
  presentation: Presentation,
  { journal }: Subjects,
  { row, steps }: { readonly row: PlacementRow; readonly steps: readonly GroupStep[] },
): boolean => {
  const isNews = (position: number) => !isTold(presentation, row, { position, learned: NOTHING_LEARNED })
  const byOthers = lastTouchByOthers(row, presentation.device)
  if (byOthers === 0 || steps.every(({ kind }) => kind === 'repeat') || !isNews(lastTouch(row))) return false
  const entries = steps.map(({ group }) => journal.get(journalKey(row.item, group)))
  if (entries.some((entry) => isOnTop(presentation, row, entry))) return false
  return isNews(byOthers) || byOthers > presentation.cursor.told
}

/** The last change is the device's own, given under this very key and on a copy that was up to date. */
const isOnTop = (presentation: Presentation, row: PlacementRow, entry: JournalEntry | undefined): boolean =>
  entry !== undefined &&
  row.changedBy === presentation.device &&
  entry.position === lastTouch(row) &&
  entry.syncKey === presentation.syncKey &&
  isTold(presentation, row, { position: entry.basis, learned: NOTHING_LEARNED })

const decideDelete = (
  presentation: Presentation,
  subjects: Subjects,
  { command, facts }: Case<DeleteCommand>,
): Decision => {
  const { placement, consumes = false } = command
  const row = subjects.rows.get(placement)
  const commandId =
    row === undefined ? '' : deriveCommandId('delete', ...idParts(presentation, row), placement)
  if (row === undefined || row.ended > 0 || !presentation.collections.includes(row.collection)) {
    const isDone = !consumes || (row !== undefined && row.endedCommand === commandId)
    return { kind: isDone ? 'gone' : 'missing', placement }
  }
  if (facts.refuses(row, command)) return { kind: 'refused', row, correction: consumes ? 'change' : 'add' }
  if (consumes && isGroupConflict(presentation, subjects, { row, group: 'content' }))
    return { kind: 'conflict', placement, isPartial: true }
  return { kind: 'delete', row, commandId, consumes }
}

type AddCase = Case<AddCommand> & {
  readonly commands: readonly DeviceCommand[]
  readonly matched: Set<number>
}

const decideAdd = (
  presentation: Presentation,
  subjects: Subjects,
  { command, facts, commands, matched }: AddCase,
): Decision => {
  const { device, syncKey } = presentation
  const row = matchAdd(presentation, subjects, { command, facts, commands, matched })
  if (row === undefined) {
    const parts = [device, syncKey, command.clientId, command.digest]
    return { kind: 'create', command, commandId: deriveCommandId('add', ...parts) }
  }
  matched.add(row.id)
  const change: GroupChange = { group: 'content', value: command.digest }
  const edit =
    row.digest === command.digest ? undefined : decideGroup(presentation, subjects, { row, change, facts })
  return { kind: 'matched', command, row, edit }
}

/** The commands that may be decided together, and those that must wait until the rows have these. */
export const splitByItem = (
  commands: readonly DeviceCommand[],
  subjects: Subjects,
): { readonly now: readonly DeviceCommand[]; readonly later: readonly DeviceCommand[] } => {
  const seen = new Set<number | string>()
  const firstAgain = commands.findIndex((command) => {
    const subject =
      command.kind === 'add' ? command.clientId : (subjects.rows.get(command.placement)?.item ?? '')
    if (subject === '') return false
    if (seen.has(subject)) return true
    seen.add(subject)
    return false
  })
  if (firstAgain < 0) return { now: commands, later: [] }
  return { now: commands.slice(0, firstAgain), later: commands.slice(firstAgain) }
}

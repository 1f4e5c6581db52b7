import type { PlacementRow } from '../placement-row.ts'
import type { AddCommand, DeviceCommand, Facts } from './command.ts'
import { isHeld, isListed, type Presentation } from './presentation.ts'
import type { Subjects } from './subjects.ts'

type AddCase = {
  readonly command: AddCommand
  readonly facts: Facts
  readonly commands: readonly DeviceCommand[]
  /** Items that other Adds of the request have been matched with. */
  readonly matched: ReadonlySet<number>
}

/**
 * The earlier Add of this device that an Add repeats, which its key doesn't know (match): by client id under the very key, or by equal
 * content, as some clients make new client ids for a repeat and others use few again and again.
 */
export const matchAdd = (
  presentation: Presentation,
  subjects: Subjects,
  add: AddCase,
): PlacementRow | undefined => {
  const candidates = (subjects.candidates.get(add.command) ?? []).filter(({ id }) => !add.matched.has(id))
  const { command, facts } = add
  const underKey = candidates.filter(
    ({ createdKey, clientId }) => createdKey === presentation.syncKey && clientId === command.clientId,
  )
  return (
    underKey.find(({ digest }) => digest === command.digest) ??
    underKey.find((row) => row.ended === 0 && facts.isEditOf(row, command)) ??
    matchByContent(presentation, candidates, add)
  )
}

const matchByContent = (
  presentation: Presentation,
  candidates: readonly PlacementRow[],
  { command, commands }: AddCase,
): PlacementRow | undefined => {
  const possible = candidates.filter(
    (row) =>
      row.digest === command.digest &&
      isUnknown(presentation, row) &&
      (row.clientId === command.clientId || !isNamedOtherwise(commands, command, row)),
  )
  return possible.find(({ clientId }) => clientId === command.clientId) ?? possible[0]
}

const isUnknown = (presentation: Presentation, row: PlacementRow): boolean => {
  if (isHeld(presentation, row)) return false
  const isRecent = row.createdKey === presentation.syncKey || row.id > presentation.presented.added
  return row.ended === 0 || (isRecent && !isListed(presentation, row))
}

/** Another Add of the same request repeats it by its client id. */
const isNamedOtherwise = (
  commands: readonly DeviceCommand[],
  command: AddCommand,
  row: PlacementRow,
): boolean =>
  commands.some(
    (other) =>
      other !== command &&
      other.kind === 'add' &&
      other.clientId === row.clientId &&
      other.digest === row.digest,
  )

import { type Appended, ConflictError } from '@relais/event-log'
import type { Reader } from '@relais/read-store'
import { placementId } from '../placement.ts'
import type { PlacementRow } from '../placement-row.ts'
import type { PropertyGroup } from '../placements.ts'
import type { Scope } from '../rows.ts'
import type { DeviceCommand, Facts } from './command.ts'
import { type Decision, decideCommands, splitByItem } from './decide.ts'
import type { Presentation } from './presentation.ts'
import type { Carried } from './settle.ts'
import { loadSubjects } from './subjects.ts'

/** One commit to be made of a device's command. */
export type CommitStep = {
  readonly commandId: string
  /** The command that says it in full. */
  readonly command: DeviceCommand
} & (
  | {
      readonly kind: 'apply' | 'note'
      readonly row: PlacementRow
      readonly group: PropertyGroup
      readonly value: string
    }
  | { readonly kind: 'delete'; readonly row: PlacementRow }
  | { readonly kind: 'create' }
)

export type CommitContext = {
  readonly collection: string
  /** Name of the presented key. */
  readonly syncKey: string
  /** Position of the stream's head that the decision was based on; absent where any will do. */
  readonly expected: number | undefined
}

/** The log and the rows of one account, as a class gives them to the engine. */
export interface Ground {
  /** Reads of one moment; `head`: the stream's last commit in these rows; `checkpoint`: the log position they stand for. */
  snapshot<T>(read: (reader: Reader, at: { head: number; checkpoint: number }) => Promise<T>): Promise<T>
  facts(reader: Reader, rows: readonly PlacementRow[], commands: readonly DeviceCommand[]): Promise<Facts>
  /**
   * Appends the commit, or finds it; `refused`: it can't be made, whatever is tried. Throws ConflictError where the stream's head isn't
   * the expected one.
   */
  append(step: CommitStep, context: CommitContext): Promise<Appended | 'refused'>
  /** Resolves when the rows of a position are there. */
  waitFor(position: number): Promise<void>
  /**
   * Runs what decides on commands and appends them, for one request of the device at a time: what one has decided mustn't be
   * overtaken by another's command before it is in the log. Between processes derived ids alone guard against doing things twice.
   */
  exclusively<T>(work: () => Promise<T>): Promise<T>
}

export type CarriedOut = {
  readonly carried: readonly Carried[]
  /** Of all commits, by command id. */
  readonly positions: ReadonlyMap<string, number>
}

/** What became of commits, by command id. */
type Made = { readonly positions: Map<string, number>; readonly refused: Set<string> }

/** Times in a row that somebody else's commit comes before the next one of the device. */
const MAX_ATTEMPTS = 5

type Task = {
  readonly ground: Ground
  readonly scope: Scope
  readonly presentation: Presentation
  /** Commits of this class are right whatever comes before them: none expects a head, and all are appended at once. */
  readonly commuting: boolean
}

/** Makes the commits of a request's commands; each is one commit with a derived id, so a repeat finds the first and does the rest. */
export const carryOut = async (task: Task, commands: readonly DeviceCommand[]): Promise<CarriedOut> => {
  const carried: Carried[] = []
  const made: Made = { positions: new Map(), refused: new Set() }
  let remaining = commands
  let attempts = 0
  while (remaining.length > 0) {
    const { decisions, commandsNow, head } = await decideNext(task, remaining)
    const done = await appendAll(task, { decisions, commands: commandsNow, head }, made)
    attempts = done === 0 ? attempts + 1 : 0
    if (attempts === MAX_ATTEMPTS) throw new ConflictError(head)
    carried.push(
      ...decisions.slice(0, done).map((decision) => withCreated(withRefusal(decision, made), made)),
    )
    remaining = remaining.slice(done)
    if (remaining.length > 0) await task.ground.waitFor(Math.max(head, ...made.positions.values()))
  }
  return { carried, positions: made.positions }
}

const decideNext = ({ ground, scope, presentation }: Task, remaining: readonly DeviceCommand[]) =>
  ground.snapshot(async (reader, { head }) => {
    const subjects = await loadSubjects(reader, scope, { device: presentation.device, commands: remaining })
    const { now } = splitByItem(remaining, subjects)
    const rows = [...subjects.rows.values(), ...[...subjects.candidates.values()].flat()]
    const facts = await ground.facts(reader, rows, now)
    return {
      decisions: decideCommands(presentation, subjects, { commands: now, facts }),
      commandsNow: now,
      head,
    }
  })

type Decided = {
  readonly decisions: readonly Decision[]
  readonly commands: readonly DeviceCommand[]
  readonly head: number
}

/** Answers with the number of decisions whose commits are all there. */
const appendAll = async (task: Task, decided: Decided, made: Made): Promise<number> => {
  const steps = decided.decisions.map((decision, index) => stepsOf(decision, decided.commands[index]!))
  if (!task.commuting) return appendInOrder(task, { steps, head: decided.head }, made)
  await Promise.all(steps.flat().map((step) => append(task, { step, expected: undefined }, made)))
  return steps.length
}

/** Each commit is based on the one before it. Where that can't be so, the rest is decided anew. */
const appendInOrder = async (
  task: Task,
  { steps, head }: { readonly steps: readonly (readonly CommitStep[])[]; readonly head: number },
  made: Made,
): Promise<number> => {
  let expected = head
  for (const [done, ofOne] of steps.entries())
    for (const [index, step] of ofOne.entries()) {
      const appended = await appendExpecting(task, { step, expected }, made)
      if (appended === 'conflict') return done
      if (appended === 'refused') continue
      // Another request of the device made it since: what else came in between hasn't been looked at.
      if (appended.repeated && appended.position > expected)
        return index === ofOne.length - 1 ? done + 1 : done
      expected = Math.max(expected, appended.position)
    }
  return steps.length
}

type Expecting = { readonly step: CommitStep; readonly expected: number | undefined }

const appendExpecting = async (
  task: Task,
  expecting: Expecting,
  made: Made,
): Promise<Appended | 'conflict' | 'refused'> => {
  try {
    return await append(task, expecting, made)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    await task.ground.waitFor(error.head)
    return 'conflict'
  }
}

const append = async (
  { ground, presentation }: Task,
  { step, expected }: Expecting,
  { positions, refused }: Made,
): Promise<Appended | 'refused'> => {
  const { collection, syncKey } = presentation
  const appended = await ground.append(step, { collection, syncKey, expected })
  if (appended === 'refused') refused.add(step.commandId)
  else positions.set(step.commandId, appended.position)
  return appended
}

const stepsOf = (decision: Decision, command: DeviceCommand): readonly CommitStep[] => {
  switch (decision.kind) {
    case 'change':
      return decision.steps.flatMap((step) =>
        step.kind === 'repeat' ? [] : [{ ...step, kind: step.kind, row: decision.row, command }],
      )
    case 'matched':
      return decision.edit === undefined || decision.edit.kind === 'repeat'
        ? []
        : [{ ...decision.edit, kind: decision.edit.kind, row: decision.row, command }]
    case 'delete':
      return [{ kind: 'delete', row: decision.row, command, commandId: decision.commandId }]
    case 'create':
      return [{ kind: 'create', command, commandId: decision.commandId }]
    default:
      return []
  }
}

const withCreated = (decision: Decision, { positions }: Made): Carried => ({
  decision,
  created:
    decision.kind === 'create' && !decision.command.transient
      ? placementId(positions.get(decision.commandId)!, 0)
      : undefined,
})

/** What the class refused when the commit was to be made: the device gets the item as it is. */
const withRefusal = (decision: Decision, { refused }: Made): Decision => {
  switch (decision.kind) {
    case 'change':
      return decision.steps.some(({ commandId }) => refused.has(commandId)) ? undone(decision.row) : decision
    case 'matched':
      return decision.edit && refused.has(decision.edit.commandId) ? undone(decision.row) : decision
    case 'delete':
      return refused.has(decision.commandId) ? undone(decision.row) : decision
    case 'create':
      return refused.has(decision.commandId) ? { kind: 'declined' } : decision
    default:
      return decision
  }
}

const undone = (row: PlacementRow): Decision => ({ kind: 'refused', row, correction: 'change' })

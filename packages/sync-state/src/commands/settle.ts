import type { Applied } from '../answer/knowledge.ts'
import { type Correction, type KnownTouch, touchKey } from '../known-list.ts'
import { lastTouch, type PlacementRow } from '../placement-row.ts'
import { type Journal, journalKey } from '../rows.ts'
import type { Facts } from './command.ts'
import type { Decision, GroupStep } from './decide.ts'
import { isTold, type Presentation } from './presentation.ts'

/** A decision, and the positions that its commits have in the log, by command id. */
export type Carried = { readonly decision: Decision; readonly created: number | undefined }

export type Outcome = {
  readonly carried: readonly Carried[]
  readonly positions: ReadonlyMap<string, number>
  /** Rows, journal and facts of the snapshot that the answer is computed from. */
  readonly rows: ReadonlyMap<number, PlacementRow>
  readonly journal: Journal
  readonly facts: Facts
}

/**
 * What the commands have let the device know. An own change hides itself only: made on top of what the device hadn't been told, or
 * altered by the server, the item is told (clean, tell).
 */
export const settleCommands = (presentation: Presentation, outcome: Outcome): Applied => {
  const applied: Mutable = {
    created: new Set(),
    touches: [],
    corrections: new Map(),
    gone: new Set(),
    altered: new Set(),
  }
  for (const carried of outcome.carried) settle(presentation, outcome, { carried, applied })
  return applied
}

type Mutable = {
  readonly created: Set<number>
  readonly touches: KnownTouch[]
  readonly corrections: Map<number, Correction>
  readonly gone: Set<number>
  readonly altered: Set<number>
}

type Context = { readonly carried: Carried; readonly applied: Mutable }

const settle = (presentation: Presentation, outcome: Outcome, { carried, applied }: Context) => {
  const { decision, created } = carried
  switch (decision.kind) {
    case 'change':
      for (const step of decision.steps)
        settleStep(presentation, outcome, { row: decision.row, step, applied })
      return
    case 'delete':
      return settleDelete(outcome, decision, applied)
    case 'gone':
      applied.gone.add(decision.placement)
      return
    case 'refused':
      applied.corrections.set(decision.row.id, decision.correction)
      return
    case 'create':
      if (created === undefined) return
      return settleCreated(outcome, { placement: created, digest: decision.command.digest, applied })
    case 'matched':
      settleCreated(outcome, { placement: decision.row.id, digest: decision.command.digest, applied })
      if (decision.edit)
        settleStep(presentation, outcome, { row: decision.row, step: decision.edit, applied })
      return
    case 'conflict':
      if (decision.isPartial) applied.corrections.set(decision.placement, 'change')
      return
    case 'missing':
    case 'declined':
      return
  }
}

type StepCase = { readonly row: PlacementRow; readonly step: GroupStep; readonly applied: Mutable }

const settleStep = (
  presentation: Presentation,
  outcome: Outcome,
  { row: decided, step, applied }: StepCase,
) => {
  const row = outcome.rows.get(decided.id) ?? decided
  const position = step.kind === 'repeat' ? step.position : (outcome.positions.get(step.commandId) ?? 0)
  const entry = outcome.journal.get(journalKey(row.item, step.group))
  if (step.kind === 'note' || (entry?.position === position && entry.noop)) return
  // Another request of the device came in between: what this one was made on top of isn't known any more.
  const basis = entry?.position === position ? entry.basis : undefined
  const learned = {
    created: applied.created,
    touches: new Set(applied.touches.map((touch) => touchKey(touch.position, touch.placement))),
  }
  const isClean = basis !== undefined && isTold(presentation, row, { position: basis, learned })
  if (isClean && !isAltered(outcome, row, { step, position }))
    applied.touches.push({ position, placement: row.id })
  else applied.corrections.set(row.id, 'change')
}

const isAltered = (
  { facts }: Outcome,
  row: PlacementRow,
  { step, position }: { readonly step: GroupStep; readonly position: number },
): boolean => lastTouch(row) === position && facts.valueOf(row, step.group) !== step.value

const settleDelete = (
  { rows }: Outcome,
  decision: Extract<Decision, { kind: 'delete' }>,
  applied: Mutable,
) => {
  const row = rows.get(decision.row.id)
  if (decision.consumes) return
  applied.gone.add(decision.row.id)
  if (row?.endedCommand === decision.commandId)
    applied.touches.push({ position: row.ended, placement: row.id })
}

const settleCreated = (
  { rows, facts }: Outcome,
  {
    placement,
    digest,
    applied,
  }: { readonly placement: number; readonly digest: string; readonly applied: Mutable },
) => {
  const row = rows.get(placement)
  applied.created.add(placement)
  if (row !== undefined && facts.valueOf(row, 'content') !== digest) applied.altered.add(placement)
}

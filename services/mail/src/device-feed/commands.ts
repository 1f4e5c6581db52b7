import type { SyncChange } from '@relais/proto/mail/v1/mail.ts'
import type { Flag } from '@relais/proto/mail/v1/message.ts'
import { isCoded } from '@relais/service-kit/errors.ts'
import type { ChangeCommand, CommitStep, DeleteCommand, GroupChange } from '@relais/sync-state'
import type { MailEvent } from '../events.ts'
import { requireCategories, requireFlag } from '../message/decide.ts'
import { categoriesValue, flagValue, seenValue } from '../message/property-values.ts'

/** What a change says, by property group. */
export type Wanted = {
  readonly seen?: boolean
  /** null: clear. */
  readonly flag?: Flag | null
  readonly categories?: readonly string[]
}

export type MailChange = ChangeCommand & {
  readonly wanted: Wanted
  /** It says what no message can have. */
  readonly isInvalid: boolean
}

export type FetchCommand = { readonly kind: 'fetch'; readonly placement: number }

export type MailCommand = MailChange | DeleteCommand | FetchCommand

/** A phone's change of read mark, flag and categories: the only ones a message takes (MS-ASEMAIL 3.1.5.4). */
export const mailChange = (change: SyncChange): MailChange => {
  const { placement } = change
  const wanted = wantedOf(change)
  const changes = wanted === undefined ? [] : groupsOf(wanted)
  return {
    kind: 'change',
    placement,
    whole: false,
    changes,
    wanted: wanted ?? {},
    isInvalid: wanted === undefined,
  }
}

const wantedOf = ({ seen, flag, categories }: SyncChange): Wanted | undefined => {
  try {
    return {
      seen,
      flag: flag && (flag.flag ? requireFlag(flag.flag) : null),
      categories: categories && requireCategories(categories.categories),
    }
  } catch (error) {
    if (isCoded(error) && !error.retryable) return undefined
    throw error
  }
}

const groupsOf = ({ seen, flag, categories }: Wanted): GroupChange[] => [
  ...(seen === undefined ? [] : [{ group: 'read' as const, value: seenValue(seen) }]),
  ...(flag === undefined ? [] : [{ group: 'flag' as const, value: flagValue(flag ?? undefined) }]),
  ...(categories === undefined ? [] : [{ group: 'categories' as const, value: categoriesValue(categories) }]),
]

/** The mailbox that deleted messages go to. */
const TRASH = 'trash'

/** The fact that a step of the engine stands for. */
export const eventOf = (step: CommitStep, deletesAsMoves: boolean): MailEvent => {
  switch (step.kind) {
    case 'note': {
      const { group, value } = step
      return { type: 'CommandNoted', payload: { placement: step.row.id, group, value } }
    }
    case 'apply':
      return changedEvent(step.row.id, step.group, (step.command as MailChange).wanted)
    case 'delete':
      return deletedEvent(step.row, deletesAsMoves)
    case 'create':
      throw new Error('phones add no messages')
  }
}

type Group = GroupChange['group']

const changedEvent = (placement: number, group: Group, { seen, flag, categories }: Wanted): MailEvent => {
  const placements = [placement]
  if (group === 'read') return { type: 'MessagesMarkedSeen', payload: { placements, seen: seen === true } }
  if (group === 'flag') return { type: 'MessagesFlagged', payload: { placements, flag: flag ?? undefined } }
  return { type: 'MessagesCategorized', payload: { placements, categories: [...(categories ?? [])] } }
}

const deletedEvent = (row: { id: number; collection: string }, deletesAsMoves: boolean): MailEvent => {
  const placements = [row.id]
  const from = row.collection
  return deletesAsMoves && from !== TRASH
    ? { type: 'MessagesMoved', payload: { placements, from, to: TRASH } }
    : { type: 'MessagesDeleted', payload: { placements, mailbox: from } }
}

import { hash } from 'node:crypto'
import type { SyncAdd, SyncChange } from '@relais/proto/mail/v1/mail.ts'
import { DraftContent } from '@relais/proto/mail/v1/mail.ts'
import type { Flag } from '@relais/proto/mail/v1/message.ts'
import { isCoded } from '@relais/service-kit/errors.ts'
import type {
  AddCommand,
  ChangeCommand,
  CommitStep,
  DeleteCommand,
  GroupChange,
  PropertyGroup,
} from '@relais/sync-state'
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
  /** What it says of a draft's content. */
  readonly draft: DraftContent | undefined
  /** It says what no message can have. */
  readonly isInvalid: boolean
}

/** A draft, or a text message of the phone. */
export type MailAdd = AddCommand & {
  readonly draft: DraftContent
  readonly wanted: Wanted
  readonly isTextMessage: boolean
  /** Milliseconds since 1970; 0: now. */
  readonly receivedAt: number
  readonly isInvalid: boolean
}

/** A draft that goes, with what is said of it at last. */
export type MailSend = DeleteCommand & { readonly consumes: true; readonly draft: DraftContent }

export type FetchCommand = {
  readonly kind: 'fetch'
  readonly placement: number
  /** Its body isn't cut. */
  readonly isWhole: boolean
}

export type MailCommand = MailChange | MailAdd | MailSend | DeleteCommand | FetchCommand

/** Two devices may mark a message read at once; what they write about it may contradict. */
const JUDGED: readonly PropertyGroup[] = ['flag', 'categories', 'content']

/** A hash of what a device writes, by which a repeat is recognised. */
export const digestOf = (draft: DraftContent): string =>
  hash('sha256', DraftContent.encode(draft).finish(), 'base64url').slice(0, 22)

/** A phone's change of read mark, flag and categories, the only ones a message takes (MS-ASEMAIL 3.1.5.4), and of a draft's content. */
export const mailChange = (change: SyncChange): MailChange | MailSend => {
  const { placement, draft, send } = change
  if (send) return { kind: 'delete', placement, consumes: true, draft: draft ?? DraftContent.create() }
  const wanted = wantedOf(change)
  const content: GroupChange[] = draft ? [{ group: 'content', value: digestOf(draft) }] : []
  return {
    kind: 'change',
    placement,
    // A draft isn't written where it was moved to.
    whole: draft !== undefined,
    judged: JUDGED,
    changes: wanted === undefined ? [] : [...groupsOf(wanted), ...content],
    ...{ draft, wanted: wanted ?? {} },
    isInvalid: wanted === undefined,
  }
}

export const mailAdd = ({
  clientId,
  draft,
  seen,
  flag,
  categories,
  send,
  kind,
  receivedAt,
}: SyncAdd): MailAdd => {
  const content = draft ?? DraftContent.create()
  const wanted = wantedOf({ seen, flag: flag && { flag }, categories: { categories } })
  return {
    ...{ kind: 'add', clientId, draft: content, digest: digestOf(content), receivedAt },
    ...(send ? { transient: true as const } : {}),
    wanted: wanted ?? {},
    isTextMessage: kind === 'sms',
    isInvalid: wanted === undefined,
  }
}

const wantedOf = ({
  seen,
  flag,
  categories,
}: Pick<SyncChange, 'seen' | 'flag' | 'categories'>): Wanted | undefined => {
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

/** Steps that write content, and so are more than a fact that follows from the command. */
export const writesContent = (step: CommitStep): boolean =>
  step.kind === 'create' ||
  (step.kind === 'apply' && step.group === 'content') ||
  (step.kind === 'delete' && step.command.kind === 'delete' && step.command.consumes === true)

/** The fact that any other step of the engine stands for. */
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
      throw new Error('what is added has a content, which is written first')
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

import type { Flag } from '@relais/proto/mail/v1/message.ts'
import { Flag as FlagCodec } from '@relais/proto/mail/v1/message.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import type { MailEvent } from '../events.ts'
import type { MessageFacts } from './message.ts'

/** MS-ASEMAIL 2.2.2.16: at most 300 categories; a text of at most 255 characters each. */
export const MAX_CATEGORIES = 300
export const MAX_CATEGORY_LENGTH = 255
/** A Flag's texts (MS-ASEMAIL 2.2.2.34); longer ones are refused. */
export const MAX_FLAG_TEXT = 1024

export type UpdateMessages = {
  readonly seen?: boolean
  /** null: clear. */
  readonly flag?: Flag | null
  readonly categories?: readonly string[]
}

/** Changes what differs: one event for each kind of change, naming all messages it concerns. */
export const decideUpdate = (
  messages: readonly MessageFacts[],
  change: UpdateMessages,
): readonly MailEvent[] => [
  ...decideSeen(messages, change.seen),
  ...decideFlag(messages, change.flag),
  ...decideCategories(messages, change.categories),
]

const decideSeen = (messages: readonly MessageFacts[], seen: boolean | undefined): readonly MailEvent[] => {
  const placements = messages.filter((message) => message.seen !== seen).map(placementOf)
  if (seen === undefined || placements.length === 0) return []
  return [{ type: 'MessagesMarkedSeen', payload: { placements, seen } }]
}

const decideFlag = (
  messages: readonly MessageFacts[],
  wanted: Flag | null | undefined,
): readonly MailEvent[] => {
  if (wanted === undefined) return []
  const flag = wanted === null ? undefined : requireFlag(wanted)
  const placements = messages.filter((message) => !sameFlag(message.flag, flag)).map(placementOf)
  return placements.length === 0 ? [] : [{ type: 'MessagesFlagged', payload: { placements, flag } }]
}

const decideCategories = (
  messages: readonly MessageFacts[],
  wanted: readonly string[] | undefined,
): readonly MailEvent[] => {
  if (wanted === undefined) return []
  const categories = requireCategories(wanted)
  const placements = messages
    .filter((message) => !sameCategories(message.categories, categories))
    .map(placementOf)
  return placements.length === 0 ? [] : [{ type: 'MessagesCategorized', payload: { placements, categories } }]
}

/** Messages that are in the target already stay where they are. */
export const decideMove = (messages: readonly MessageFacts[], to: string): readonly MailEvent[] =>
  byMailbox(messages.filter((message) => message.mailbox !== to)).map(([from, placements]) => ({
    type: 'MessagesMoved',
    payload: { placements, from, to },
  }))

export const decideCopy = (messages: readonly MessageFacts[], to: string): readonly MailEvent[] =>
  messages.length === 0
    ? []
    : [{ type: 'MessagesCopied', payload: { placements: messages.map(placementOf), to } }]

/** For good, or to the trash for what isn't there yet. */
export const decideDelete = (
  messages: readonly MessageFacts[],
  { toTrash }: { readonly toTrash: boolean },
): readonly MailEvent[] => {
  const trashed = toTrash ? messages.filter((message) => message.mailbox !== 'trash') : []
  const gone = toTrash ? messages.filter((message) => message.mailbox === 'trash') : messages
  return [...decideMove(trashed, 'trash'), ...byMailbox(gone).map(deleted)]
}

const deleted = ([mailbox, placements]: [string, number[]]): MailEvent => ({
  type: 'MessagesDeleted',
  payload: { placements, mailbox },
})

/** The owner replied to a message or forwarded it (1 reply, 2 reply to all, 3 forward). */
export const decideAnswered = (
  message: MessageFacts | undefined,
  { verb, at }: { readonly verb: number; readonly at: number },
): readonly MailEvent[] =>
  message ? [{ type: 'MessageAnswered', payload: { placement: message.placement, verb, at } }] : []

const placementOf = (message: MessageFacts) => message.placement

const byMailbox = (messages: readonly MessageFacts[]): [string, number[]][] =>
  [...Map.groupBy(messages, (message) => message.mailbox)].map(([mailbox, group]) => [
    mailbox,
    group.map(placementOf),
  ])

const FLAG_STATUSES = ['active', 'complete']

export const requireFlag = (flag: Flag): Flag => {
  if (!FLAG_STATUSES.includes(flag.status)) throw terminal('FLAG_INVALID', 'a flag is active or complete')
  const texts = [flag.type, flag.subject, flag.subOrdinalDate]
  if (texts.some((text) => text.length > MAX_FLAG_TEXT)) {
    throw terminal('FLAG_INVALID', `a flag's texts have at most ${MAX_FLAG_TEXT} characters`)
  }
  return flag
}

/** Trimmed, each once, in the order given. */
export const requireCategories = (categories: readonly string[]): string[] => {
  const unique = [...new Set(categories.map((category) => category.trim()))].filter((name) => name !== '')
  if (unique.length > MAX_CATEGORIES || unique.some((name) => name.length > MAX_CATEGORY_LENGTH)) {
    throw terminal(
      'CATEGORIES_INVALID',
      `a message has at most ${MAX_CATEGORIES} categories of at most ${MAX_CATEGORY_LENGTH} characters`,
    )
  }
  return unique
}

export const sameFlag = (a: Flag | undefined, b: Flag | undefined): boolean => {
  if (!a || !b) return a === b
  return Buffer.from(FlagCodec.encode(a).finish()).equals(FlagCodec.encode(b).finish())
}

const sameCategories = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((category, index) => category === b[index])

import type { Address, Envelope } from '@relais/proto/mail/v1/message.ts'
import { parseAddresses } from './address-list.ts'
import { parseDate, parseReceived } from './date.ts'
import { decodeWords, displayText } from './encoded-word.ts'
import { type Field, firstField, joinedFields } from './header-block.ts'
import { MAX_MESSAGE_ID, MAX_SUBJECT, type MimeLimits } from './limits.ts'
import { unfold } from './parameters.ts'
import { spend, type TextBudget } from './text-budget.ts'

/** What one header is read with. `hint`: the character set that 8-bit text without a name is taken for. */
export type HeaderReading = {
  readonly fields: readonly Field[]
  readonly limits: MimeLimits
  readonly budget: TextBudget
  readonly hint: string
}

const textOf = ({ fields, budget, hint }: HeaderReading, name: string): string =>
  spend(budget, displayText(decodeWords(unfold(firstField(fields, name) ?? ''), hint), MAX_SUBJECT))

const addressesOf = ({ fields, limits, budget, hint }: HeaderReading, name: string): Address[] => {
  const raw = joinedFields(fields, name, ',')
  if (raw === '') return []
  return parseAddresses(raw, limits.addresses, hint).filter(
    ({ name, address }) => spend(budget, name + address) !== '',
  )
}

const MESSAGE_ID = /<([^<>]*)>/g

/** Message ids with their brackets (RFC 5322 §3.6.4); what has none is an id by its first word. White space inside was a fold. */
export const messageIds = (raw: string, limit: number): string[] => {
  const bracketed = [...raw.slice(0, 256 * 1024).matchAll(MESSAGE_ID)].map((match) =>
    (match[1] as string).replace(/\s+/g, ''),
  )
  const found = bracketed.length > 0 ? bracketed : (raw.trim().split(/[\s,;<>]+/, limit) as string[])
  const ids = found.map((id) => displayText(id, MAX_MESSAGE_ID)).filter((id) => id !== '')
  return ids.length > limit ? [ids[0] as string, ...ids.slice(ids.length - limit + 1)] : ids
}

const idsOf = ({ fields, limits, budget }: HeaderReading, name: string): string[] =>
  messageIds(joinedFields(fields, name, ' '), limits.references)
    .map((id) => `<${id}>`)
    .filter((id) => spend(budget, id) !== '')

const IMPORTANCE = new Map<string, string>(
  Object.entries({
    high: 'high',
    urgent: 'high',
    low: 'low',
    'non-urgent': 'low',
  }),
)

/** Importance (RFC 2156), else Priority, else X-Priority 1 to 5, else X-MSMail-Priority. */
const importanceOf = (fields: readonly Field[]): string => {
  const word = (name: string): string | undefined =>
    IMPORTANCE.get((firstField(fields, name) ?? '').trim().toLowerCase())
  const grade = Number.parseInt(firstField(fields, 'x-priority') ?? '3', 10)
  const graded = grade === 1 || grade === 2 ? 'high' : grade === 4 || grade === 5 ? 'low' : undefined
  const stated = firstField(fields, 'importance')?.trim().toLowerCase() === 'normal' ? 'normal' : undefined
  return word('importance') ?? stated ?? word('priority') ?? graded ?? word('x-msmail-priority') ?? 'normal'
}

/** The envelope of a message from the fields of its header (RFC 5322 §3.6). */
export const readEnvelope = (reading: HeaderReading): Envelope => ({
  subject: textOf(reading, 'subject'),
  from: addressesOf(reading, 'from'),
  sender: addressesOf(reading, 'sender'),
  replyTo: addressesOf(reading, 'reply-to'),
  to: addressesOf(reading, 'to'),
  cc: addressesOf(reading, 'cc'),
  bcc: addressesOf(reading, 'bcc'),
  messageId: idsOf(reading, 'message-id')[0] ?? '',
  inReplyTo: idsOf(reading, 'in-reply-to')[0] ?? '',
  references: idsOf(reading, 'references'),
  date: parseDate(unfold(firstField(reading.fields, 'date') ?? '')),
  importance: importanceOf(reading.fields),
  readReceiptTo: addressesOf(reading, 'disposition-notification-to')[0]?.address ?? '',
})

export const emptyEnvelope = (): Envelope => ({
  subject: '',
  from: [],
  sender: [],
  replyTo: [],
  to: [],
  cc: [],
  bcc: [],
  messageId: '',
  inReplyTo: '',
  references: [],
  date: 0,
  importance: 'normal',
  readReceiptTo: '',
})

/** What delivery and threading need besides the envelope. */
export type DeliveryFields = {
  /** Milliseconds since 1970 from the topmost Received field; 0: none. */
  readonly received: number
  /** Thread-Topic, decoded. */
  readonly threadTopic: string
  /** Sent by a program (RFC 3834 Auto-Submitted, Precedence) or a list: never answered automatically. */
  readonly autoSubmitted: boolean
  /** RFC 2919, without brackets. */
  readonly listId: string
}

const isAutomatic = (fields: readonly Field[]): boolean => {
  const submitted = (firstField(fields, 'auto-submitted') ?? 'no').trim().toLowerCase()
  const precedence = (firstField(fields, 'precedence') ?? '').trim().toLowerCase()
  return !submitted.startsWith('no') || ['bulk', 'junk', 'list', 'auto_reply'].includes(precedence)
}

export const readDeliveryFields = (reading: HeaderReading): DeliveryFields => {
  const { fields } = reading
  const listId = firstField(fields, 'list-id')
  return {
    received: parseReceived(firstField(fields, 'received') ?? ''),
    threadTopic: textOf(reading, 'thread-topic'),
    autoSubmitted: isAutomatic(fields) || listId !== undefined,
    listId:
      listId === undefined
        ? ''
        : displayText(/<([^<>]{1,255})>/.exec(unfold(listId))?.[1] ?? unfold(listId), 255),
  }
}

import type { SqlValue } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { documentsBetween } from './document-order.ts'
import type { Bounds } from './texts.ts'

/** How an engine reads a JSON list of texts. */
type Listed = string

const mailboxesIn = (listed: Listed) => `(? = '' OR d.mailbox IN (${listed}))`

/** What a search knows of a document beside its texts. */
export const INDEXED_COLUMNS =
  'd.doc, d.item, d.received, d.with_attachment AS attachment, d.importance, d.sent, d.size'

/** Conditions on a document, for the values of {@link boundValues}. */
export const boundConditions = (listed: Listed): string =>
  `d.doc >= ? AND d.doc <= ? AND d.tenant = ? AND d.account = ? AND d.received > ? AND d.received < ?
   AND d.with_attachment >= ? AND ${mailboxesIn(listed)} AND (? = '' OR d.conversation = ?)
   AND d.text_message >= ? AND d.text_message <= ?`

/** `docs`: the first and the last document that are meant. */
export const boundValues = (
  { tenant, account }: AccountKey,
  bounds: Bounds,
  docs: readonly [first: number, last: number] = documentsBetween(bounds.after, bounds.before),
): readonly SqlValue[] => {
  const { after, before, withAttachment, mailboxes, conversation, kind } = bounds
  const wanted = mailboxes.length === 0 ? '' : JSON.stringify(mailboxes)
  return [
    ...[...docs, tenant, account, after, before, withAttachment ? 1 : 0],
    ...[wanted, wanted || '[]', conversation, conversation, kind === 'sms' ? 1 : 0, kind === 'mail' ? 0 : 1],
  ]
}

/** Nothing but words is asked for. */
export const isUnbounded = ({
  mailboxes,
  after,
  before,
  withAttachment,
  conversation,
  kind,
}: Bounds): boolean =>
  mailboxes.length === 0 &&
  after === 0 &&
  before === Number.MAX_SAFE_INTEGER &&
  !withAttachment &&
  conversation === '' &&
  kind === ''

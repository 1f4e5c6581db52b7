import type { ContentOptions, MailClient, SearchMessagesResponse } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import type { CommandContext } from '../commands/command.ts'
import type { ResultRange } from './result-range.ts'
import { sizeOf } from './result-range.ts'

/** A search in the phone's own mailbox. */
export type MailSearch = {
  readonly text: string
  /** Empty: all. */
  readonly classes: readonly string[]
  readonly collections: readonly string[]
  readonly after: number
  readonly before: number
  readonly conversation: Uint8Array
  readonly deep: boolean
  readonly range: ResultRange
  /** Undefined: without bodies. */
  readonly options: ContentOptions | undefined
  readonly signal?: AbortSignal
}

const NOTHING: SearchMessagesResponse = { messages: [], total: 0 }

/** The only class that is there. */
const EMAIL = 'email'

const isOfMail = (classes: readonly string[]): boolean =>
  classes.length === 0 || classes.some((name) => name.toLowerCase() === EMAIL)

/** Errors: MAILBOX_NOT_FOUND, CANCELLED by the signal. */
export const findMail = async (
  mail: MailClient<CallExtras>,
  { user: { tenant, account }, call }: CommandContext,
  search: MailSearch,
): Promise<SearchMessagesResponse> => {
  const { text, classes, collections, after, before, conversation, deep, range, options, signal } = search
  if (!isOfMail(classes)) return NOTHING
  const request = {
    ...{ tenant, account, query: text, mailboxes: [...collections], withChildren: deep, conversation },
    ...{ receivedAfter: after, receivedBefore: before, offset: range.first, limit: sizeOf(range), options },
  }
  return mail.searchMessages(request, { ...call, signal })
}

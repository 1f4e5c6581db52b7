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

/** What mail calls the classes that it has. */
const KINDS: Readonly<Record<string, string>> = { email: 'mail', sms: 'sms' }

/** '': all there is; undefined: nothing that mail has. */
const kindOf = (classes: readonly string[]): string | undefined => {
  const kinds = new Set(classes.flatMap((name) => KINDS[name.toLowerCase()] ?? []))
  if (classes.length === 0 || kinds.size > 1) return ''
  return [...kinds][0]
}

/** Errors: MAILBOX_NOT_FOUND, CANCELLED by the signal. */
export const findMail = async (
  mail: MailClient<CallExtras>,
  { user: { tenant, account }, call }: CommandContext,
  search: MailSearch,
): Promise<SearchMessagesResponse> => {
  const { text, classes, collections, after, before, conversation, deep, range, options, signal } = search
  const kind = kindOf(classes)
  if (kind === undefined) return NOTHING
  const request = {
    ...{ tenant, account, query: text, mailboxes: [...collections], withChildren: deep, conversation, kind },
    ...{ receivedAfter: after, receivedBefore: before, offset: range.first, limit: sizeOf(range), options },
  }
  return mail.searchMessages(request, { ...call, signal })
}

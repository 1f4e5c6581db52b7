import { ImportHeader, type ImportRequest } from '@relais/proto/mail/v1/mail.ts'
import { Flag, MessageState } from '@relais/proto/mail/v1/message.ts'
import type { MailFile, Marks } from './mail-file.ts'

export type ImportTarget = {
  readonly tenant: string
  readonly account: string
  /** Names of the mailbox below which everything goes; empty: at the top. */
  readonly below?: readonly string[]
}

/** What mail's Import call takes: for each message a header, then its chunks. */
export async function* importRequests(
  { tenant, account, below = [] }: ImportTarget,
  messages: AsyncIterable<MailFile>,
): AsyncGenerator<ImportRequest> {
  for await (const { path, marks, receivedAt, chunks } of messages) {
    const header = {
      tenant,
      account,
      path: [...below, ...path],
      state: stateOf(marks),
      receivedAt: receivedAt ?? 0,
    }
    yield { part: { $case: 'header', value: ImportHeader.fromPartial(header) } }
    for await (const chunk of chunks) yield { part: { $case: 'chunk', value: chunk } }
  }
}

const stateOf = ({ seen, draft, flagged, answered }: Marks): MessageState =>
  MessageState.fromPartial({
    seen,
    draft,
    flag: flagged ? Flag.fromPartial({ status: 'active', type: 'Flag for follow up' }) : undefined,
    lastVerb: answered ? 1 : 0,
  })

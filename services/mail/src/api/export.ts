import type { ExportRequest, ExportResponse } from '@relais/proto/mail/v1/mail.ts'
import { MessageContent } from '@relais/proto/mail/v1/message.ts'
import { isCoded, terminal } from '@relais/service-kit/errors.ts'
import { pathOf } from '../mailbox/mailbox.ts'
import type { AccountKey } from '../queries/account.ts'
import { loadHierarchy } from '../queries/mailboxes.ts'
import { stateOf } from '../queries/message.ts'
import { type MessageRow, messagesAfter } from '../queries/messages.ts'
import { openAccount } from './account-call.ts'
import type { HandlerCall, Handling } from './context.ts'

const PAGE = 100

/** Up to this size a message is read and verified before any of it is sent. */
const READ_WHOLE = 1024 * 1024

type Exporting = { readonly key: AccountKey; readonly call: HandlerCall; damaged: number }

/**
 * The messages of all mailboxes or of those named, the oldest placements first, with the very bytes that came in. What can't be read
 * is left out, and the call fails at its end to say so.
 */
export const exportMessages = (handling: Handling) =>
  async function* (request: ExportRequest, call: HandlerCall): AsyncGenerator<ExportResponse, void> {
    const key = await openAccount(handling, request, call)
    const exporting: Exporting = { key, call, damaged: 0 }
    await handling.streams.settled(key, call.deadline)
    const hierarchy = await handling.projector.store.snapshot((reader) => loadHierarchy(reader, key))
    const wanted = request.mailboxes.length > 0 ? request.mailboxes : [...hierarchy.mailboxes.keys()]
    for (const mailbox of wanted) {
      if (!hierarchy.mailboxes.has(mailbox)) throw terminal('MAILBOX_NOT_FOUND', 'there is no such mailbox')
      const path = [...pathOf(hierarchy, mailbox)]
      for await (const row of rowsOf(handling, key, mailbox))
        yield* exportMessage(handling, exporting, { path, row })
    }
    if (exporting.damaged > 0) {
      throw terminal(
        'EXPORT_INCOMPLETE',
        `${exporting.damaged} messages could not be read; all others were exported`,
      )
    }
  }

async function* rowsOf(
  { projector }: Handling,
  key: AccountKey,
  mailbox: string,
): AsyncGenerator<MessageRow, void> {
  for (let after = 0; ; ) {
    const rows = await messagesAfter(projector.store, key, { mailbox, after, limit: PAGE })
    yield* rows
    if (rows.length < PAGE) return
    after = rows.at(-1)!.placement
  }
}

type Exported = { readonly path: string[]; readonly row: MessageRow }

async function* exportMessage(
  { blobs, logger }: Handling,
  exporting: Exporting,
  { path, row }: Exported,
): AsyncGenerator<ExportResponse, void> {
  const { tenant, account } = exporting.key
  const { blob } = MessageContent.decode(row.content)
  let begun = false
  try {
    const chunks = row.size <= READ_WHOLE ? [await blobs.get(tenant, blob)] : blobs.stream(tenant, blob)
    for await (const chunk of chunks) {
      if (!begun) yield header(path, row)
      begun = true
      yield { part: { $case: 'chunk', value: chunk } }
    }
  } catch (error) {
    // Half a message can't be taken back; a store that is away isn't damage.
    if (begun || !isCoded(error) || error.retryable) throw error
    exporting.damaged++
    logger.error(
      { err: error, tenant, account, placement: row.placement, blob },
      'a message could not be exported',
    )
  }
}

const header = (path: string[], row: MessageRow): ExportResponse => ({
  part: {
    $case: 'header',
    value: {
      path,
      state: stateOf(row),
      receivedAt: row.received,
      size: row.size,
      envelopeSender: row.sender,
    },
  },
})

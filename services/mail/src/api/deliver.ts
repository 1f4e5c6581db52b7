import type {
  DeliverHeader,
  DeliverRecipient,
  DeliverRequest,
  DeliverResponse,
  DeliverResult,
} from '@relais/proto/mail/v1/mail.ts'
import { isCoded, terminal } from '@relais/service-kit/errors.ts'
import { commandIdOf } from '../commands/command-id.ts'
import type { MailEvent } from '../events.ts'
import { arrivingOf, contentOf } from '../ingest/content.ts'
import { type Ingested, ingest } from '../ingest/ingest.ts'
import { isRole } from '../mailbox/roles.ts'
import type { AccountKey } from '../queries/account.ts'
import { filedMailbox } from '../queries/conversations.ts'
import { hasMailbox } from '../queries/mailboxes.ts'
import { conversationOf } from '../queries/threads.ts'
import { requireService } from '../rights/rights.ts'
import {
  invalid,
  MAX_ADDRESS_LENGTH,
  MAX_ID_LENGTH,
  requireId,
  requireText,
  requireTime,
} from './arguments.ts'
import { readChunked } from './chunked.ts'
import type { HandlerCall, Handling } from './context.ts'

/**
 * One streaming pass stores and parses the message; then each recipient gets a commit under an id derived from the command's and
 * the account's, so that a repeated delivery is one. Durable when it answers. One blob serves all recipients of the tenant.
 */
export const deliver =
  (handling: Handling) =>
  async (requests: AsyncIterable<DeliverRequest>, call: HandlerCall): Promise<DeliverResponse> => {
    const { header, chunks } = await readChunked<DeliverHeader>(requests)
    requireService(call.identity, header.tenant)
    requireDelivery(handling, header)
    const message = await ingest(handling, { tenant: header.tenant, chunks })
    const results = header.recipients.map((recipient) =>
      deliverTo(handling, call, { header, message, recipient }).catch((error) =>
        refusal(handling, recipient, error),
      ),
    )
    return { results: await Promise.all(results) }
  }

type Delivery = {
  readonly header: DeliverHeader
  readonly message: Ingested
  readonly recipient: DeliverRecipient
}

const requireDelivery = ({ limits }: Handling, header: DeliverHeader) => {
  requireId(header.tenant, 'tenant')
  if (requireText(header.commandId, 'command id') === '') throw invalid('a delivery needs a command id')
  requireText(header.envelopeSender, 'envelope sender', MAX_ADDRESS_LENGTH)
  requireTime(header.receivedAt, 'the time of receipt')
  if (header.recipients.length === 0) throw invalid('a delivery has at least one recipient')
  if (header.recipients.length > limits.deliveryRecipients) throw invalid('too many recipients in one call')
  for (const { account, mailbox, envelopeRecipient } of header.recipients) {
    requireId(account, 'account')
    requireText(mailbox, 'mailbox', MAX_ID_LENGTH)
    requireText(envelopeRecipient, 'envelope recipient', MAX_ADDRESS_LENGTH)
  }
}

const deliverTo = async (
  handling: Handling,
  call: HandlerCall,
  delivery: Delivery,
): Promise<DeliverResult> => {
  const { header, message, recipient } = delivery
  const key = { tenant: header.tenant, account: recipient.account }
  const { active, quotaBytes } = await handling.accounts.get(key)
  if (!active) throw terminal('ACCOUNT_SUSPENDED', 'the account takes no mail')
  await handling.onboarding.ensure(key, call)
  const { size: bytes, id: blob } = message.blob
  const reservation = await handling.usage.reserve({ ...key, bytes, quotaBytes, blob })
  try {
    const position = await commit(handling, call, delivery)
    reservation.stored(position)
    return delivered(recipient, position)
  } catch (error) {
    reservation.release()
    throw error
  }
}

/** Deliveries commute; only what goes into a mailbox that its owner can delete needs to know that it is there. */
const commit = async (handling: Handling, call: HandlerCall, { header, message, recipient }: Delivery) => {
  const key = { tenant: header.tenant, account: recipient.account }
  const command = { ...key, call, commandId: commandIdOf(header.commandId, recipient.account) }
  const receivedAt = header.receivedAt || handling.clock()
  const conversation = await conversationOf(handling.projector.store, key, arrivingOf(message, receivedAt))
  const eventFor = (mailbox: string): MailEvent => ({
    type: 'MessageDelivered',
    payload: {
      mailbox,
      content: contentOf(message, { receivedAt, conversation }),
      state: undefined,
      envelopeSender: header.envelopeSender,
      envelopeRecipient: recipient.envelopeRecipient,
    },
  })
  const mailbox = await mailboxFor(handling, key, { asked: recipient.mailbox, conversation })
  if (isRole(mailbox)) return (await handling.streams.append(command, [eventFor(mailbox)])).position
  const { position } = await handling.streams.execute(command, {
    load: (reader) => hasMailbox(reader, key, mailbox),
    decide: (found) => [eventFor(found ? mailbox : 'inbox')],
  })
  return position
}

type Addressed = { readonly asked: string; readonly conversation: Uint8Array }

/** What would go to the inbox goes where the owner has filed its conversation. */
const mailboxFor = async (
  { projector }: Handling,
  key: AccountKey,
  { asked, conversation }: Addressed,
): Promise<string> => {
  if (asked !== '' && asked !== 'inbox') return asked
  return (await filedMailbox(projector.store, key, conversation)) ?? 'inbox'
}

const delivered = ({ account }: DeliverRecipient, position: number): DeliverResult => ({
  account,
  position,
  code: '',
  reason: '',
  retryable: false,
})

const refusal = ({ logger }: Handling, { account }: DeliverRecipient, error: unknown): DeliverResult => {
  if (isCoded(error)) {
    return { account, position: 0, code: error.code, reason: error.message, retryable: error.retryable }
  }
  logger.error({ err: error }, 'a delivery failed')
  return { account, position: 0, code: 'INTERNAL', reason: 'the delivery failed', retryable: true }
}

import type { SubmitHeader, SubmitRequest, SubmitResponse } from '@relais/proto/mail/v1/mail.ts'
import type { Reader } from '@relais/read-store'
import { terminal } from '@relais/service-kit/errors.ts'
import type { Command } from '../commands/streams.ts'
import type { Reservation } from '../commands/usage.ts'
import { arrivingOf, contentOf } from '../ingest/content.ts'
import { type Written, writeSubmission } from '../ingest/write-submission.ts'
import type { AccountKey } from '../queries/account.ts'
import { currentPlacement, messageFacts } from '../queries/messages.ts'
import { REPEATED_WITHIN_MS, recipientsSince, submittedAt, submittedWithId } from '../queries/submissions.ts'
import { conversationOf } from '../queries/threads.ts'
import { decideSubmit, RATE_WINDOW_MS, type SubmitMessage } from '../submission/decide.ts'
import { prepareSubmission } from '../submission/prepare.ts'
import { splitMessage } from '../submission/split-message.ts'
import { commandOf, openAccount } from './account-call.ts'
import { invalid, requireText } from './arguments.ts'
import { readChunked } from './chunked.ts'
import { composedMessage } from './compose-source.ts'
import type { HandlerCall, Handling } from './context.ts'

/**
 * Sends a message for its owner. The saved copy, the submission and the mark on an answered message are one commit; mail-transport
 * takes it from there. The same command id again sends nothing and answers with the first position.
 */
export const submit =
  (handling: Handling) =>
  async (requests: AsyncIterable<SubmitRequest>, call: HandlerCall): Promise<SubmitResponse> => {
    const { header, chunks } = await readChunked<SubmitHeader>(requests)
    if (header.commandId === '') throw invalid('a submission needs a command id')
    requireText(header.device, 'device')
    const key = await openAccount(handling, header, call)
    const command = commandOf(handling, key, deviceCall(call, header), header.commandId)
    await handling.streams.settled(key, call.deadline)
    const submitted = await submittedAt(handling.projector.store, key, command.commandId)
    if (submitted !== undefined) return { position: submitted, repeated: true }
    return send(handling, command, { header: await followed(handling, key, header), chunks })
  }

/** A message that was moved since the phone heard of it is answered where it is now. */
const followed = async (
  { projector }: Handling,
  key: AccountKey,
  header: SubmitHeader,
): Promise<SubmitHeader> => {
  const { source } = header
  if (!source) return header
  const placement = await currentPlacement(projector.store, key, source.placement)
  return placement === undefined ? header : { ...header, source: { ...source, placement } }
}

/** A device's submission doesn't wake the device. */
const deviceCall = (call: HandlerCall, { device }: SubmitHeader): HandlerCall => {
  if (device === '' || device === call.identity.actor.device) return call
  const identity = { ...call.identity, actor: { ...call.identity.actor, device } }
  return { ...call, identity }
}

type Sending = { readonly header: SubmitHeader; readonly chunks: AsyncIterable<Uint8Array> }

const send = async (
  handling: Handling,
  command: Command,
  { header, chunks }: Sending,
): Promise<SubmitResponse> => {
  const { accounts, limits, clock, ids } = handling
  const account = await accounts.get(command)
  if (!account.active) throw terminal('ACCOUNT_SUSPENDED', 'the account sends no mail')
  const message = await splitMessage(await composedMessage(handling, command, { header, chunks }))
  const prepared = prepareSubmission(message.fields, {
    account,
    envelope: { sender: header.envelopeSender, recipients: header.envelopeRecipients },
    now: clock(),
    newId: ids(),
    maxRecipients: limits.submissionRecipients,
  })
  const written = await writeSubmission(handling, { tenant: command.tenant, body: message.body, prepared })
  const reservation = header.saveInSent ? await roomFor(handling, command, written) : undefined
  return commit(handling, command, { header, written, reservation })
}

const roomFor = async ({ usage, accounts }: Handling, key: AccountKey, { saved }: Written) => {
  const { quotaBytes } = await accounts.get(key)
  const { tenant, account } = key
  return usage.reserve({ tenant, account, bytes: saved.blob.size, quotaBytes })
}

type Committing = {
  readonly header: SubmitHeader
  readonly written: Written
  readonly reservation: Reservation | undefined
}

const commit = async (
  handling: Handling,
  command: Command,
  { header, written, reservation }: Committing,
): Promise<SubmitResponse> => {
  const { streams, clock } = handling
  try {
    const message = await submissionOf(handling, command, { header, written })
    const source = header.source ? [header.source.placement] : []
    const { position, repeated, state } = await streams.execute(command, {
      load: async (reader) => ({
        submitted: await doneBefore(reader, command, { header, message, now: clock() }),
        recipientsOfLastHour: await recipientsSince(reader, command, clock() - RATE_WINDOW_MS),
        source: (await messageFacts(reader, command, source))[0],
      }),
      decide: (state) => decideSubmit(state, message),
      mailboxes: ({ source }) => (source ? [source.mailbox] : []),
    })
    reservation?.stored(position)
    return { position: state.submitted ?? position, repeated: repeated || state.submitted !== undefined }
  } catch (error) {
    reservation?.release()
    throw error
  }
}

type Asked = { readonly header: SubmitHeader; readonly message: SubmitMessage; readonly now: number }

/** The same command, or for phones the same message: some make a new command of it for a second try. */
const doneBefore = async (
  reader: Reader,
  command: Command,
  { header, message: { messageId }, now }: Asked,
): Promise<number | undefined> => {
  const done = await submittedAt(reader, command, command.commandId)
  if (done !== undefined || !header.messageIdOnce) return done
  return submittedWithId(reader, command, { messageId, after: now - REPEATED_WITHIN_MS })
}

const submissionOf = async (
  handling: Handling,
  key: AccountKey,
  { header, written }: Omit<Committing, 'reservation'>,
): Promise<SubmitMessage> => {
  const { accounts, limits, clock, projector } = handling
  const { prepared, sent, saved, bodyKind, smtputf8 } = written
  const at = clock()
  const conversation = await conversationOf(projector.store, key, arrivingOf(saved, at))
  return {
    blob: sent.id,
    size: sent.size,
    sender: prepared.sender,
    recipients: prepared.recipients,
    messageId: prepared.messageId,
    bodyKind,
    smtputf8,
    saved: header.saveInSent ? contentOf(saved, { receivedAt: at, conversation }) : undefined,
    verb: verbOf(header, prepared.addressees),
    at,
    recipientsPerHour: await accounts.setting(key, 'mail.sendRate', limits.recipientsPerHour),
  }
}

/** 1 reply, 2 reply to all, 3 forward; a phone says reply for both, and the addressees tell them apart. */
const verbOf = ({ source }: SubmitHeader, addressees: number): number => {
  if (!source) return 0
  if (source.verb === 'forward') return 3
  return addressees > 1 ? 2 : 1
}

import type { Appended } from '@relais/event-log'
import { terminal } from '@relais/service-kit/errors.ts'
import type { Handling } from '../api/context.ts'
import { writeDraft } from '../drafts/write-draft.ts'
import type { MailEvent } from '../events.ts'
import { arrivingOf, contentOf } from '../ingest/content.ts'
import { type Written, writeSubmission } from '../ingest/write-submission.ts'
import { recipientsSince, submittedAt } from '../queries/submissions.ts'
import { conversationOf } from '../queries/threads.ts'
import { decideSubmit, RATE_WINDOW_MS, type SubmitMessage } from '../submission/decide.ts'
import { prepareSubmission } from '../submission/prepare.ts'
import { splitMessage } from '../submission/split-message.ts'
import { type DraftStep, draftWriting, roomFor } from './draft-step.ts'

/**
 * Sends a draft (email2:Send): the sent copy, the submission and the end of the draft are one commit. A repeat finds what was sent.
 * Errors: those of a submission, QUOTA_EXCEEDED; ConflictError.
 */
export const sendDraft = async (handling: Handling, step: DraftStep): Promise<Appended> => {
  const { command, placement, base } = step
  if (placement !== 0 && !base) throw terminal('MESSAGE_NOT_FOUND', 'the draft is gone')
  const submitted = await submittedAt(handling.projector.store, command, command.commandId)
  if (submitted !== undefined) return { position: submitted, repeated: true }
  const written = await submissionOf(handling, step)
  const reservation = await roomFor(handling, command, written.saved.blob.size)
  try {
    const events = await eventsOf(handling, step, written)
    const appended = await handling.streams.append(command, events, { expected: step.expected })
    reservation.stored(appended.position)
    return appended
  } catch (error) {
    reservation.release()
    throw error
  }
}

const submissionOf = async (handling: Handling, step: DraftStep): Promise<Written> => {
  const { accounts, limits, clock, ids } = handling
  const { command } = step
  const account = await accounts.get(command)
  if (!account.active) throw terminal('ACCOUNT_SUSPENDED', 'the account sends no mail')
  const message = await splitMessage(writeDraft(draftWriting(handling, step, command.commandId)))
  const prepared = prepareSubmission(message.fields, {
    account,
    envelope: { sender: '', recipients: [] },
    now: clock(),
    newId: ids(),
    maxRecipients: limits.submissionRecipients,
  })
  return writeSubmission(handling, { tenant: command.tenant, body: message.body, prepared })
}

const eventsOf = async (
  handling: Handling,
  { command, placement, mailbox }: DraftStep,
  written: Written,
): Promise<MailEvent[]> => {
  const { projector, clock } = handling
  const message = await submitMessage(handling, command, written)
  const state = {
    submitted: undefined,
    recipientsOfLastHour: await recipientsSince(projector.store, command, clock() - RATE_WINDOW_MS),
    source: undefined,
  }
  const gone: MailEvent[] =
    placement === 0 ? [] : [{ type: 'MessagesDeleted', payload: { placements: [placement], mailbox } }]
  return [...decideSubmit(state, message), ...gone]
}

const submitMessage = async (
  { accounts, limits, clock, projector }: Handling,
  command: DraftStep['command'],
  { prepared, sent, saved, bodyKind, smtputf8 }: Written,
): Promise<SubmitMessage> => {
  const at = clock()
  const conversation = await conversationOf(projector.store, command, arrivingOf(saved, at))
  return {
    ...{ blob: sent.id, size: sent.size, bodyKind, smtputf8, verb: 0, at },
    sender: prepared.sender,
    recipients: prepared.recipients,
    messageId: prepared.messageId,
    saved: contentOf(saved, { receivedAt: at, conversation }),
    recipientsPerHour: await accounts.setting(command, 'mail.sendRate', limits.recipientsPerHour),
  }
}

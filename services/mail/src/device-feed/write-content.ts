import type { Appended } from '@relais/event-log'
import type { MessageContent } from '@relais/proto/mail/v1/message.ts'
import { MessageState } from '@relais/proto/mail/v1/message.ts'
import { isCoded, terminal } from '@relais/service-kit/errors.ts'
import type { CommitStep } from '@relais/sync-state'
import type { Handling } from '../api/context.ts'
import { TEXT_MESSAGE_KEYWORD } from '../drafts/text-message.ts'
import { writeDraft } from '../drafts/write-draft.ts'
import type { MailEvent } from '../events.ts'
import { arrivingOf, contentOf } from '../ingest/content.ts'
import { ingest } from '../ingest/ingest.ts'
import { storedMessage } from '../queries/message.ts'
import { messageRows } from '../queries/messages.ts'
import { conversationOf } from '../queries/threads.ts'
import { type DraftStep, draftWriting, roomFor } from './draft-step.ts'
import { asDevice, type FeedRequest } from './feed-request.ts'
import type { AskedMailbox } from './requests.ts'
import { sendDraft } from './send-draft.ts'

export type Writing = {
  readonly step: CommitStep
  readonly syncKey: string
  /** Position of the stream's head that the step was decided on. */
  readonly expected: number | undefined
  readonly mailbox: AskedMailbox
}

/** It may be sent later, but for that a phone needn't stop syncing. */
const TOO_MANY_NOW = 'SEND_RATE_EXCEEDED'

/**
 * Makes the commit of a step that writes a message: its bytes are stored first. What can't be done, however often it is tried, is
 * noted and refused. Throws ConflictError where somebody else was faster.
 */
export const writeContent = async (
  handling: Handling,
  request: FeedRequest,
  writing: Writing,
): Promise<Appended | 'refused'> => {
  const { step, mailbox } = writing
  try {
    return await write(handling, await draftStep(handling, request, writing))
  } catch (error) {
    if (!isCoded(error) || (error.retryable && error.code !== TOO_MANY_NOW)) throw error
    mailbox.refusals.set(step.command, error.code)
    return 'refused'
  }
}

const draftStep = async (
  { projector }: Handling,
  { key, call, device }: FeedRequest,
  { step, syncKey, expected, mailbox }: Writing,
): Promise<DraftStep> => {
  const { commandId } = step
  const placement = step.kind === 'create' ? 0 : step.row.id
  const [row] = placement === 0 ? [] : await messageRows(projector.store, key, [placement])
  return {
    command: { ...key, call: asDevice(call, device), commandId, syncKey },
    written: step.command as DraftStep['written'],
    mailbox: mailbox.request.collection,
    ...{ placement, expected },
    base: row && storedMessage(row),
  }
}

const write = (handling: Handling, step: DraftStep): Promise<Appended> => {
  const { written } = step
  if (written.kind === 'delete') return sendDraft(handling, step)
  if (written.kind === 'add' && written.isInvalid)
    throw terminal('INVALID_ARGUMENT', 'the message says what none can have')
  if (written.kind === 'add' && written.transient) return sendDraft(handling, step)
  return keep(handling, step)
}

const keep = async (handling: Handling, step: DraftStep): Promise<Appended> => {
  const { command, base, expected, mailbox } = step
  const digest = digestOf(step)
  const message = await ingest(handling, {
    tenant: command.tenant,
    chunks: writeDraft(draftWriting(handling, step, digest)),
  })
  const reservation = await roomFor(handling, command, message.blob.size)
  try {
    const receivedAt = receivedAtOf(step, handling.clock())
    const conversation =
      base?.content.conversation ??
      (await conversationOf(handling.projector.store, command, arrivingOf(message, receivedAt)))
    const content = { ...contentOf(message, { receivedAt, conversation }), written: writtenAs(step, digest) }
    const appended = await handling.streams.append(command, [eventOf(step, content, digest)], {
      ...{ mailboxes: [mailbox], expected },
    })
    reservation.stored(appended.position)
    return appended
  } catch (error) {
    reservation.release()
    throw error
  }
}

const digestOf = ({ written }: DraftStep): string => {
  if (written.kind === 'add') return written.digest
  return (written.kind === 'change' && written.changes.find(({ group }) => group === 'content')?.value) || ''
}

/** Files that a Change brings are called by us from now on: the device doesn't hold the draft as it is, and is told (tell). */
const writtenAs = ({ written }: DraftStep, digest: string): string =>
  written.kind === 'change' && (written.draft?.attached.length ?? 0) > 0 ? `${digest}+` : digest

const receivedAtOf = ({ base, written }: DraftStep, now: number): number =>
  base?.content.receivedAt ?? ((written.kind === 'add' && written.receivedAt) || now)

const eventOf = (
  { written, mailbox, placement, base }: DraftStep,
  content: MessageContent,
  digest: string,
): MailEvent => {
  if (base || written.kind !== 'add') return { type: 'DraftEdited', payload: { placement, content, digest } }
  const { seen, flag, categories } = written.wanted
  const { isTextMessage, clientId } = written
  const state = MessageState.create({
    ...{ seen, flag: flag ?? undefined, categories: [...(categories ?? [])] },
    ...{ draft: !isTextMessage, keywords: isTextMessage ? [TEXT_MESSAGE_KEYWORD] : [] },
  })
  const reason = isTextMessage ? 'sms' : 'draft'
  return {
    type: 'MessageStored',
    payload: { mailbox, content, state, reason, envelopeSender: '', clientId },
  }
}

import type { MoveConversationRequest, MoveConversationResponse } from '@relais/proto/mail/v1/mail.ts'
import { MAX_MESSAGES_PER_COMMIT } from '../commands/batches.ts'
import type { Command } from '../commands/streams.ts'
import { asDevice } from '../device-feed/feed-request.ts'
import { decideFiling, type FileConversation } from '../message/file-conversation.ts'
import { factsOfConversation, filedMailbox } from '../queries/conversations.ts'
import { hasMailbox } from '../queries/mailboxes.ts'
import { openAccount } from './account-call.ts'
import { invalid, requireId } from './arguments.ts'
import type { HandlerCall, Handling } from './context.ts'

const CONVERSATION_BYTES = 16

/**
 * In as many commits as it needs; done again, it goes on with what is left. Nobody's device is named in them: the one that asked doesn't know
 * what its messages are called now, and is told as all others.
 */
export const moveConversation =
  (handling: Handling) =>
  async (request: MoveConversationRequest, call: HandlerCall): Promise<MoveConversationResponse> => {
    const key = await openAccount(handling, request, call)
    const filing = requireFiling(request)
    for (let moved = 0; ; ) {
      const command = { ...key, call: asDevice(call, ''), commandId: handling.ids() }
      const { position, state } = await fileSome(handling, command, filing)
      moved += state.messages.length
      if (state.messages.length < MAX_MESSAGES_PER_COMMIT) return { moved, position }
    }
  }

const requireFiling = ({ conversation, to, always }: MoveConversationRequest): FileConversation => {
  if (conversation.length !== CONVERSATION_BYTES) throw invalid("a conversation isn't an id")
  return { conversation, to: requireId(to, 'mailbox'), always }
}

const fileSome = ({ streams }: Handling, command: Command, filing: FileConversation) =>
  streams.execute(command, {
    load: async (reader) => ({
      messages: await factsOfConversation(reader, command, { ...filing, limit: MAX_MESSAGES_PER_COMMIT }),
      filed: await filedMailbox(reader, command, filing.conversation),
      found: await hasMailbox(reader, command, filing.to),
    }),
    decide: (state) => decideFiling(state, filing),
  })

import { retryable } from '@relais/service-kit/errors.ts'
import type { MailEvent } from '../events.ts'
import type { Hierarchy } from '../mailbox/mailbox.ts'
import { decideDelete } from '../message/decide.ts'
import type { MessageFacts } from '../message/message.ts'
import { loadHierarchy } from '../queries/mailboxes.ts'
import { factsOfMailbox } from '../queries/messages.ts'
import { MAX_MESSAGES_PER_COMMIT } from './batches.ts'
import type { Command, MailStreams } from './streams.ts'

export type Clearing = {
  readonly mailbox: string
  /** False: for good. */
  readonly toTrash: boolean
}

/**
 * Takes all messages out of a mailbox, in as many commits as that needs; answers with the last position. Each has an id of its
 * own: done again after an interruption, it goes on with what is left.
 */
export const clearMailbox = async (
  streams: MailStreams,
  command: Command,
  { mailbox, toTrash, ids }: Clearing & { readonly ids: () => string },
): Promise<number> => {
  for (;;) {
    const { position, state } = await streams.execute(
      { ...command, commandId: ids() },
      {
        load: (reader) => factsOfMailbox(reader, command, { mailbox, limit: MAX_MESSAGES_PER_COMMIT }),
        decide: (messages) => decideDelete(messages, { toTrash }),
      },
    )
    if (state.length < MAX_MESSAGES_PER_COMMIT) return position
  }
}

export type MailboxDeletion = {
  readonly toTrash: boolean
  readonly ids: () => string
  /** Which mailboxes go, of the tree as it is then, the deepest first; throws where that is refused. */
  readonly choose: (hierarchy: Hierarchy) => readonly string[]
}

/** Clears mailboxes, then deletes them; what came in meanwhile goes with them in the same commit. */
export const deleteMailboxes = async (
  streams: MailStreams,
  command: Command,
  { choose, ...how }: MailboxDeletion & { readonly chosen: readonly string[] },
): Promise<number> => {
  for (const mailbox of how.chosen) await clearMailbox(streams, command, { ...how, mailbox })
  const { position } = await streams.execute(command, {
    load: async (reader) => {
      const mailboxes = choose(await loadHierarchy(reader, command))
      const left: MessageFacts[] = []
      for (const mailbox of mailboxes) {
        left.push(...(await factsOfMailbox(reader, command, { mailbox, limit: MAX_MESSAGES_PER_COMMIT })))
      }
      return { mailboxes, left }
    },
    decide: ({ mailboxes, left }) => {
      if (left.length >= MAX_MESSAGES_PER_COMMIT) throw stillFilled()
      return [...decideDelete(left, how), ...mailboxes.map(deleted)]
    },
  })
  return position
}

const deleted = (mailbox: string): MailEvent => ({ type: 'MailboxDeleted', payload: { mailbox } })

const stillFilled = () => retryable('CONFLICT', 'the mailbox was filled while it was deleted')

import type { MailServiceImplementation } from '@relais/proto/mail/v1/mail.ts'
import type { Call } from '@relais/service-kit/call.ts'
import type { Handling } from '../api/context.ts'
import { DeviceTurns } from './device-turns.ts'
import { estimateMessages } from './estimate-messages.ts'
import { moveMessages } from './move-messages.ts'
import { syncMailboxes } from './sync-mailboxes.ts'
import { syncMessages } from './sync-messages.ts'

type FeedCalls = 'moveMessages' | 'syncMailboxes' | 'syncMessages' | 'estimateMessages'

/** The calls that devices are synchronised with. */
export const createFeedHandlers = (handling: Handling): Pick<MailServiceImplementation<Call>, FeedCalls> => {
  const turns = new DeviceTurns()
  return {
    moveMessages: moveMessages(handling),
    syncMailboxes: syncMailboxes(handling),
    syncMessages: syncMessages(handling, turns),
    estimateMessages: estimateMessages(handling, turns),
  }
}

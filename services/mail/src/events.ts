import { defineEvents, type EventOf } from '@relais/event-log/events.ts'
import {
  AutomaticRepliesSet,
  AutomaticReplySent,
  CommandNoted,
  ConversationFiled,
  DraftEdited,
  MailboxCreated,
  MailboxDeleted,
  MailboxMoved,
  MailboxRenamed,
  MailErased,
  MessageAnswered,
  MessageDelivered,
  MessageStored,
  MessageSubmitted,
  MessagesCategorized,
  MessagesCopied,
  MessagesDeleted,
  MessagesFlagged,
  MessagesMarkedSeen,
  MessagesMoved,
} from '@relais/proto/mail/v1/events.ts'

/** Facts of an account's mail: stream <tenant>/<account>/mail. */
export const mailEvents = defineEvents({
  MailboxCreated: { version: 1, codec: MailboxCreated },
  MailboxRenamed: { version: 1, codec: MailboxRenamed },
  MailboxMoved: { version: 1, codec: MailboxMoved },
  MailboxDeleted: { version: 1, codec: MailboxDeleted },
  MessageDelivered: { version: 1, codec: MessageDelivered },
  MessageStored: { version: 1, codec: MessageStored },
  DraftEdited: { version: 1, codec: DraftEdited },
  MessagesMarkedSeen: { version: 1, codec: MessagesMarkedSeen },
  MessagesFlagged: { version: 1, codec: MessagesFlagged },
  MessagesCategorized: { version: 1, codec: MessagesCategorized },
  MessageAnswered: { version: 1, codec: MessageAnswered },
  MessagesMoved: { version: 1, codec: MessagesMoved },
  MessagesCopied: { version: 1, codec: MessagesCopied },
  MessagesDeleted: { version: 1, codec: MessagesDeleted },
  CommandNoted: { version: 1, codec: CommandNoted },
  MessageSubmitted: { version: 1, codec: MessageSubmitted },
  ConversationFiled: { version: 1, codec: ConversationFiled },
  AutomaticRepliesSet: { version: 1, codec: AutomaticRepliesSet },
  AutomaticReplySent: { version: 1, codec: AutomaticReplySent },
  MailErased: { version: 1, codec: MailErased },
})

export type MailEvent = EventOf<typeof mailEvents>

export const MAIL_SERVICE = 'mail'

/** Among a commit's collections: the account's tree of mailboxes changed. No mailbox has this id. */
export const HIERARCHY = 'mailboxes'

import { HIERARCHY, type MailEvent } from '../events.ts'

/**
 * Collections whose head a commit with these events moves: mailboxes, and the tree of mailboxes. Events that name placements only
 * (seen, flags, categories, answers) move the heads of `mailboxes`: where those messages are.
 */
export const touchedCollections = (
  events: readonly MailEvent[],
  mailboxes: readonly string[] = [],
): string[] => {
  const touched = new Set<string>()
  for (const event of events) for (const collection of touchedBy(event, mailboxes)) touched.add(collection)
  return [...touched]
}

const touchedBy = (event: MailEvent, mailboxes: readonly string[]): readonly string[] => {
  switch (event.type) {
    case 'MailboxCreated':
    case 'MailboxRenamed':
    case 'MailboxMoved':
    case 'MailboxDeleted':
      return [event.payload.mailbox, HIERARCHY]
    case 'MessageDelivered':
    case 'MessageStored':
    case 'MessagesDeleted':
      return [event.payload.mailbox]
    case 'MessagesMoved':
      return [event.payload.from, event.payload.to]
    case 'MessagesCopied':
      return [event.payload.to]
    case 'MessagesMarkedSeen':
    case 'MessagesFlagged':
    case 'MessagesCategorized':
    case 'MessageAnswered':
    case 'DraftEdited':
      return mailboxes
    case 'CommandNoted':
    case 'ConversationFiled':
    case 'MailErased':
    case 'MessageSubmitted':
    case 'AutomaticRepliesSet':
    case 'AutomaticReplySent':
      return []
  }
}

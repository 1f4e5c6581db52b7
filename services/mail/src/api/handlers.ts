import type { MailServiceImplementation } from '@relais/proto/mail/v1/mail.ts'
import type { Call } from '@relais/service-kit/call.ts'
import { createFeedHandlers } from '../device-feed/handlers.ts'
import { getHeads, getUsage } from './account.ts'
import { getAutomaticReplies, setAutomaticReplies } from './automatic-replies.ts'
import type { Handling } from './context.ts'
import { copyMessages } from './copy-messages.ts'
import { deliver } from './deliver.ts'
import { exportMessages } from './export.ts'
import { importMessages } from './import.ts'
import { createMailbox, deleteMailbox, emptyMailbox, listMailboxes, updateMailbox } from './mailboxes.ts'
import { deleteMessages, getMessages, listMessages, updateMessages } from './messages.ts'
import { moveConversation } from './move-conversation.ts'
import { readPart } from './read-part.ts'
import { searchMessages } from './search.ts'
import { submit } from './submit.ts'

export const createHandlers = (handling: Handling): MailServiceImplementation<Call> => ({
  ...createFeedHandlers(handling),
  deliver: deliver(handling),
  submit: submit(handling),
  import: importMessages(handling),
  export: exportMessages(handling),
  listMailboxes: listMailboxes(handling),
  createMailbox: createMailbox(handling),
  updateMailbox: updateMailbox(handling),
  deleteMailbox: deleteMailbox(handling),
  emptyMailbox: emptyMailbox(handling),
  getHeads: getHeads(handling),
  getUsage: getUsage(handling),
  listMessages: listMessages(handling),
  getMessages: getMessages(handling),
  readPart: readPart(handling),
  updateMessages: updateMessages(handling),
  copyMessages: copyMessages(handling),
  deleteMessages: deleteMessages(handling),
  searchMessages: searchMessages(handling),
  getAutomaticReplies: getAutomaticReplies(handling),
  setAutomaticReplies: setAutomaticReplies(handling),
  moveConversation: moveConversation(handling),
})

import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import { type CallExtras, isCoded } from '@relais/service-kit'
import type { CommandContext } from '../commands/command.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { bytesOf, child, has, textChild } from '../wbxml/read.ts'
import { FETCH_STATUS } from './fetch-request.ts'

type Mail = MailClient<CallExtras>

/** A mailbox of a hundred thousand messages goes in some hundred commits. What is done stays done if the phone gives up before. */
const FOLDER_TIMEOUT_MS = 5 * 60_000

const ID = 64
const CONVERSATION_BYTES = 16

type Statuses = Readonly<Record<string, number>>

const EMPTY_STATUSES: Statuses = {
  MAILBOX_NOT_FOUND: FETCH_STATUS.notFound,
  PERMISSION_DENIED: FETCH_STATUS.denied,
}

const MOVE_STATUSES: Statuses = {
  MAILBOX_NOT_FOUND: FETCH_STATUS.badDestination,
  MAILBOX_TAKES_NO_MAIL: FETCH_STATUS.badDestination,
  PERMISSION_DENIED: FETCH_STATUS.denied,
}

/** What passes ends the whole request: done again, it finds what is done already. */
const statusOf = async (work: () => Promise<unknown>, statuses: Statuses): Promise<number> => {
  try {
    await work()
    return FETCH_STATUS.ok
  } catch (error) {
    if (!isCoded(error) || error.retryable) throw error
    return statuses[error.code] ?? FETCH_STATUS.serverError
  }
}

const emptied = (
  mail: Mail,
  { user, call }: CommandContext,
  operation: WbxmlNode,
): Promise<number> | number => {
  const mailbox = textChild(operation, 'airsync:CollectionId', { max: ID })
  if (!mailbox) return FETCH_STATUS.protocolError
  const options = child(operation, 'itemoperations:Options')
  const withChildren = options !== undefined && has(options, 'itemoperations:DeleteSubFolders')
  const { tenant, account } = user
  const request = { tenant, account, mailbox, withChildren }
  return statusOf(() => mail.emptyMailbox(request, { ...call, timeoutMs: FOLDER_TIMEOUT_MS }), EMPTY_STATUSES)
}

/** EmptyFolderContents (MS-ASCMD 2.2.3.57): for good. */
export const emptyFolder = async (
  mail: Mail,
  context: CommandContext,
  operation: WbxmlNode,
): Promise<WbxmlNode> =>
  el('itemoperations:EmptyFolderContents', [
    el('itemoperations:Status', await emptied(mail, context, operation)),
    el('airsync:CollectionId', textChild(operation, 'airsync:CollectionId', { max: ID }) ?? ''),
  ])

/** Some clients send the bytes as they were told, some their base64. */
const conversationIn = (operation: WbxmlNode): Uint8Array | undefined => {
  const node = child(operation, 'itemoperations:ConversationId')
  return node && conversationOf(bytesOf(node))
}

/** The 16 bytes of a conversation's id, from themselves or their base64; undefined: it is none. */
export const conversationOf = (given: Uint8Array): Uint8Array | undefined => {
  if (given.length === CONVERSATION_BYTES) return given
  const decoded = given.length <= 32 ? Buffer.from(Buffer.from(given).toString('latin1'), 'base64') : given
  return decoded.length === CONVERSATION_BYTES ? decoded : undefined
}

const moved = (
  mail: Mail,
  { user, call }: CommandContext,
  operation: WbxmlNode,
): Promise<number> | number => {
  const conversation = conversationIn(operation)
  const to = textChild(operation, 'itemoperations:DstFldId', { max: ID })
  if (!conversation || !to) return FETCH_STATUS.protocolError
  const options = child(operation, 'itemoperations:Options')
  // MS-ASCMD 2.2.3.118: a conversation is moved for always, or not at all.
  if (!options || !has(options, 'itemoperations:MoveAlways')) return FETCH_STATUS.noMoveAlways
  const { tenant, account } = user
  const request = { tenant, account, conversation, to, always: true }
  return statusOf(
    () => mail.moveConversation(request, { ...call, timeoutMs: FOLDER_TIMEOUT_MS }),
    MOVE_STATUSES,
  )
}

/** Move of a conversation (MS-ASCMD 2.2.3.117.1): what there is of it, and what comes. */
export const moveConversation = async (
  mail: Mail,
  context: CommandContext,
  operation: WbxmlNode,
): Promise<WbxmlNode> => {
  const conversation = child(operation, 'itemoperations:ConversationId')
  return el('itemoperations:Move', [
    el('itemoperations:Status', await moved(mail, context, operation)),
    el('itemoperations:ConversationId', conversation ? bytesOf(conversation) : ''),
  ])
}

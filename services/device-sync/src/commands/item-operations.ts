import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { fetchElement, Parts } from '../fetch/fetch-answer.ts'
import { fetchAttachment } from '../fetch/fetch-attachment.ts'
import { type FetchedMessages, messageElement, readMessages } from '../fetch/fetch-messages.ts'
import { FETCH_STATUS, type FetchRequest, readFetch } from '../fetch/fetch-request.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { bytesOf, child, childrenOf, textChild } from '../wbxml/read.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'
import { StatusError } from './status-error.ts'

export type ItemOperationsDeps = { readonly mail: MailClient<CallExtras> }

/** [CMD 5646]: more is no valid document. */
const MAX_OPERATIONS = 100
const INVALID_XML = 103

const operationsOf = ({ body }: CommandContext): readonly WbxmlNode[] => {
  const operations = body ? childrenOf(body) : []
  if (operations.length === 0) throw new ValueError('itemoperations:ItemOperations', 'asks for nothing')
  if (operations.length > MAX_OPERATIONS) throw new StatusError(INVALID_XML, 'too many operations')
  return operations
}

const fetchesIn = (operations: readonly WbxmlNode[]): readonly FetchRequest[] =>
  operations.filter(({ tag }) => tag === 'itemoperations:Fetch').map(readFetch)

/** Operations that change folders aren't served here; each is answered for itself, in the schema's order. */
const refusals = (operations: readonly WbxmlNode[]): readonly WbxmlNode[] => [
  ...operations.filter(({ tag }) => tag === 'itemoperations:Move').map(refusedMove),
  ...operations.filter(({ tag }) => tag === 'itemoperations:EmptyFolderContents').map(refusedEmpty),
]

const denied = el('itemoperations:Status', FETCH_STATUS.denied)

const refusedEmpty = (operation: WbxmlNode): WbxmlNode =>
  el('itemoperations:EmptyFolderContents', [
    denied,
    el('airsync:CollectionId', textChild(operation, 'airsync:CollectionId', { max: 64 }) ?? ''),
  ])

const refusedMove = (operation: WbxmlNode): WbxmlNode => {
  const conversation = child(operation, 'itemoperations:ConversationId')
  return el('itemoperations:Move', [
    denied,
    el('itemoperations:ConversationId', conversation ? bytesOf(conversation) : ''),
  ])
}

type Fetching = {
  readonly mail: MailClient<CallExtras>
  readonly context: CommandContext
  readonly messages: FetchedMessages
  readonly parts: Parts | undefined
}

const fetchOne = async (
  { mail, context, messages, parts }: Fetching,
  fetch: FetchRequest,
): Promise<WbxmlNode> => {
  if (fetch.kind === 'refused') return fetchElement(fetch.status, fetch.names, undefined)
  if (fetch.kind === 'attachment') return fetchAttachment(mail, context, fetch, parts)
  return messageElement(context, fetch, messages.get(fetch), parts)
}

/** One after the other: parts are numbered in the order of the request. */
const fetchAll = async (
  fetching: Fetching,
  fetches: readonly FetchRequest[],
): Promise<readonly WbxmlNode[]> => {
  const elements: WbxmlNode[] = []
  for (const fetch of fetches) elements.push(await fetchOne(fetching, fetch))
  return elements
}

const run = async ({ mail }: ItemOperationsDeps, context: CommandContext): Promise<CommandAnswer> => {
  const operations = operationsOf(context)
  const fetches = fetchesIn(operations)
  const messages = await readMessages(
    mail,
    context,
    fetches.filter((fetch) => fetch.kind === 'message'),
  )
  const parts = context.line.acceptMultipart ? new Parts() : undefined
  const elements = await fetchAll({ mail, context, messages, parts }, fetches)
  const root = el('itemoperations:ItemOperations', [
    el('itemoperations:Status', FETCH_STATUS.ok),
    el('itemoperations:Response', [...refusals(operations), ...elements]),
  ])
  return parts ? { kind: 'multipart', root, parts: parts.list } : answer(root)
}

/** ItemOperations (MS-ASCMD 2.2.1.10): Fetch of messages and attachments, inline or as parts. */
export const createItemOperations = (deps: ItemOperationsDeps): Command => ({
  name: 'ItemOperations',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})

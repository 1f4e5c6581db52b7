import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { fetchElement, Parts } from '../fetch/fetch-answer.ts'
import { fetchAttachment } from '../fetch/fetch-attachment.ts'
import { type FetchedMessages, messageElement, readMessages } from '../fetch/fetch-messages.ts'
import { FETCH_STATUS, type FetchRequest, readFetch } from '../fetch/fetch-request.ts'
import { emptyFolder, moveConversation } from '../fetch/folder-operations.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { childrenOf } from '../wbxml/read.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'
import { StatusError } from './status-error.ts'

export type ItemOperationsDeps = { readonly mail: MailClient<CallExtras> }

/** [CMD 5646]: more is no valid document. */
const MAX_OPERATIONS = 100
const INVALID_XML = 103

const FETCH = 'itemoperations:Fetch'
const EMPTY = 'itemoperations:EmptyFolderContents'
const MOVE = 'itemoperations:Move'

const KINDS: ReadonlySet<string> = new Set([FETCH, EMPTY, MOVE])

const operationsOf = ({ body }: CommandContext): readonly WbxmlNode[] => {
  const operations = (body ? childrenOf(body) : []).filter(({ tag }) => KINDS.has(tag))
  if (operations.length === 0) throw new ValueError('itemoperations:ItemOperations', 'asks for nothing')
  if (operations.length > MAX_OPERATIONS) throw new StatusError(INVALID_XML, 'too many operations')
  return operations
}

/** Fetches that stand side by side are read together; what changes folders is done between those before and after it. */
type Step =
  | { readonly kind: 'fetch'; readonly fetches: readonly FetchRequest[] }
  | { readonly kind: 'change'; readonly operation: WbxmlNode }

/** All requests are read before anything is done: what can't be read changes nothing. */
const stepsOf = (operations: readonly WbxmlNode[]): readonly Step[] => {
  const steps: Step[] = []
  for (const operation of operations) {
    const last = steps.at(-1)
    if (operation.tag !== FETCH) steps.push({ kind: 'change', operation })
    else if (last?.kind !== 'fetch') steps.push({ kind: 'fetch', fetches: [readFetch(operation)] })
    else steps[steps.length - 1] = { kind: 'fetch', fetches: [...last.fetches, readFetch(operation)] }
  }
  return steps
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
  return messageElement(mail, context, { fetch, message: messages.get(fetch), parts })
}

type Doing = Omit<Fetching, 'messages'>

/** One after the other: parts are numbered in the order of the request. */
const fetchAll = async (doing: Doing, fetches: readonly FetchRequest[]): Promise<readonly WbxmlNode[]> => {
  const ofMessages = fetches.filter((fetch) => fetch.kind === 'message')
  const messages = await readMessages(doing.mail, doing.context, ofMessages)
  const elements: WbxmlNode[] = []
  for (const fetch of fetches) elements.push(await fetchOne({ ...doing, messages }, fetch))
  return elements
}

const doStep = (doing: Doing, step: Step): Promise<readonly WbxmlNode[]> => {
  if (step.kind === 'fetch') return fetchAll(doing, step.fetches)
  const change = step.operation.tag === MOVE ? moveConversation : emptyFolder
  return change(doing.mail, doing.context, step.operation).then((element) => [element])
}

/** The schema's order, whatever the request's. */
const inOrder = (elements: readonly WbxmlNode[]): readonly WbxmlNode[] =>
  [MOVE, EMPTY, FETCH].flatMap((kind) => elements.filter(({ tag }) => tag === kind))

const run = async ({ mail }: ItemOperationsDeps, context: CommandContext): Promise<CommandAnswer> => {
  const parts = context.line.acceptMultipart ? new Parts() : undefined
  const elements: WbxmlNode[] = []
  for (const step of stepsOf(operationsOf(context)))
    elements.push(...(await doStep({ mail, context, parts }, step)))
  const root = el('itemoperations:ItemOperations', [
    el('itemoperations:Status', FETCH_STATUS.ok),
    el('itemoperations:Response', inOrder(elements)),
  ])
  return parts ? { kind: 'multipart', root, parts: parts.list } : answer(root)
}

/** ItemOperations (MS-ASCMD 2.2.1.10): Fetch of messages and attachments, inline or as parts; folders emptied; conversations moved. */
export const createItemOperations = (deps: ItemOperationsDeps): Command => ({
  name: 'ItemOperations',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})

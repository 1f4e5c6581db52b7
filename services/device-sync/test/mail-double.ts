import {
  type EmptyMailboxRequest,
  type GetAutomaticRepliesRequest,
  type GetHeadsRequest,
  type GetMessagesRequest,
  MailDefinition,
  Message,
  type MoveConversationRequest,
  type ReadPartRequest,
  type ReadPartResponse,
  type SearchMessagesRequest,
  type SetAutomaticRepliesRequest,
  type SubmitHeader,
  type SubmitRequest,
  type SyncMailboxesRequest,
  type SyncMailboxesResponse,
} from '@relais/proto/mail/v1/mail.ts'
import { AutomaticReplies } from '@relais/proto/mail/v1/message.ts'
import { type Call, type Identity, type RelaisError, type ServiceClient, terminal } from '@relais/service-kit'
import { doubleClient } from './double-client.ts'

export type TestPart = { readonly type: string; readonly bytes: Buffer }

/** What a mail service answers, over the local transport: device-sync can't import the real one. */
export type MailDouble = {
  readonly client: ServiceClient<typeof MailDefinition>
  readonly submitted: { readonly header: SubmitHeader; readonly mime: Buffer; readonly chunks: number }[]
  readonly messages: Map<number, Message>
  /** By `placement/part`. */
  readonly parts: Map<string, TestPart>
  /** Answers of SyncMailboxes by `after`. */
  readonly hierarchy: Map<number, SyncMailboxesResponse>
  /** The same where a test works them out. */
  hierarchyOf: ((after: number) => SyncMailboxesResponse) | undefined
  /** What a search finds, whatever it asks for. */
  found: { messages: readonly Message[]; total: number }
  readonly searches: SearchMessagesRequest[]
  /** Told when a search has begun; it goes on once this resolves, or its call is given up. */
  searching: ((signal: AbortSignal) => Promise<void>) | undefined
  readonly emptied: EmptyMailboxRequest[]
  readonly movedConversations: MoveConversationRequest[]
  replies: AutomaticReplies
  readonly calls: string[]
  /** For whom each call was made, and about whose mail. */
  readonly callers: { readonly identity: Identity; readonly tenant: string; readonly account: string }[]
  lastGetMessages: GetMessagesRequest | undefined
  failure: RelaisError | undefined
  /** Nothing will ever change: heads can be told. */
  standsStill: boolean
  /** Bytes of a part after which reading it fails. */
  breakAfter: number
}

const noHierarchy: SyncMailboxesResponse = { changes: [], removed: [], position: 0, stale: false }

async function* readPart(double: MailDouble, request: ReadPartRequest): AsyncGenerator<ReadPartResponse> {
  double.calls.push('readPart')
  if (double.failure) throw double.failure
  const part = double.parts.get(`${request.placement}/${request.asText ? 'text' : request.part}`)
  if (!part) throw terminal('PART_NOT_FOUND', 'no such part')
  const { type, bytes } = part
  yield { part: { $case: 'header', value: { type, name: '', total: bytes.length } } }
  const end = request.length === 0 ? bytes.length : request.offset + request.length
  const content = bytes.subarray(request.offset, end)
  for (let at = 0; at < content.length; at += 65_536) {
    if (at > double.breakAfter) throw terminal('BLOB_DAMAGED', 'broken in the middle')
    yield { part: { $case: 'chunk', value: content.subarray(at, at + 65_536) } }
  }
}

const submit = async (double: MailDouble, requests: AsyncIterable<SubmitRequest>) => {
  double.calls.push('submit')
  if (double.failure) throw double.failure
  let header: SubmitHeader | undefined
  const chunks: Uint8Array[] = []
  for await (const { part } of requests)
    if (part?.$case === 'header') header = part.value
    else if (part?.$case === 'chunk') chunks.push(part.value)
  if (!header) throw terminal('INVALID_ARGUMENT', 'no header')
  const { commandId } = header
  const before = double.submitted.findIndex((one) => one.header.commandId === commandId)
  if (before >= 0) return { position: before + 1, repeated: true }
  double.submitted.push({ header, mime: Buffer.concat(chunks), chunks: chunks.length })
  return { position: double.submitted.length, repeated: false }
}

const getMessages = async (double: MailDouble, request: GetMessagesRequest) => {
  double.calls.push('getMessages')
  double.lastGetMessages = request
  if (double.failure) throw double.failure
  const named = [...request.placements, ...request.items]
  const messages = named.flatMap((name) => double.messages.get(name) ?? [])
  return { messages, position: 1 }
}

const searched = async (double: MailDouble, request: SearchMessagesRequest, call: Call) => {
  double.calls.push('searchMessages')
  double.searches.push(request)
  if (double.failure) throw double.failure
  await double.searching?.((call as Call & { signal: AbortSignal }).signal)
  return { messages: [...double.found.messages], total: double.found.total }
}

const changed = async (double: MailDouble) => {
  if (double.failure) throw double.failure
  return { position: 1, moved: 1 }
}

const heads = ({ standsStill }: MailDouble, { accounts }: GetHeadsRequest) => {
  if (!standsStill) throw terminal('UNIMPLEMENTED', 'heads change here without a notice')
  const collections = [{ collection: 'inbox', head: 1 }]
  return { accounts: accounts.map((account) => ({ ...account, collections, hierarchy: 0 })) }
}

const syncMailboxes = async (double: MailDouble, { after }: SyncMailboxesRequest) => {
  double.calls.push('syncMailboxes')
  if (double.failure) throw double.failure
  if (double.hierarchyOf) return double.hierarchyOf(after)
  return double.hierarchy.get(after) ?? { ...noHierarchy, position: after }
}

export const createMailDouble = (): MailDouble => {
  const noted = <Request extends { tenant: string; account: string }>(
    request: Request,
    { identity }: Call,
  ): Request => {
    double.callers.push({ identity, tenant: request.tenant, account: request.account })
    return request
  }
  const implementation = {
    submit: async (requests: AsyncIterable<SubmitRequest>, { identity }: Call) => {
      const answer = await submit(double, requests)
      const header = double.submitted.at(-1)?.header
      if (header) double.callers.push({ identity, tenant: header.tenant, account: header.account })
      return answer
    },
    getAutomaticReplies: async (request: GetAutomaticRepliesRequest, call: Call) => {
      noted(request, call)
      if (double.failure) throw double.failure
      return { replies: double.replies, answered: 0, position: 1 }
    },
    setAutomaticReplies: async (request: SetAutomaticRepliesRequest, call: Call) => {
      noted(request, call)
      if (double.failure) throw double.failure
      const { inside, outsideKnown, outsideUnknown, ...times } = request.replies!
      const before = double.replies
      double.replies = {
        ...times,
        inside: inside ?? before.inside,
        outsideKnown: outsideKnown ?? before.outsideKnown,
        outsideUnknown: outsideUnknown ?? before.outsideUnknown,
      }
      return { position: 1 }
    },
    getMessages: (request: GetMessagesRequest, call: Call) => getMessages(double, noted(request, call)),
    searchMessages: (request: SearchMessagesRequest, call: Call) =>
      searched(double, noted(request, call), call),
    emptyMailbox: (request: EmptyMailboxRequest, call: Call) => {
      double.calls.push('emptyMailbox')
      double.emptied.push(noted(request, call))
      return changed(double)
    },
    moveConversation: (request: MoveConversationRequest, call: Call) => {
      double.calls.push('moveConversation')
      double.movedConversations.push(noted(request, call))
      return changed(double)
    },
    getHeads: async (request: GetHeadsRequest) => heads(double, request),
    readPart: (request: ReadPartRequest, call: Call) => readPart(double, noted(request, call)),
    syncMailboxes: (request: SyncMailboxesRequest, call: Call) => syncMailboxes(double, noted(request, call)),
  }
  const double: MailDouble = {
    client: doubleClient(MailDefinition, implementation),
    submitted: [],
    messages: new Map(),
    parts: new Map(),
    hierarchy: new Map(),
    hierarchyOf: undefined,
    found: { messages: [], total: 0 },
    searches: [],
    searching: undefined,
    emptied: [],
    movedConversations: [],
    replies: AutomaticReplies.create({ state: 'off' }),
    calls: [],
    callers: [],
    lastGetMessages: undefined,
    failure: undefined,
    standsStill: false,
    breakAfter: Number.POSITIVE_INFINITY,
  }
  return double
}

/** A short message to test with; whatever `change` says differs. */
export const testMessage = (
  placement: number,
  change: Parameters<typeof Message.fromPartial>[0] = {},
): Message =>
  Message.fromPartial({
    placement,
    item: placement,
    mailbox: 'inbox',
    envelope: {
      subject: 'Re: Lunch',
      from: [{ name: 'Ann Bell', address: 'ann@example.org' }],
      to: [{ name: '', address: 'mike@example.org' }],
      importance: 'normal',
      date: Date.UTC(2026, 0, 5, 8, 59),
    },
    state: { seen: false },
    receivedAt: Date.UTC(2026, 0, 5, 9),
    size: 1_000,
    conversation: Buffer.alloc(16, 7),
    nativeBody: 'plain',
    kind: 'note',
    body: { type: 'plain', estimatedSize: 5, truncated: false, data: Buffer.from('Hello') },
    ...change,
  })

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BlockList } from 'node:net'
import { activeTraceparent, type CallExtras, isCoded, terminal } from '@relais/service-kit'
import type { Command, CommandContext, CommandOutcome } from '../commands/command.ts'
import { roots } from '../commands/roots.ts'
import { StatusError } from '../commands/status-error.ts'
import { type DeviceRows, decidedOn } from '../devices/device-rows.ts'
import type { DeviceRef } from '../held/held-requests.ts'
import { countsByCommand, type Seen } from '../looping/device-loops.ts'
import { fingerprintOf, type Loops } from '../looping/loops.ts'
import { narrowed, narrowWindow, onlyItem, STUB_AFTER, withStub } from '../looping/stuck-item.ts'
import { elementsOf } from '../requests/request-elements.ts'
import { understood } from '../requests/understood.ts'
import type { Traces } from '../tracing/traces.ts'
import { type AskedCollection, askedCollections } from '../versions/older-answer.ts'
import { inNewerWords } from '../versions/older-request.ts'
import { bodyIsMessage, messageDocument } from '../versions/raw-message.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import { decodeWbxml } from '../wbxml/decode.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { type AdmissionDeps, type Arrival, admitDevice, admitUser, type Visitor } from './admission.ts'
import { type Body, type BodyOptions, readBody } from './body.ts'
import type { ByteBudget } from './byte-budget.ts'
import { clientAddress } from './client-address.ts'
import type { EasEndpointConfig } from './endpoint-config.ts'
import { isEasVersion, SUPPORTED_VERSIONS, versionsOf } from './protocol.ts'
import { parseRequestLine, type RequestLine } from './request-line.ts'
import type { Place } from './request-places.ts'
import { traceRequest } from './trace-post.ts'

export type PostDeps = AdmissionDeps & {
  readonly commands: ReadonlyMap<string, Command>
  readonly budget: ByteBudget
  readonly proxies: BlockList
  readonly config: EasEndpointConfig
  readonly loops: Loops
  readonly traces: Traces
  readonly clock: () => number
}

/** Who makes a request, as it says itself and as the network says. */
export type Caller = { readonly authorization: string | undefined; readonly address: string }

/** What is known of a request so far; failures are told by it. */
export type Post = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly correlation: string
  command?: string
  version?: EasVersion
  /** Of a Sync before 12.1. */
  asked?: readonly AskedCollection[]
  /** That it says it is, once its user is known. */
  device?: DeviceRef
  /** Of the device, once it was let in. */
  rows?: DeviceRows
  /** Once it has waited: the head of the request isn't there any more. */
  caller?: Caller
  /** Of the failure that it ended in. */
  failed?: string
  /** Of the request; an answer after a wait is linked to it. */
  readonly traceparent: string
}

export const newPost = (request: IncomingMessage, response: ServerResponse): Post => ({
  request,
  response,
  correlation: randomUUID(),
  traceparent: activeTraceparent(),
})

const headerOf = (request: IncomingMessage, name: string): string => {
  const value = request.headers[name]
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '')
}

/** "14.1" → 141. Without the header a client is of the time before it existed: 2.5. */
const headerVersion = (request: IncomingMessage): number => {
  const header = headerOf(request, 'ms-asprotocolversion').trim()
  if (header === '') return 25
  return /^\d{1,2}\.\d$/.test(header) ? Number(header.replace('.', '')) : 0
}

const policyKeyOf = (request: IncomingMessage): number | undefined => {
  const header = headerOf(request, 'x-ms-policykey').trim()
  return /^\d{1,10}$/.test(header) ? Number(header) : undefined
}

/** With a base64 query these headers aren't used (MS-ASHTTP 2.2.1.1.1.1). */
const lineOf = (request: IncomingMessage, query: string): RequestLine => {
  const line = parseRequestLine(query)
  if (line.version !== undefined) return line
  const acceptMultipart = headerOf(request, 'ms-asacceptmultipart').trim().toUpperCase() === 'T'
  return { ...line, version: headerVersion(request), policyKey: policyKeyOf(request), acceptMultipart }
}

const versionOf = ({ version = 0 }: RequestLine): EasVersion => {
  if (isEasVersion(version)) return version
  throw terminal('VERSION_NOT_SUPPORTED', 'this protocol version is not served')
}

const isIn = (version: EasVersion, { since, until }: ReturnType<typeof versionsOf>): boolean =>
  since <= version && version <= until

const commandOf = (commands: PostDeps['commands'], line: RequestLine, version: EasVersion): Command => {
  const found = commands.get(line.command)
  if (!found || !isIn(version, versionsOf(line.command)))
    throw terminal('COMMAND_NOT_SUPPORTED', 'this command is not served in this version')
  return found
}

const typeOf = (request: IncomingMessage): string => headerOf(request, 'content-type').trim().toLowerCase()

/** Before 12.1 a Sync says everything. */
const EMPTY_SYNC_SINCE: EasVersion = 121

const mayBeEmpty = ({ name, emptyBody }: Command, version: EasVersion): boolean =>
  emptyBody && (name !== 'Sync' || version >= EMPTY_SYNC_SINCE)

/** [CMD 4813]: before 14.0 a message comes as it is. */
const messageIn = ({ command, line }: Identified, bytes: Buffer, type: string): WbxmlNode => {
  if (bytes.length === 0 || type.startsWith('application/vnd.ms-sync'))
    throw terminal('INVALID_CONTENT', 'WBXML or nothing where a message belongs')
  return messageDocument(command.name, line, bytes)
}

const documentIn = ({ command, version, visitor }: Identified, bytes: Buffer, type: string): WbxmlNode => {
  // [CMD 4813]: messages as they are were for clients before 14.0.
  if (type.startsWith('message/rfc822')) throw terminal('INVALID_CONTENT', 'a message where WBXML belongs')
  const root = decodeWbxml(bytes)
  if (root.tag !== roots.get(command.name)?.root)
    throw terminal('WRONG_ROOT', "the document isn't this command's")
  const request = understood(root, { version, elements: elementsOf(command.name) })
  return inNewerWords(request, { version, family: visitor.family })
}

const treeOf = (identified: Identified, { bytes }: Body, request: IncomingMessage): WbxmlNode | undefined => {
  const { command, version } = identified
  if (bodyIsMessage(command.name, version)) return messageIn(identified, bytes, typeOf(request))
  if (bytes.length > 0) return documentIn(identified, bytes, typeOf(request))
  if (mayBeEmpty(command, version)) return undefined
  throw terminal('INVALID_CONTENT', 'a request without its body')
}

/** Who asks what. */
type Identified = {
  readonly command: Command
  readonly correlation: string
  readonly line: RequestLine
  readonly version: EasVersion
  readonly visitor: Visitor
}

const contextOf = (
  { correlation, line, version, visitor }: Identified,
  body: WbxmlNode | undefined,
): Omit<CommandContext, 'now'> => {
  const { user, device, family, rows, identity } = visitor
  const call: CallExtras = { identity, correlation }
  return { version, user, device, family, rows, line, body, call, holdUntil: user.expiresAt }
}

/** Registered, but not let in as it is. */
const isKnownButRefused = (error: unknown): boolean =>
  error instanceof StatusError || (isCoded(error) && error.code === 'DEVICE_BLOCKED')

/** Lets a device in, unless it loops; also what is refused is a loop if it comes again and again. */
const visitorOf = async (deps: PostDeps, arrival: Arrival): Promise<Visitor> => {
  const { loops } = deps
  const { user, line, now } = arrival
  const { command } = line
  const ref = { tenant: user.tenant, account: user.account, device: line.deviceId }
  await loops.check(ref, command, now)
  try {
    const visitor = await admitDevice(deps, arrival)
    loops.checkRows(visitor.rows, command, now)
    if (countsByCommand(command)) await loops.note(ref, { command, fingerprint: 0 }, now)
    return visitor
  } catch (error) {
    if (isKnownButRefused(error)) await loops.note(ref, { command, fingerprint: 0 }, now)
    throw error
  }
}

const identify = async (deps: PostDeps, post: Post, query: string, now: number): Promise<Identified> => {
  const { request, correlation } = post
  const line = lineOf(request, query)
  post.command = line.command
  const version = versionOf(line)
  post.version = version
  const user = await admitUser(deps, request.headers.authorization, () =>
    clientAddress(request, deps.proxies),
  )
  post.device = { tenant: user.tenant, account: user.account, device: line.deviceId }
  const command = commandOf(deps.commands, line, version)
  const visitor = await visitorOf(deps, {
    user,
    line,
    userAgent: headerOf(request, 'user-agent').slice(0, 256),
    version: SUPPORTED_VERSIONS.get(version) ?? '',
    now,
    correlation,
  })
  post.rows = visitor.rows
  return { command, correlation, line, version, visitor }
}

const maxBodyOf = ({ body }: Command, { maxMessageBytes, maxRequestBytes }: EasEndpointConfig): number =>
  // A message comes within a document of a few hundred bytes.
  body === 'message' ? maxMessageBytes + 64 * 1024 : maxRequestBytes

/** A request that is read. */
type Reading = { readonly identified: Identified; readonly body: Body; readonly now: number }

type Repeated = { readonly seen: Seen; readonly repeats: number }

/** How often the device has sent the very same lately. */
const repeatedBy = async ({ loops }: PostDeps, { identified, body, now }: Reading): Promise<Repeated> => {
  const { command, line, visitor } = identified
  const seen = { command: command.name, fingerprint: fingerprintOf(body.bytes, line) }
  const { device } = visitor.rows
  if (!countsByCommand(command.name)) await loops.note(device, seen, now)
  return { seen, repeats: loops.repeats(device, seen, now) }
}

const asked = (tree: WbxmlNode | undefined, { seen, repeats }: Repeated): WbxmlNode | undefined => {
  const window = seen.command === 'Sync' ? narrowWindow(repeats) : undefined
  return tree && window !== undefined ? narrowed(tree, window) : tree
}

/** The one item of an answer that was given again and again is what the phone doesn't get over. */
const pastItem = async (
  { loops }: PostDeps,
  { identified, now }: Reading,
  { seen, repeats, outcome }: Repeated & { readonly outcome: CommandOutcome },
): Promise<CommandOutcome> => {
  if (outcome.kind !== 'wbxml' || seen.command !== 'Sync' || narrowWindow(repeats) !== 1) return outcome
  const { device } = identified.visitor.rows
  const item = onlyItem(outcome.root)
  loops.stuckAt(device, seen, item)
  if (item === '' || repeats < STUB_AFTER) return outcome
  await loops.stub(device, { seen, item, now })
  return { ...outcome, root: withStub(outcome.root) }
}

const served = async (deps: PostDeps, post: Post, reading: Reading): Promise<CommandOutcome> => {
  const { identified, body, now } = reading
  const { command, version } = identified
  const repeated = await repeatedBy(deps, reading)
  const tree = asked(treeOf(identified, body, post.request), repeated)
  if (tree && command.name === 'Sync') post.asked = askedCollections(tree, version)
  const context = { ...contextOf(identified, tree), now }
  const outcome = await decidedOn(context.rows, () => command.run(context))
  return pastItem(deps, reading, { ...repeated, outcome })
}

/** What has come whole is read at once; for the rest of it a client may take minutes. */
const placedBody = (request: IncomingMessage, place: Place, options: BodyOptions): Promise<Body> =>
  request.complete ? readBody(request, options) : place.aside(() => readBody(request, options))

/** One POST from its query to what its command says. Throws what {@link failureOf} turns into an answer. */
export const runPost = async (
  deps: PostDeps,
  post: Post,
  { query, place }: { readonly query: string; readonly place: Place },
): Promise<CommandOutcome> => {
  const now = deps.clock()
  const identified = await identify(deps, post, query, now)
  const { budget, config } = deps
  const body = await placedBody(post.request, place, {
    maxBytes: maxBodyOf(identified.command, config),
    budget,
    idleMs: config.bodyIdleMs,
  })
  try {
    traceRequest(deps.traces, post, body.bytes)
    return await served(deps, post, { identified, body, now })
  } finally {
    body.release()
  }
}

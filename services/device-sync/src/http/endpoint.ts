import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { describeError, inSpan, isCoded, type Logger } from '@relais/service-kit'
import { autodiscoverAnswer, isAutodiscover } from '../autodiscover/autodiscover.ts'
import type { CommandOutcome, Waiting } from '../commands/command.ts'
import { failureOf } from '../commands/error-table.ts'
import { commandsHeader } from '../commands/table.ts'
import type { Cause } from '../push/followed-accounts.ts'
import { admitUser } from './admission.ts'
import { clientAddress } from './client-address.ts'
import { type Entrance, placesFor } from './entrance.ts'
import { type GoOn, type HeldPostDeps, holdPost } from './held-post.ts'
import { bytesInMemory, endIfStalled, type HttpAnswer, send } from './http-answer.ts'
import { humanPage } from './human-page.ts'
import { newPost, type Post, type PostDeps, runPost } from './post.ts'
import { failedPost, httpFailure, serverHeaders, successOf } from './post-answer.ts'
import { VERSIONS_HEADER } from './protocol.ts'
import { drain } from './request-chunks.ts'
import { tellRequest, tellWoken } from './request-figures.ts'
import type { Place } from './request-places.ts'
import { traceAnswer } from './trace-post.ts'

export type EasEndpointDeps = PostDeps &
  HeldPostDeps & {
    readonly logger: Logger
    readonly entrance: Entrance
  }

/** How a request that waited goes on is the same for all. */
type EndpointParts = EasEndpointDeps & { readonly goOn: GoOn }

const PATH = '/microsoft-server-activesync'
const ALLOWED = 'OPTIONS,POST'
/** Methods of RFC 9110 and its like that make no sense here: 405. Others are unknown: 501. */
const knownMethods = new Set(['PUT', 'DELETE', 'PATCH', 'TRACE', 'CONNECT'])

/** Bytes of an answer; what is less is with the network at once. */
const WORTH_COUNTING = 16 * 1024

type Exchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: Url
  /** Once it is known to be a POST of a phone. */
  post?: Post
}
type Url = { readonly path: string; readonly query: string }

/** The target may name its host (RFC 9112 §3.2.2). */
const urlOf = ({ url: target = '' }: IncomingMessage): Url => {
  const url = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*/i, '')
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  return { path: path.toLowerCase().replace(/\/+$/, ''), query: mark < 0 ? '' : url.slice(mark + 1) }
}

/** Headers by which clients learn what is served ([HTTP 1107]). */
const offerHeaders = (commands: EasEndpointDeps['commands']) => ({
  'MS-ASProtocolVersions': VERSIONS_HEADER,
  'MS-ASProtocolCommands': commandsHeader(commands),
})

const optionsAnswer = async (deps: EasEndpointDeps, request: IncomingMessage): Promise<HttpAnswer> => {
  await admitUser(deps, request.headers.authorization, () => clientAddress(request, deps.proxies))
  return {
    status: 200,
    headers: { ...serverHeaders, ...offerHeaders(deps.commands), Public: ALLOWED, Allow: ALLOWED },
  }
}

/** What happens every day: a crowd, a phone that left, a password that is tried again. */
const everyday = new Set(['OVERLOADED', 'SIGN_IN_SLOWED', 'DEVICE_SLOWED', 'CANCELLED'])

/** Refusals are for who looks for them; what we couldn't do is for the operator, and what nobody foresaw with its stack. */
const report = ({ logger }: EasEndpointDeps, error: unknown, post?: Post): void => {
  const { rows, command, correlation } = post ?? {}
  const fields = { ...rows?.device, command, correlation }
  if (!isCoded(error)) {
    logger.error({ ...fields, err: describeError(error) }, 'a request failed')
    return
  }
  const { code, message: reason } = error
  const ours = failureOf(error, command ?? '').http >= 500 && !everyday.has(code)
  if (ours) logger.warn({ ...fields, code, reason }, "a request couldn't be done")
  else logger.debug({ ...fields, code, reason }, 'a request was refused')
}

/** A request that is to wait. */
type ToHold = { readonly kind: 'hold'; readonly post: Post; readonly waiting: Waiting }

type Outcome = HttpAnswer | ToHold

const isToHold = (outcome: Outcome): outcome is ToHold => 'kind' in outcome

type Work = () => CommandOutcome | Promise<CommandOutcome>

const outcomeOf = async (deps: EasEndpointDeps, post: Post, work: Work): Promise<Outcome> => {
  const outcome = await judgedOutcome(deps, post, work)
  if (!isToHold(outcome)) traceAnswer(deps.traces, post, outcome)
  return outcome
}

const judgedOutcome = async (deps: EasEndpointDeps, post: Post, work: Work): Promise<Outcome> => {
  try {
    const outcome = await work()
    if (outcome.kind === 'waiting') return { kind: 'hold', post, waiting: outcome }
    return successOf(outcome, { version: post.version ?? 161, asked: post.asked })
  } catch (error) {
    post.failed = isCoded(error) ? error.code : 'INTERNAL'
    report(deps, error, post)
    return failedPost(post, error)
  }
}

const postOutcome = (deps: EasEndpointDeps, exchange: Exchange, place: Place): Promise<Outcome> => {
  const { request, response, url } = exchange
  const post = newPost(request, response)
  exchange.post = post
  return outcomeOf(deps, post, () => runPost(deps, post, { query: url.query, place }))
}

const page: HttpAnswer = { status: 200, type: 'text/html; charset=utf-8', body: Buffer.from(humanPage) }

const easOutcome = async (deps: EasEndpointDeps, exchange: Exchange, place: Place): Promise<Outcome> => {
  const { method = '' } = exchange.request
  if (method === 'POST') return postOutcome(deps, exchange, place)
  if (method === 'OPTIONS') return optionsAnswer(deps, exchange.request)
  if (method === 'GET' || method === 'HEAD') return page
  return { status: knownMethods.has(method) ? 405 : 501, headers: { Allow: ALLOWED } }
}

const exchangeOutcome = async (deps: EasEndpointDeps, exchange: Exchange, place: Place): Promise<Outcome> => {
  const { path } = exchange.url
  if (path === PATH) return easOutcome(deps, exchange, place)
  if (isAutodiscover(path)) return autodiscoverAnswer(deps, exchange)
  if (path === '' && (exchange.request.method === 'GET' || exchange.request.method === 'HEAD')) return page
  return { status: 404 }
}

/** Who it says it is: nobody is asked before its turn. */
const ownerOf = ({ caller, request }: Connection): string => (caller ?? request.headers).authorization ?? ''

const placed = async (deps: EasEndpointDeps, exchange: Exchange): Promise<Outcome> => {
  const owner = ownerOf(exchange)
  const place = await placesFor(deps.entrance, deps.signIn, owner).enter(owner, exchange.response)
  try {
    return await exchangeOutcome(deps, exchange, place)
  } finally {
    place.leave()
  }
}

type Connection = Pick<Post, 'request' | 'response' | 'caller'>

const deliver = async (
  { entrance, signIn }: EasEndpointDeps,
  connection: Connection,
  answer: HttpAnswer,
): Promise<void> => {
  const { request, response } = connection
  if (response.destroyed) return
  if ((answer.body?.length ?? 0) >= WORTH_COUNTING) {
    const owner = ownerOf(connection)
    response.once('close', placesFor(entrance, signIn, owner).sending(owner, bytesInMemory(answer)))
    endIfStalled(response)
  }
  await send(request, response, answer)
  drain(request)
}

const proceed = async (deps: EndpointParts, connection: Connection, outcome: Outcome): Promise<void> => {
  if (isToHold(outcome)) holdPost(deps, { ...outcome, goOn: deps.goOn })
  else await deliver(deps, connection, outcome)
}

const resumed = async (parts: EndpointParts, post: Post, work: Work): Promise<Outcome> => {
  const place = await parts.entrance.known.comeBack(ownerOf(post))
  try {
    return await outcomeOf(parts, post, work)
  } finally {
    place.leave()
  }
}

/**
 * A request that waited is work again, until it is answered or waits again: a span of the trace of the commit that woke it, linked
 * to the request's own. Time in which it waits is in no span.
 */
const goOnWith = (
  parts: EndpointParts,
  post: Post,
  work: () => Promise<CommandOutcome>,
  cause?: Cause,
): void => {
  const start = performance.now()
  const options = { kind: 'server', parent: cause?.traceparent ?? '', link: post.traceparent } as const
  void inSpan(`${post.command} goes on`, options, (span) =>
    resumed(parts, post, work)
      .then(async (outcome) => {
        await proceed(parts, post, outcome)
        if (isToHold(outcome)) return
        tellRequest(parts.commands, { start, span, post, answer: outcome })
        if (cause !== undefined) tellWoken(cause, parts.clock())
      })
      .catch(giveUp(parts, post.response)),
  )
}

const giveUp = (deps: EasEndpointDeps, response: ServerResponse) => (error: unknown) => {
  report(deps, error)
  response.destroy()
}

/** Whoever calls says nothing about traces: phones aren't believed that they are to be recorded. */
const serve = (deps: EndpointParts, exchange: Exchange): Promise<void> =>
  inSpan('EAS', { kind: 'server', parent: '' }, async (span) => {
    const start = performance.now()
    const outcome = await answerTo(deps, exchange)
    await proceed(deps, exchange, outcome)
    if (!isToHold(outcome)) tellRequest(deps.commands, { start, span, post: exchange.post, answer: outcome })
    else span.rename(`${outcome.post.command} waits`)
  })

const answerTo = async (deps: EndpointParts, exchange: Exchange): Promise<Outcome> => {
  try {
    return await placed(deps, exchange)
  } catch (error) {
    report(deps, error)
    return httpFailure(failureOf(error, ''))
  }
}

/**
 * The phones' HTTP endpoint (MS-ASHTTP) with Autodiscover, as a listener for a node:http or node:https server made with
 * {@link easServerOptions}.
 */
export const createEasEndpoint = (deps: EasEndpointDeps): RequestListener => {
  const parts: EndpointParts = { ...deps, goOn: (post, work, cause) => goOnWith(parts, post, work, cause) }
  return (request, response) => {
    serve(parts, { request, response, url: urlOf(request) }).catch(giveUp(parts, response))
  }
}

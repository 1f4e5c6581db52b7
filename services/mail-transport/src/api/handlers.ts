import type { EventLog } from '@relais/event-log'
import type {
  ListQueueRequest,
  ListQueueResponse,
  MailTransportServiceImplementation,
  RetryQueueRequest,
} from '@relais/proto/mail_transport/v1/mail_transport.ts'
import type { Projector } from '@relais/read-store'
import { type Call, terminal } from '@relais/service-kit'
import { transportEvents } from '../events.ts'
import { listRows, type QueueRow, submissionRows } from '../queries/queue.ts'

export type HandlerDeps = {
  readonly log: EventLog
  readonly projector: Projector
  readonly clock: () => number
  readonly newId: () => string
}

const MAX_PAGE = 1000

/** Administration of the outbound queue; operators see every tenant, others none. */
export const createHandlers = (deps: HandlerDeps): MailTransportServiceImplementation<Call> => ({
  listQueue: (request, call) => listQueue(request, call, deps),
  retryQueue: (request, call) => retryQueue(request, call, deps),
})

const requireOperator = ({ identity }: Call) => {
  if (identity.actor.kind !== 'operator')
    throw terminal('PERMISSION_DENIED', 'only operators see the outbound queue')
}

const listQueue = async (
  request: ListQueueRequest,
  call: Call,
  { projector }: HandlerDeps,
): Promise<ListQueueResponse> => {
  requireOperator(call)
  const limit = Math.min(request.pageSize || 100, MAX_PAGE)
  const rows = await listRows(projector.store, {
    tenant: request.tenant,
    after: fromToken(request.pageToken),
    limit,
  })
  const last = rows.length === limit ? rows.at(-1) : undefined
  return {
    recipients: rows.map(
      ({ tenant, account, submission, recipient, attempts, nextAttemptAt, lastReply }) => ({
        tenant,
        account,
        submission,
        recipient,
        attempts,
        nextAttemptAt,
        lastReply,
      }),
    ),
    nextPageToken: last === undefined ? '' : toToken(last),
  }
}

const toToken = ({ tenant, submission, recipient }: QueueRow) =>
  Buffer.from(JSON.stringify([tenant, submission, recipient])).toString('base64url')

const fromToken = (token: string): readonly [string, number, string] => {
  if (token === '') return ['', 0, '']
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString())
    if (isPlace(value)) return value
  } catch {
    // refused below
  }
  throw terminal('INVALID_ARGUMENT', 'that page token is not one of ours')
}

const isPlace = (value: unknown): value is [string, number, string] =>
  Array.isArray(value) &&
  value.length === 3 &&
  typeof value[0] === 'string' &&
  Number.isSafeInteger(value[1]) &&
  typeof value[2] === 'string'

const retryQueue = async ({ tenant, submission }: RetryQueueRequest, call: Call, deps: HandlerDeps) => {
  requireOperator(call)
  const rows = await submissionRows(deps.projector.store, tenant, submission)
  const [first] = rows
  if (first === undefined) throw terminal('NOT_FOUND', 'nothing of that submission waits')
  const { position } = await deps.log.append({
    stream: { tenant, account: first.account, service: 'mail-transport' },
    events: rows.map(({ recipient, attempts, lastReply }) =>
      transportEvents.encode('RecipientDeferred', {
        submission,
        recipient,
        attempts,
        nextAttemptAt: deps.clock(),
        reply: lastReply,
      }),
    ),
    commandId: `retry:${submission}:${deps.newId()}`,
    actor: call.identity.actor,
    principal: '',
    correlation: call.correlation,
    traceparent: call.traceparent,
    at: deps.clock(),
  })
  await deps.projector.waitFor(position, call.deadline)
  return { recipients: rows.length }
}

import type { MailClient, SyncCollectionResponse } from '@relais/proto/mail/v1/mail.ts'
import { type CallExtras, count } from '@relais/service-kit'
import { isBehind, saidChanges } from '@relais/sync-state'
import type { DeviceRows } from '../devices/device-rows.ts'
import { hierarchyRows } from '../folders/hierarchy-rows.ts'
import type { FollowedAccount, FollowedAccounts } from '../push/followed-accounts.ts'
import type { Wait, WaitEnd, Waiters } from '../push/waiters.ts'
import { collectionRows, collectionState } from '../sync/collection-rows.ts'
import { type Course, courseOf, wireRequest } from '../sync/course.ts'
import { isKnownQuiet } from '../sync/known-quiet.ts'
import { emptyRequest, noteLast, type Outcome, wholeRequest } from '../sync/last-request.ts'
import { notePresented, type Settled, settle } from '../sync/settle.ts'
import { collectionElement, failedCollection } from '../sync/sync-answer.ts'
import { type RequestedCollection, readSync, type SyncRequest } from '../sync/sync-request.ts'
import { LimitError, SYNC_STATUS } from '../sync/sync-status.ts'
import { el } from '../wbxml/node.ts'
import {
  answer,
  type Command,
  type CommandAnswer,
  type CommandContext,
  type CommandOutcome,
  emptyAnswer,
} from './command.ts'
import { StatusError } from './status-error.ts'

export type SyncDeps = {
  readonly mail: MailClient<CallExtras>
  readonly accounts: FollowedAccounts
  readonly waiters: Waiters
  readonly clock: () => number
}

/** The same collection twice in one request: the second would undo what the first says. */
const withoutDoubles = (collections: readonly RequestedCollection[]): readonly RequestedCollection[] => {
  const seen = new Set<string>()
  return collections.map((one) => {
    const double = seen.has(one.collection)
    seen.add(one.collection)
    return double ? { ...one, wrong: true } : one
  })
}

/** Asks mail once for all collections that may have something, and none that can't. */
const exchange = async (
  { mail, accounts }: SyncDeps,
  context: CommandContext,
  request: SyncRequest,
): Promise<Outcome> => {
  const { tenant, account } = context.user
  const known = accounts.peek({ tenant, account }) !== undefined
  const followed = await accounts.follow({ tenant, account })
  const courses = withoutDoubles(request.collections).map((requested) => courseOf(context, requested))
  for (const course of courses) notePresented(context, course)
  const asked = courses.filter((course) => course.kind !== 'failed' && !knownQuiet(course, context, followed))
  count('relais_syncs', { hop: known && asked.length === 0 ? 'none' : 'mail' })
  const responses = asked.length === 0 ? [] : await ask({ mail, context, request }, asked)
  const byCollection = new Map(responses.map((response) => [response.mailbox, response]))
  const settled = courses.map((course): Settled => {
    if (course.kind === 'failed') return failed(course, followed)
    return asked.includes(course)
      ? settle(mail, context, { course, response: byCollection.get(course.requested.collection) })
      : undefined
  })
  await keepLists(context, courses)
  return { settled, courses }
}

const knownQuiet = (course: Course, context: CommandContext, followed: FollowedAccount) =>
  course.kind === 'presented' && isKnownQuiet(course, context, followed)

/** Whatever is wrong with its key, a folder that isn't there sends the phone to FolderSync. */
const failed = ({ requested, status }: Extract<Course, { kind: 'failed' }>, { heads }: FollowedAccount) => {
  const { collection, key } = requested
  if (!heads.has(collection)) return failedCollection(collection, key, SYNC_STATUS.hierarchy)
  return failedCollection(collection, status === SYNC_STATUS.badKey ? '0' : key, status)
}

type Asking = {
  readonly mail: MailClient<CallExtras>
  readonly context: CommandContext
  readonly request: SyncRequest
}

const ask = async (
  { mail, context, request }: Asking,
  courses: readonly Course[],
): Promise<SyncCollectionResponse[]> => {
  const { user, device, now, family, call } = context
  const collections = courses.flatMap((course) =>
    course.kind === 'failed' ? [] : [wireRequest(course, user.epoch)],
  )
  const answered = await mail.syncMessages(
    {
      tenant: user.tenant,
      account: user.account,
      device: device.device,
      collections,
      window: request.window,
      now,
      family: family.family,
    },
    call,
  )
  return answered.collections
}

/** A first row, new options, and a list that a key names must outlive a crash: losing them costs the collection's resync. */
const keepLists = async ({ rows }: CommandContext, courses: readonly Course[]): Promise<void> => {
  const precious = courses.some(({ kind, requested }) => {
    if (kind === 'failed') return false
    return (
      kind === 'first' ||
      requested.options !== undefined ||
      (rows.get(collectionRows, requested.collection)?.state.lists.length ?? 0) > 0
    )
  })
  if (precious) await rows.saved()
}

const isQuiet = ({ settled }: Outcome) => settled.every((one) => one === undefined)

/** Beside others that have news, a collection without any is left out. */
const answerOf = ({ settled }: Outcome): CommandAnswer => {
  const told = settled.filter((one) => one !== undefined)
  return answer(el('airsync:Sync', [el('airsync:Collections', told.map(collectionElement))]))
}

const waitOf = async (
  deps: SyncDeps,
  { rows, user, holdUntil }: CommandContext,
  request: SyncRequest,
  until: number,
): Promise<Wait> => {
  const followed = await deps.accounts.follow(user)
  const collections = [...new Set(request.collections.map(({ collection }) => collection))]
  return {
    ...{ device: rows.device, followed, collections },
    behind: () =>
      collections.filter((one) => isBehind(collectionState(rows, one), followed.heads.get(one) ?? 0)),
    hierarchy: rows.get(hierarchyRows) !== undefined,
    forMs: Math.min(until, holdUntil) - deps.clock(),
  }
}

/** A wake over a change that the phone doesn't see isn't its business: it goes on waiting. */
const holdUntilNews = (
  deps: SyncDeps,
  context: CommandContext,
  request: SyncRequest,
): Promise<CommandOutcome> => {
  const until = deps.clock() + request.waitMs
  const again = { ...request, collections: request.collections.map((one) => ({ ...one, commands: [] })) }
  const hold = async (): Promise<CommandOutcome> => {
    if (deps.clock() >= Math.min(until, context.holdUntil)) return emptyAnswer
    return { kind: 'waiting', wait: await waitOf(deps, context, again, until), goOn }
  }
  const goOn = async (end: WaitEnd): Promise<CommandOutcome> => {
    if (end.kind === 'expired') return emptyAnswer
    if (end.kind === 'hierarchy') throw new StatusError(SYNC_STATUS.hierarchy, 'the folders changed')
    noteAsked(context.rows, end.collections)
    const outcome = await exchange(deps, { ...context, now: deps.clock() }, again)
    if (isQuiet(outcome)) return hold()
    noteLast(context.rows, again, outcome)
    return answerOf(outcome)
  }
  return hold()
}

/** The phone is told to come for these: what it holds is settled by the answer that follows (sync.md 6, may). */
export const noteAsked = (rows: DeviceRows, collections: readonly string[]): void => {
  for (const collection of collections) {
    const row = rows.get(collectionRows, collection)
    if (row !== undefined && !row.state.asked)
      rows.put(collectionRows, { ...row, state: saidChanges(row.state) }, collection)
  }
}

const run = async (deps: SyncDeps, context: CommandContext): Promise<CommandOutcome> => {
  deps.waiters.supersede(context.rows.device)
  const { rows, body, version } = context
  const request = body === undefined ? emptyRequest(rows) : wholeRequest(rows, readSync(body, version))
  const outcome = await exchange(deps, context, request)
  noteLast(rows, request, outcome)
  if (!isQuiet(outcome)) return answerOf(outcome)
  return request.waitMs > 0 ? holdUntilNews(deps, { ...context, body: undefined }, request) : emptyAnswer
}

const withLimits = async (work: Promise<CommandOutcome>): Promise<CommandOutcome> => {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof LimitError)) throw error
    return answer(el('airsync:Sync', [el('airsync:Status', error.status), el('airsync:Limit', error.limit)]))
  }
}

/** Sync (MS-ASCMD 2.2.1.21): keys are positions; what is told is the difference between what a key says and what is there. */
export const createSync = (deps: SyncDeps): Command => ({
  name: 'Sync',
  // Drafts come with their attachments.
  body: 'message',
  emptyBody: true,
  run: (context) => withLimits(run(deps, context)),
})

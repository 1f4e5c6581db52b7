import type { Estimate, MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { contentOptionsOf } from '../classes/body-options.ts'
import type { FollowedAccounts } from '../push/followed-accounts.ts'
import { collectionRows } from '../sync/collection-rows.ts'
import { type Course, courseOf, wireRequest } from '../sync/course.ts'
import { readFilters } from '../sync/sync-options.ts'
import { MAX_WINDOW, type RequestedCollection } from '../sync/sync-request.ts'
import { SYNC_STATUS } from '../sync/sync-status.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { boolChild, child, childrenNamed, requiredText } from '../wbxml/read.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'
import { StatusError } from './status-error.ts'

export type GetItemEstimateDeps = {
  readonly mail: MailClient<CallExtras>
  readonly accounts: FollowedAccounts
}

/** MS-ASCMD 2.2.3.177.7. */
const ESTIMATE_STATUS = { ok: 1, noCollection: 2, notPrimed: 3, badKey: 4 } as const
const MAX_COLLECTIONS = 1000
const INVALID_XML = 103

const requestedCollections = ({ body, rows }: CommandContext): readonly RequestedCollection[] => {
  const holder = child(body, 'getitemestimate:Collections')
  const collections = holder === undefined ? [] : childrenNamed(holder, 'getitemestimate:Collection')
  if (collections.length === 0) throw new ValueError('getitemestimate:Collections', 'names no collection')
  if (collections.length > MAX_COLLECTIONS)
    throw new StatusError(INVALID_XML, `more than ${MAX_COLLECTIONS} collections`)
  return collections.map((node) => {
    const collection = requiredText(node, 'getitemestimate:CollectionId', { max: 64 })
    return requested(node, collection, rows.get(collectionRows, collection)?.options.content)
  })
}

const requested = (
  node: WbxmlNode,
  collection: string,
  content = contentOptionsOf(undefined),
): RequestedCollection => {
  return {
    collection,
    key: requiredText(node, 'airsync:SyncKey', { max: 64 }),
    window: MAX_WINDOW,
    getChanges: true,
    deletesAsMoves: true,
    options: readFilters(node, content),
    conversations: boolChild(node, 'airsync:ConversationMode'),
    commands: [],
    wrong: false,
  }
}

const response = (collection: string, status: number, estimate?: number): WbxmlNode =>
  el('getitemestimate:Response', [
    el('getitemestimate:Status', status),
    el('getitemestimate:Collection', [
      el('getitemestimate:CollectionId', collection),
      estimate !== undefined && el('getitemestimate:Estimate', estimate),
    ]),
  ])

const failures: Readonly<Record<string, number>> = {
  invalid_key: ESTIMATE_STATUS.badKey,
  no_collection: ESTIMATE_STATUS.noCollection,
}

const responseOf = (course: Course, estimate: Estimate | undefined): WbxmlNode => {
  const { collection } = course.requested
  if (course.kind === 'first') return response(collection, ESTIMATE_STATUS.notPrimed)
  if (course.kind === 'failed')
    return response(
      collection,
      course.status === SYNC_STATUS.badKey ? ESTIMATE_STATUS.badKey : ESTIMATE_STATUS.noCollection,
    )
  const failure = estimate === undefined ? ESTIMATE_STATUS.noCollection : failures[estimate.outcome]
  return failure === undefined
    ? response(collection, ESTIMATE_STATUS.ok, estimate?.count ?? 0)
    : response(collection, failure)
}

const run = async (
  { mail, accounts }: GetItemEstimateDeps,
  context: CommandContext,
): Promise<CommandAnswer> => {
  const { user, now, call } = context
  const courses = requestedCollections(context).map((one) => courseOf(context, one))
  const collections = courses.flatMap((course) =>
    course.kind === 'presented' ? [wireRequest(course, user.epoch)] : [],
  )
  const { tenant, account } = user
  const { estimates } =
    collections.length === 0
      ? { estimates: [] }
      : await mail.estimateMessages({ tenant, account, collections, now }, call)
  const { heads } = await accounts.follow(user)
  const byCollection = new Map(estimates.map((estimate) => [estimate.mailbox, estimate]))
  return answer(
    el(
      'getitemestimate:GetItemEstimate',
      courses.map((course) =>
        heads.has(course.requested.collection)
          ? responseOf(course, byCollection.get(course.requested.collection))
          : response(course.requested.collection, ESTIMATE_STATUS.noCollection),
      ),
    ),
  )
}

/** GetItemEstimate (MS-ASCMD 2.2.1.9): how many items the next Syncs would bring. It acknowledges no key. */
export const createGetItemEstimate = (deps: GetItemEstimateDeps): Command => ({
  name: 'GetItemEstimate',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})

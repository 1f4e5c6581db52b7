import type {
  ContentOptions,
  MailClient,
  Message,
  SyncCollectionResponse,
} from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import {
  answered,
  answeredFirst,
  answeredQuiet,
  type CollectionState,
  type Cursor,
  cursorFromWire,
  listFromWire,
  NOTHING_KNOWN,
  packKey,
} from '@relais/sync-state'
import type { EmailOptions } from '../classes/email.ts'
import type { CommandContext } from '../commands/command.ts'
import type { DeviceRows } from '../devices/device-rows.ts'
import { leftOut, streamedBodies } from '../fetch/left-out.ts'
import { collectionRows, collectionState } from './collection-rows.ts'
import type { Course } from './course.ts'
import type { PhoneCommand } from './phone-command.ts'
import {
  type CollectionAnswer,
  failedCollection,
  operationElements,
  responseElements,
} from './sync-answer.ts'
import { SYNC_STATUS } from './sync-status.ts'

/** What came of one collection; undefined: nothing to tell, its key stays good. */
export type Settled = CollectionAnswer | undefined

type Mail = MailClient<CallExtras>
type Asked = Exclude<Course, { kind: 'failed' }>

/** The device has presented its key: noted before anything is done with it. */
export const notePresented = ({ rows }: CommandContext, course: Course): void => {
  if (course.kind !== 'presented') return
  const { requested, state, options, quietAt } = course
  const before = rows.get(collectionRows, requested.collection)
  if (before !== undefined && before.options === options && sameState(before.state, state)) return
  rows.put(collectionRows, { state, options, quietAt }, requested.collection)
}

/**
 * Presenting a key that is known and acknowledged changes nothing but the identity of the state, and which list was used last: a key that
 * is repeated again and again mustn't lose its own to those of its answers.
 */
const sameState = (a: CollectionState, b: CollectionState) =>
  a.presented === b.presented &&
  a.lists.every((one, n) => one === b.lists[n]) &&
  a.held.length === b.held.length &&
  a.held.every((one, n) => sameHeld(one, b.held[n]))

const sameHeld = (a: CollectionState['held'][number], b: CollectionState['held'][number] | undefined) =>
  a.key === b?.key && a.position === b.position && a.unacknowledged === b.unacknowledged

const FAILURES: Readonly<Record<string, number>> = {
  invalid_key: SYNC_STATUS.badKey,
  no_collection: SYNC_STATUS.hierarchy,
}

/** Turns mail's answer into the phone's, and notes what the phone may hold from now on. */
export const settle = (
  mail: Mail,
  context: CommandContext,
  { course, response }: { readonly course: Asked; readonly response: SyncCollectionResponse | undefined },
): Settled => {
  const { collection, key } = course.requested
  const status = response === undefined ? SYNC_STATUS.server : FAILURES[response.outcome]
  if (response === undefined || status !== undefined)
    return failedCollection(
      collection,
      status === SYNC_STATUS.badKey ? '0' : key,
      status ?? SYNC_STATUS.server,
    )
  const options = emailOptions(mail, context, course)
  if (response.quiet && course.kind === 'presented') return quiet(context, course, { response, options })
  const cursor = response.cursor && cursorFromWire(response.cursor)
  if (cursor === undefined) return failedCollection(collection, key, SYNC_STATUS.server)
  return course.kind === 'first'
    ? first(context, course, cursor)
    : told(context, course, { response, cursor, options })
}

const put = (rows: DeviceRows, course: Asked, next: { state: CollectionState; quietAt: number }) =>
  rows.put(collectionRows, { ...next, options: course.options }, course.requested.collection)

const first = ({ rows }: CommandContext, course: Asked, cursor: Cursor): Settled => {
  const { collection } = course.requested
  const key = packKey(cursor)
  put(rows, course, { state: answeredFirst(collectionState(rows, collection), key, cursor), quietAt: 0 })
  return { key, collection, status: SYNC_STATUS.ok, more: false, commands: [], responses: [] }
}

type Presented = Extract<Course, { kind: 'presented' }>

const quiet = (
  context: CommandContext,
  course: Presented,
  { response, options }: Omit<Telling, 'cursor'>,
): Settled => {
  const { rows, now } = context
  const { collection, key, getChanges } = course.requested
  const { snapshot, snapshotEdge } = response
  const edge = snapshotEdge ?? course.cursor.edge
  const former = collectionState(rows, collection)
  const state = answeredQuiet(former, { key, cursor: course.cursor, getChanges, snapshot, edge })
  put(rows, course, { state, quietAt: getChanges ? now : course.quietAt })
  const responses = responseElements(course.requested.commands, response.results, options)
  return responses.length === 0
    ? undefined
    : { key, collection, status: SYNC_STATUS.ok, more: false, commands: [], responses }
}

type Telling = {
  readonly response: SyncCollectionResponse
  readonly cursor: Cursor
  readonly options: EmailOptions
}

const told = (
  context: CommandContext,
  course: Presented,
  { response, cursor, options }: Telling,
): Settled => {
  const { rows } = context
  const { collection, key: presented, getChanges, commands } = course.requested
  const key = packKey(cursor)
  const list = (response.list && listFromWire(response.list)) ?? NOTHING_KNOWN
  const more = response.moreAvailable
  const former = collectionState(rows, collection)
  const state = answered(former, { presented, key, cursor, list, behind: more || !getChanges })
  put(rows, course, { state, quietAt: course.quietAt })
  return {
    ...{ key, collection, status: SYNC_STATUS.ok, more: more && getChanges },
    commands: operationElements(response, options),
    responses: responseElements(commands, response.results, options),
  }
}

const emailOptions = (mail: Mail, context: CommandContext, { options, requested }: Asked): EmailOptions => {
  const whole = new Set(requested.commands.flatMap(wholeFetch))
  const optionsOf = ({ placement, kind }: Message): ContentOptions => {
    const { content } = (kind === 'sms' && options.texts) || options
    return whole.has(placement) ? uncut(content) : content
  }
  const streamedOf = (message: Message) =>
    streamedBodies(leftOut(mail, context, { message, options: optionsOf(message) }))
  return { version: context.version, streamedOf }
}

/** A Fetch of 2.5 that wants all of a message (versions/older-request.ts). */
const wholeFetch = (command: PhoneCommand): number[] => {
  const fetch = command.kind === 'fetch' ? command.command.command : undefined
  return fetch?.$case === 'fetch' && fetch.value.whole ? [fetch.value.placement] : []
}

const uncut = (content: ContentOptions): ContentOptions => ({
  ...content,
  bodies: content.bodies.map((body) => ({ ...body, truncation: undefined })),
})

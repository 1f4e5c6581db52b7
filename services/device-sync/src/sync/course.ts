import type { SyncCollectionRequest, SyncCommand } from '@relais/proto/mail/v1/mail.ts'
import {
  type CollectionState,
  type Cursor,
  cursorToWire,
  firstGeneration,
  type Hint,
  hashKey,
  type KnownList,
  listToWire,
  NOTHING_KNOWN,
  present,
  unpackKey,
} from '@relais/sync-state'
import { contentOptionsOf } from '../classes/body-options.ts'
import type { CommandContext } from '../commands/command.ts'
import { type CollectionOptions, collectionRows } from './collection-rows.ts'
import { hasTextMessages, type Place } from './place.ts'
import type { RequestedCollection } from './sync-request.ts'
import { SYNC_STATUS } from './sync-status.ts'

/** One collection of a request, once its key and the device's row have been read. */
export type Course =
  | { readonly kind: 'failed'; readonly requested: RequestedCollection; readonly status: number }
  | {
      readonly kind: 'first'
      readonly requested: RequestedCollection
      readonly options: CollectionOptions
      readonly generation: number
    }
  | {
      readonly kind: 'presented'
      readonly requested: RequestedCollection
      readonly options: CollectionOptions
      readonly cursor: Cursor
      readonly list: KnownList
      readonly hint: Hint | undefined
      readonly state: CollectionState
      /** When mail last found nothing for this collection, in milliseconds since 1970. */
      readonly quietAt: number
    }

const DEFAULT_OPTIONS: CollectionOptions = {
  filter: undefined,
  content: contentOptionsOf(undefined),
  clientWins: false,
  conversations: false,
}

/** Options replace the former ones whole, ConversationMode is said by itself. The same object where nothing new is said. */
const optionsOf = (
  { options, conversations }: RequestedCollection,
  before: CollectionOptions | undefined,
): CollectionOptions | undefined => {
  const wholes = conversations ?? before?.conversations ?? false
  if (options) return { ...options, conversations: wholes }
  return before && before.conversations !== wholes ? { ...before, conversations: wholes } : before
}

/** Text messages are told where the version has them. */
const served = (options: CollectionOptions | undefined, place: Place): CollectionOptions | undefined => {
  if (options?.texts === undefined || hasTextMessages(place)) return options
  const { texts: _, ...others } = options
  return others
}

/** Reads key and row. A key is taken for what it says (depth); what it can't say must still be in the row, options too. */
export const courseOf = (context: CommandContext, requested: RequestedCollection): Course => {
  const { rows, now, version } = context
  const failed = (status: number): Course => ({ kind: 'failed', requested, status })
  if (requested.wrong) return failed(SYNC_STATUS.protocol)
  const row = rows.get(collectionRows, requested.collection)
  const options = served(optionsOf(requested, row?.options), { collection: requested.collection, version })
  if (requested.key === '0')
    return {
      kind: 'first',
      requested,
      options: options ?? { ...DEFAULT_OPTIONS, conversations: requested.conversations ?? false },
      generation: firstGeneration(row?.state, now),
    }
  const cursor = unpackKey(requested.key)
  if (cursor === undefined || options === undefined) return failed(SYNC_STATUS.badKey)
  const presented = present(row?.state, requested.key, cursor)
  if (presented.outcome !== 'ok') return failed(SYNC_STATUS.badKey)
  const { state, list, hint } = presented
  const sameItems = options.conversations === (row?.options.conversations ?? false)
  return {
    ...{ kind: 'presented', requested, options, cursor, list, state },
    hint: sameItems ? hint : undefined,
    quietAt: row?.quietAt ?? 0,
  }
}

/** What an answer holds in memory of bodies; the others are read while it is sent. */
const BOUNDED = { streamMime: true, inlineBytes: 8 * 1024 * 1024 }

/** What mail is asked for a collection. */
export const wireRequest = (
  course: Exclude<Course, { kind: 'failed' }>,
  epoch: number,
): SyncCollectionRequest => {
  const { requested, options } = course
  const presented = course.kind === 'presented' ? course : undefined
  return {
    mailbox: requested.collection,
    cursor: presented && cursorToWire(presented.cursor),
    list: listToWire(presented?.list ?? NOTHING_KNOWN),
    syncKey: presented ? hashKey(requested.collection, requested.key) : '',
    hint: presented?.hint?.position,
    hintEdge: presented?.hint?.edge,
    filter: requested.options === undefined && presented ? undefined : (options.filter ?? 0),
    window: requested.window,
    getChanges: requested.getChanges,
    clientWins: options.clientWins,
    wholeConversations: options.conversations,
    deletesAsMoves: requested.deletesAsMoves,
    commands: commandsOf(requested),
    options: { ...options.content, ...BOUNDED },
    textFilter: options.texts && (options.texts.filter ?? 0),
    textOptions: options.texts && { ...options.texts.content, ...BOUNDED },
    textClientWins: options.texts?.clientWins ?? false,
    epoch,
    generation: course.kind === 'first' ? course.generation : 0,
  }
}

const commandsOf = ({ commands }: RequestedCollection): SyncCommand[] =>
  commands.flatMap((command) => (command.kind === 'refused' ? [] : [command.command]))

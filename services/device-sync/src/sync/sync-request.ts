import { StatusError } from '../commands/status-error.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { boolChild, child, childrenNamed, childrenOf, has, intChild, requiredText } from '../wbxml/read.ts'
import type { CollectionOptions } from './collection-rows.ts'
import { type PhoneCommand, readCommand } from './phone-command.ts'
import { readOptions } from './sync-options.ts'
import { LimitError, SYNC_STATUS } from './sync-status.ts'
import { readWait } from './sync-wait.ts'

/** MS-ASCMD 2.2.3.190: window sizes of 0 and over 512 are 512; none is 100. */
const DEFAULT_WINDOW = 100
export const MAX_WINDOW = 512
/** [CMD 5586]: of this server. */
export const MAX_COLLECTIONS = 1000
/** MS-ASCMD 2.2.3.32: Add, Change, Delete and Fetch in one request. */
const MAX_COMMANDS = 200

export type RequestedCollection = {
  readonly collection: string
  readonly key: string
  readonly window: number
  readonly getChanges: boolean
  readonly deletesAsMoves: boolean
  /** Undefined: the request has no Options. */
  readonly options: Omit<CollectionOptions, 'conversations'> | undefined
  /** ConversationMode; undefined: as before. */
  readonly conversations: boolean | undefined
  readonly commands: readonly PhoneCommand[]
  /** Status 4 for this collection alone. */
  readonly wrong: boolean
}

/** A request as it is carried out. */
export type SyncRequest = {
  readonly collections: readonly RequestedCollection[]
  /** One window for all. */
  readonly window: number
  /** How long it may be held, in milliseconds; 0: not at all. */
  readonly waitMs: number
}

/** A request as it was sent: a partial one leaves out what is as in the last. */
export type SentSync = {
  readonly partial: boolean
  readonly collections: readonly RequestedCollection[]
  readonly window: number | undefined
  readonly waitMs: number | undefined
}

/** Reads a Sync with a body (MS-ASCMD 2.2.1.21). Errors: StatusError 4, 13; LimitError 14, 15; INVALID_VALUE. */
export const readSync = (body: WbxmlNode, version: EasVersion = 161): SentSync => {
  const waitMs = readWait(body)
  const partial = has(body, 'airsync:Partial')
  const collections = childrenNamed(child(body, 'airsync:Collections') ?? body, 'airsync:Collection')
  if (collections.length === 0 && !partial)
    throw new StatusError(SYNC_STATUS.incomplete, 'a Sync without collections has to be sent whole')
  requireFew(collections.length)
  const read = collections.map((node) => readCollection(node, version))
  if (read.reduce((sum, { commands }) => sum + commands.length, 0) > MAX_COMMANDS)
    throw new StatusError(SYNC_STATUS.protocol, `more than ${MAX_COMMANDS} commands`)
  return { partial, collections: read, window: windowOf(body), waitMs }
}

/** Errors: Status 15 with the limit. */
export const requireFew = (collections: number): void => {
  if (collections > MAX_COLLECTIONS) throw new LimitError(SYNC_STATUS.tooMany, MAX_COLLECTIONS)
}

const windowOf = (node: WbxmlNode): number | undefined => {
  const size = intChild(node, 'airsync:WindowSize')
  return size === 0 || (size ?? 0) > MAX_WINDOW ? MAX_WINDOW : size
}

const readCollection = (node: WbxmlNode, version: EasVersion): RequestedCollection => {
  const key = requiredText(node, 'airsync:SyncKey', { max: 64 })
  const collection = requiredText(node, 'airsync:CollectionId', { max: 64 })
  const commands = childrenOf(child(node, 'airsync:Commands') ?? NO_COMMANDS).map((command) =>
    readCommand(command, { collection, version }),
  )
  const getChanges = boolChild(node, 'airsync:GetChanges')
  return {
    collection,
    key,
    window: windowOf(node) ?? DEFAULT_WINDOW,
    getChanges: getChanges ?? key !== '0',
    deletesAsMoves: boolChild(node, 'airsync:DeletesAsMoves') ?? true,
    options: readOptions(node),
    conversations: boolChild(node, 'airsync:ConversationMode'),
    commands,
    wrong: key === '0' && (getChanges === true || commands.length > 0),
  }
}

const NO_COMMANDS: WbxmlNode = { tag: 'airsync:Commands', content: null }

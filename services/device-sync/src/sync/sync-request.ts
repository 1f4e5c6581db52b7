import type { SyncCommand } from '@relais/proto/mail/v1/mail.ts'
import { MAX_MAIL_FILTER } from '@relais/sync-state'
import { contentOptionsOf } from '../classes/body-options.ts'
import { type EmailChange, readEmailChange } from '../classes/email-change.ts'
import { placementOf } from '../classes/server-id.ts'
import { StatusError } from '../commands/status-error.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import {
  boolChild,
  child,
  childrenNamed,
  childrenOf,
  has,
  intChild,
  requiredText,
  textChild,
} from '../wbxml/read.ts'
import type { CollectionOptions } from './collection-rows.ts'
import { LimitError, SYNC_STATUS } from './sync-status.ts'
import { readWait } from './sync-wait.ts'

/** MS-ASCMD 2.2.3.190: window sizes of 0 and over 512 are 512; none is 100. */
const DEFAULT_WINDOW = 100
export const MAX_WINDOW = 512
/** [CMD 5586], as Exchange has it by default. */
export const MAX_COLLECTIONS = 300
/** MS-ASCMD 2.2.3.32: Add, Change, Delete and Fetch in one request. */
const MAX_COMMANDS = 200

/** A command of the phone. `refused`: what it says can't be done, whatever the state; the others go to mail. */
export type PhoneCommand =
  | { readonly kind: 'change' | 'delete' | 'fetch'; readonly serverId: string; readonly command: SyncCommand }
  | {
      readonly kind: 'refused'
      readonly of: 'add' | 'change' | 'delete' | 'fetch'
      readonly id: string
      readonly status: number
    }

export type RequestedCollection = {
  readonly collection: string
  readonly key: string
  readonly window: number
  readonly getChanges: boolean
  readonly deletesAsMoves: boolean
  /** Conflict; undefined: as before, or the server wins. */
  readonly clientWins: boolean
  /** Undefined: the request has no Options. */
  readonly options: CollectionOptions | undefined
  readonly commands: readonly PhoneCommand[]
  /** Status 4 for this collection alone. */
  readonly wrong: boolean
}

export type SyncRequest = {
  readonly collections: readonly RequestedCollection[]
  /** One window for all. */
  readonly window: number
  /** How long it may be held, in milliseconds; 0: not at all. */
  readonly waitMs: number
}

/** Reads a Sync with a body (MS-ASCMD 2.2.1.21). Errors: StatusError 4, 13; LimitError 14, 15; INVALID_VALUE. */
export const readSync = (body: WbxmlNode): SyncRequest => {
  const waitMs = readWait(body)
  if (has(body, 'airsync:Partial'))
    throw new StatusError(SYNC_STATUS.incomplete, 'a partial Sync has to be sent whole')
  const collections = childrenNamed(child(body, 'airsync:Collections') ?? body, 'airsync:Collection')
  if (collections.length === 0)
    throw new StatusError(SYNC_STATUS.incomplete, 'a Sync without collections has to be sent whole')
  if (collections.length > MAX_COLLECTIONS) throw new LimitError(SYNC_STATUS.tooMany, MAX_COLLECTIONS)
  const read = collections.map(readCollection)
  if (read.reduce((sum, { commands }) => sum + commands.length, 0) > MAX_COMMANDS)
    throw new StatusError(SYNC_STATUS.protocol, `more than ${MAX_COMMANDS} commands`)
  return { collections: read, window: windowOf(body, MAX_WINDOW), waitMs }
}

const windowOf = (node: WbxmlNode, otherwise: number): number => {
  const size = intChild(node, 'airsync:WindowSize') ?? otherwise
  return size === 0 || size > MAX_WINDOW ? MAX_WINDOW : size
}

const readCollection = (node: WbxmlNode): RequestedCollection => {
  const key = requiredText(node, 'airsync:SyncKey', { max: 64 })
  const collection = requiredText(node, 'airsync:CollectionId', { max: 64 })
  const options = child(node, 'airsync:Options')
  const commands = childrenOf(child(node, 'airsync:Commands') ?? NO_COMMANDS).map(readCommand)
  const getChanges = boolChild(node, 'airsync:GetChanges')
  return {
    collection,
    key,
    window: windowOf(node, DEFAULT_WINDOW),
    getChanges: getChanges ?? key !== '0',
    deletesAsMoves: boolChild(node, 'airsync:DeletesAsMoves') ?? true,
    clientWins: intChild(options, 'airsync:Conflict', { max: 1 }) === 0,
    options: options && readOptions(options),
    commands,
    wrong: key === '0' && (getChanges === true || commands.length > 0),
  }
}

const NO_COMMANDS: WbxmlNode = { tag: 'airsync:Commands', content: null }

/** FilterType 8 is for tasks alone: Status 4 for mail. */
const readOptions = (node: WbxmlNode): CollectionOptions => ({
  filter: intChild(node, 'airsync:FilterType', { max: MAX_MAIL_FILTER }),
  content: contentOptionsOf(node),
})

const readCommand = (node: WbxmlNode): PhoneCommand => {
  switch (node.tag) {
    case 'airsync:Change':
      return onItem(node, 'change', (placement) => ({
        $case: 'change',
        value: { placement, ...changeIn(node) },
      }))
    case 'airsync:Delete':
      return onItem(node, 'delete', (placement) => ({ $case: 'delete', value: { placement } }))
    case 'airsync:Fetch':
      return onItem(node, 'fetch', (placement) => ({ $case: 'fetch', value: { placement } }))
    case 'airsync:Add': {
      const id = textChild(node, 'airsync:ClientId', { max: 64 }) ?? ''
      return { kind: 'refused', of: 'add', id, status: SYNC_STATUS.malformed }
    }
    default:
      throw new ValueError(node.tag, 'is no command')
  }
}

type ToCommand = (placement: number) => NonNullable<SyncCommand['command']>

/** BlackBerry sends empty ServerIds: such an item is not found. What a phone can't change about a message is malformed. */
const onItem = (node: WbxmlNode, kind: 'change' | 'delete' | 'fetch', make: ToCommand): PhoneCommand => {
  const serverId = textChild(node, 'airsync:ServerId', { max: 64 }) ?? ''
  const placement = placementOf(serverId)
  if (placement === undefined)
    return { kind: 'refused', of: kind, id: serverId, status: SYNC_STATUS.notFound }
  try {
    return { kind, serverId, command: { command: make(placement) } }
  } catch (error) {
    if (error instanceof ValueError)
      return { kind: 'refused', of: kind, id: serverId, status: SYNC_STATUS.malformed }
    throw error
  }
}

const changeIn = (node: WbxmlNode): EmailChange => {
  const data = child(node, 'airsync:ApplicationData')
  return data === undefined ? {} : readEmailChange(data)
}

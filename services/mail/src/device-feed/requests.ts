import type {
  EstimateMessagesRequest,
  SyncAdd,
  SyncCollectionRequest,
  SyncCommand,
  SyncMessagesRequest,
} from '@relais/proto/mail/v1/mail.ts'
import {
  type CollectionRequest,
  cursorFromWire,
  type DeviceCommand,
  listFromWire,
  MAX_KNOWN,
  NOTHING_KNOWN,
} from '@relais/sync-state'
import { invalid, requireId, requireTime } from '../api/arguments.ts'
import { type MailCommand, mailAdd, mailChange } from './commands.ts'

/** MS-ASCMD 2.2.3.29.2: more collections than this are never asked for in one request. */
const MAX_COLLECTIONS = 1000
/** MS-ASCMD 2.2.3.32: 200 in a client's request; far below what one call may bring. */
const MAX_COMMANDS = 1000
const MAX_WINDOW = 512
const MAX_KEY_LENGTH = 64

/** What was asked of one mailbox. */
export type AskedMailbox = {
  readonly request: CollectionRequest
  readonly epoch: number
  readonly deletesAsMoves: boolean
  readonly options: SyncCollectionRequest['options']
  readonly textOptions: SyncCollectionRequest['options']
  /** All commands in order; the engine has those that change something. */
  readonly commands: readonly MailCommand[]
  readonly wholeConversations: boolean
  /** Why commands were refused when they were carried out: error codes. */
  readonly refusals: Map<DeviceCommand, string>
}

export type AskedSync = {
  readonly device: string
  readonly now: number
  readonly window: number
  readonly mailboxes: readonly AskedMailbox[]
}

/** Bounds and meanings of a request from device-sync. Errors: INVALID_ARGUMENT. */
export const readSync = (request: SyncMessagesRequest): AskedSync => ({
  device: requireId(request.device, 'device'),
  now: requireTime(request.now, 'now'),
  window: Math.min(request.window || MAX_WINDOW, MAX_WINDOW),
  mailboxes: readMailboxes(request.collections),
})

export const readEstimate = (request: EstimateMessagesRequest): Pick<AskedSync, 'now' | 'mailboxes'> => ({
  now: requireTime(request.now, 'now'),
  mailboxes: readMailboxes(request.collections),
})

const readMailboxes = (collections: readonly SyncCollectionRequest[]): AskedMailbox[] => {
  if (collections.length > MAX_COLLECTIONS) throw invalid('too many mailboxes in one call')
  if (new Set(collections.map(({ mailbox }) => mailbox)).size < collections.length)
    throw invalid('a mailbox is named twice')
  return collections.map(readMailbox)
}

const readMailbox = (asked: SyncCollectionRequest): AskedMailbox => {
  if (asked.commands.length > MAX_COMMANDS) throw invalid('too many commands for one mailbox')
  if (asked.syncKey.length > MAX_KEY_LENGTH) throw invalid('the sync key has a long name')
  const commands = asked.commands.map((command) => readCommand(command, asked.mailbox))
  const request: CollectionRequest = {
    collection: requireId(asked.mailbox, 'mailbox'),
    ...readState(asked),
    generation: asked.generation,
    syncKey: asked.syncKey,
    filter: asked.filter,
    sideFilter: asked.textFilter,
    window: Math.min(asked.window, MAX_WINDOW),
    getChanges: asked.getChanges,
    clientWins: asked.clientWins,
    sideClientWins: asked.textClientWins,
    commands: commands.filter(isChanging),
  }
  const { epoch, deletesAsMoves, options, textOptions = options, wholeConversations } = asked
  return {
    ...{ request, epoch, deletesAsMoves, options, textOptions, commands, wholeConversations },
    refusals: new Map(),
  }
}

const isChanging = (command: MailCommand): command is DeviceCommand & MailCommand => command.kind !== 'fetch'

const readState = (asked: SyncCollectionRequest): Pick<CollectionRequest, 'cursor' | 'list' | 'hint'> => {
  if (asked.cursor === undefined) return { cursor: undefined, list: NOTHING_KNOWN, hint: undefined }
  const cursor = cursorFromWire(asked.cursor)
  if (cursor === undefined) throw invalid("a cursor says what can't be")
  const list = asked.list === undefined ? NOTHING_KNOWN : listFromWire(asked.list)
  if (list === undefined) throw invalid(`a list of more than ${MAX_KNOWN} entries`)
  const { hint: position, hintEdge: edge } = asked
  return { cursor, list, hint: position === undefined || edge === undefined ? undefined : { position, edge } }
}

const readCommand = ({ command }: SyncCommand, mailbox: string): MailCommand => {
  if (command === undefined) throw invalid('a command of no kind')
  if (command.$case === 'add') return mailAdd(requireAdd(command.value, mailbox))
  const { placement } = command.value
  if (!Number.isSafeInteger(placement) || placement < 0) throw invalid("a placement isn't an id")
  if (command.$case === 'fetch') return { kind: 'fetch', placement, isWhole: command.value.whole }
  if (command.$case === 'delete') return { kind: 'delete', placement }
  return mailChange(command.value)
}

const MAX_CLIENT_ID = 64

/** Where a device may add what: all other mail comes by delivery, submission and import. */
const ADDED_TO: Readonly<Record<string, readonly string[]>> = {
  '': ['drafts'],
  sms: ['inbox', 'outbox'],
}

const requireAdd = (add: SyncAdd, mailbox: string): SyncAdd => {
  if (!ADDED_TO[add.kind]?.includes(mailbox)) throw invalid('nothing of this kind is added to this mailbox')
  if (add.clientId === '' || add.clientId.length > MAX_CLIENT_ID)
    throw invalid('an added item has no short name')
  requireTime(add.receivedAt, 'the time of receipt')
  return add
}

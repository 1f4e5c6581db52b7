import type {
  Attachment,
  Message,
  SyncCollectionResponse,
  SyncCommandResult,
  SyncOperation,
} from '@relais/proto/mail/v1/mail.ts'
import { type EmailOptions, emailChangeElements, emailElements } from '../classes/email.ts'
import { attachedElement } from '../classes/email-body.ts'
import { serverIdOf } from '../classes/server-id.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import type { PhoneCommand } from './phone-command.ts'
import { SMS } from './sync-options.ts'
import { SYNC_STATUS } from './sync-status.ts'

/** One collection of a Sync answer, with its elements in the order that clients have always seen. */
export type CollectionAnswer = {
  readonly key: string
  readonly collection: string
  readonly status: number
  readonly more: boolean
  readonly commands: readonly WbxmlNode[]
  readonly responses: readonly WbxmlNode[]
}

/** Empty Commands and Responses are left out: some phones fail over them (field notes 3). */
export const collectionElement = ({
  key,
  collection,
  status,
  more,
  commands,
  responses,
}: CollectionAnswer): WbxmlNode =>
  el('airsync:Collection', [
    el('airsync:SyncKey', key),
    el('airsync:CollectionId', collection),
    el('airsync:Status', status),
    more && el('airsync:MoreAvailable'),
    commands.length > 0 && el('airsync:Commands', commands),
    responses.length > 0 && el('airsync:Responses', responses),
  ])

export const failedCollection = (collection: string, key: string, status: number): CollectionAnswer => ({
  ...{ key, collection, status, more: false },
  commands: [],
  responses: [],
})

const serverId = (placement: number) => el('airsync:ServerId', serverIdOf(placement))
const data = (elements: readonly WbxmlNode[]) => el('airsync:ApplicationData', elements)

/** What the phone is told (MS-ASCMD 2.2.3.32). What it has just put into a draft is told with its name for it. */
export const operationElements = (
  { operations, results }: SyncCollectionResponse,
  options: EmailOptions,
): readonly WbxmlNode[] => {
  const attached = new Map(results.map((result) => [result.placement, result.attached]))
  return operations.flatMap((operation) => {
    const named = attached.get(operation.placement) ?? []
    return operationElement(named.length === 0 ? operation : withClientIds(operation, named), options) ?? []
  })
}

const withClientIds = (operation: SyncOperation, named: readonly Attachment[]): SyncOperation => {
  const { message } = operation
  if (!message) return operation
  const clientIds = new Map(named.map(({ part, clientId }) => [part, clientId]))
  const attachments = message.attachments.map((one) => ({ ...one, clientId: clientIds.get(one.part) ?? '' }))
  return { ...operation, message: { ...message, attachments } }
}

/** MS-ASMS 2.2.2.2.1.2: of text messages alone. An Add has no place for it: its MessageClass says the same. */
const TEXT_CLASS = el('airsync:Class', SMS)
const CLASS_OF_DELETED_SINCE: EasVersion = 141

const operationElement = (
  { kind, placement, message, changed, textMessage }: SyncOperation,
  options: EmailOptions,
): WbxmlNode | undefined => {
  switch (kind) {
    case 'add':
      return message && el('airsync:Add', [serverId(placement), data(emailElements(message, options))])
    case 'change':
      return (
        message &&
        el('airsync:Change', [
          textMessage && TEXT_CLASS,
          serverId(placement),
          data(emailChangeElements(message, changed, options)),
        ])
      )
    case 'delete':
      return el('airsync:Delete', [
        textMessage && options.version >= CLASS_OF_DELETED_SINCE && TEXT_CLASS,
        serverId(placement),
      ])
    case 'soft_delete':
      return el('airsync:SoftDelete', [serverId(placement)])
    default:
      return undefined
  }
}

/** Silence is success, but for Fetch and Add (MS-ASCMD 2.2.3.154). `results` are those of the commands that went to mail, in order. */
export const responseElements = (
  commands: readonly PhoneCommand[],
  results: readonly SyncCommandResult[],
  options: EmailOptions,
): readonly WbxmlNode[] => {
  const left = [...results]
  return commands.flatMap((command) => {
    if (command.kind === 'refused') return [refusedElement(command)]
    return resultElement(command, left.shift(), options)
  })
}

const refusedTags = {
  add: 'airsync:Add',
  change: 'airsync:Change',
  delete: 'airsync:Delete',
  fetch: 'airsync:Fetch',
} as const

const refusedElement = ({ of, id, status }: PhoneCommand & { kind: 'refused' }): WbxmlNode =>
  el(refusedTags[of], [
    of === 'add' ? el('airsync:ClientId', id) : el('airsync:ServerId', id),
    el('airsync:Status', status),
  ])

const statuses: Readonly<Record<string, number>> = {
  ok: SYNC_STATUS.ok,
  conflict: SYNC_STATUS.conflict,
  not_found: SYNC_STATUS.notFound,
  refused: SYNC_STATUS.malformed,
  no_recipients: SYNC_STATUS.recipients,
  no_room: SYNC_STATUS.noRoom,
  later: SYNC_STATUS.retry,
}

type ItemCommand = Exclude<PhoneCommand, { kind: 'refused' }>

const resultElement = (
  command: ItemCommand,
  result: SyncCommandResult | undefined,
  options: EmailOptions,
): readonly WbxmlNode[] => {
  const status = statuses[result?.outcome ?? ''] ?? SYNC_STATUS.server
  if (command.kind === 'add') return [addedElement(command, status, result)]
  const { kind, serverId: id } = command
  if (kind === 'fetch') return [fetchedElement(id, status, { message: result?.message, options })]
  // Of Changes that succeed only those are told that put something into a draft (MS-ASCMD 2.2.3.24).
  if (status === SYNC_STATUS.ok && (result?.attached ?? []).length === 0) return []
  return [el(refusedTags[kind], [el('airsync:ServerId', id), el('airsync:Status', status)])]
}

const addedElement = (
  command: Extract<ItemCommand, { kind: 'add' }>,
  status: number,
  result: SyncCommandResult | undefined,
): WbxmlNode => {
  const { placement = 0, attached = [] } = result ?? {}
  const isThere = status === SYNC_STATUS.ok && placement > 0
  const attachments = isThere ? attachedElement(placement, attached) : undefined
  return el('airsync:Add', [
    command.class !== undefined && el('airsync:Class', command.class),
    el('airsync:ClientId', command.clientId),
    isThere && serverId(placement),
    el('airsync:Status', status),
    attachments && data([attachments]),
  ])
}

const fetchedElement = (
  serverId: string,
  status: number,
  { message, options }: { readonly message: Message | undefined; readonly options: EmailOptions },
): WbxmlNode =>
  el('airsync:Fetch', [
    el('airsync:ServerId', serverId),
    el('airsync:Status', status === SYNC_STATUS.ok && message === undefined ? SYNC_STATUS.notFound : status),
    message && data(emailElements(message, options)),
  ])

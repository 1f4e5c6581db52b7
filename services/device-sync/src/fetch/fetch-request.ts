import type { ContentOptions } from '@relais/proto/mail/v1/mail.ts'
import { contentOptionsOf } from '../classes/body-options.ts'
import { itemOf } from '../classes/long-id.ts'
import { type FileReference, parseFileReference, placementOf } from '../classes/server-id.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { child, childrenNamed, childrenOf, has, textChild } from '../wbxml/read.ts'
import { type ByteRange, parseByteRange } from './byte-range.ts'

/** ItemOperations Status (MS-ASCMD 2.2.3.177.8). */
export const FETCH_STATUS = {
  ok: 1,
  protocolError: 2,
  serverError: 3,
  notFound: 6,
  badRange: 8,
  unknownStore: 9,
  empty: 10,
  tooLarge: 11,
  badAttachment: 15,
  denied: 16,
  noMoveAlways: 155,
  badDestination: 156,
} as const

/** What a Fetch names, given back in its answer as it came. */
export type FetchNames = {
  readonly collectionId: string | undefined
  readonly serverId: string | undefined
  readonly longId: string | undefined
  readonly linkId: string | undefined
  readonly fileReference: string | undefined
  /** Of what was found. */
  readonly itemClass?: string
}

/** By its place in a folder, or as a search has named it. */
export type MessageName =
  | { readonly by: 'place'; readonly placement: number; readonly collectionId: string }
  | { readonly by: 'item'; readonly item: number }

export type MessageFetch = {
  readonly kind: 'message'
  readonly names: FetchNames
  readonly message: MessageName
  readonly options: ContentOptions
  /** Properties that are wanted; undefined: all. */
  readonly schema: ReadonlySet<string> | undefined
}
export type AttachmentFetch = {
  readonly kind: 'attachment'
  readonly names: FetchNames
  readonly file: FileReference
  readonly range: ByteRange | undefined
}
export type RefusedFetch = { readonly kind: 'refused'; readonly names: FetchNames; readonly status: number }

export type FetchRequest = MessageFetch | AttachmentFetch | RefusedFetch

const ID = 64
const LONG_ID = 256
const REFERENCE = 256

const namesIn = (node: WbxmlNode): FetchNames => ({
  collectionId: textChild(node, 'airsync:CollectionId', { max: ID }),
  serverId: textChild(node, 'airsync:ServerId', { max: ID }),
  longId: textChild(node, 'search:LongId', { max: LONG_ID }),
  linkId: textChild(node, 'documentlibrary:LinkId'),
  fileReference: textChild(node, 'airsyncbase:FileReference', { max: REFERENCE }),
})

const attachmentFetch = (
  names: FetchNames,
  reference: string,
  options: WbxmlNode | undefined,
): FetchRequest => {
  const file = parseFileReference(reference)
  if (!file) return { kind: 'refused', names, status: FETCH_STATUS.badAttachment }
  const rangeText = textChild(options, 'itemoperations:Range', { max: 32 })
  const range = rangeText === undefined ? undefined : parseByteRange(rangeText)
  if (rangeText !== undefined && !range) return { kind: 'refused', names, status: FETCH_STATUS.badRange }
  return { kind: 'attachment', names, file, range }
}

/** What of a message is wanted (MS-ASCMD 2.2.3.158); an empty Schema asks for nothing less. */
const schemaOf = (options: WbxmlNode | undefined): ReadonlySet<string> | undefined => {
  const schemas = options ? childrenNamed(options, 'itemoperations:Schema') : []
  const tags = schemas.flatMap(childrenOf).map(({ tag }) => tag)
  return tags.length === 0 ? undefined : new Set(tags)
}

/** A status where they name none. */
const messageNamed = ({ longId, collectionId, serverId }: FetchNames): MessageName | number => {
  if (longId !== undefined) {
    if (serverId !== undefined) return FETCH_STATUS.protocolError
    const item = itemOf(longId)
    return item === undefined ? FETCH_STATUS.notFound : { by: 'item', item }
  }
  if (!collectionId || !serverId) return FETCH_STATUS.protocolError
  const placement = placementOf(serverId)
  return placement === undefined ? FETCH_STATUS.notFound : { by: 'place', placement, collectionId }
}

const messageFetch = (names: FetchNames, options: WbxmlNode | undefined): FetchRequest => {
  const message = messageNamed(names)
  if (typeof message === 'number') return { kind: 'refused', names, status: message }
  const content = { ...contentOptionsOf(options), streamMime: true }
  return { kind: 'message', names, message, options: content, schema: schemaOf(options) }
}

const wanted = (node: WbxmlNode, names: FetchNames): FetchRequest => {
  const options = child(node, 'itemoperations:Options')
  if (names.fileReference !== undefined) return attachmentFetch(names, names.fileReference, options)
  return messageFetch(names, options)
}

const storeStatus = (node: WbxmlNode): number => {
  if (!has(node, 'itemoperations:Store')) return FETCH_STATUS.protocolError
  const store = textChild(node, 'itemoperations:Store', { max: 256 }) ?? ''
  return store.toLowerCase() === 'mailbox' ? FETCH_STATUS.ok : FETCH_STATUS.unknownStore
}

/** One Fetch of ItemOperations (MS-ASCMD 2.2.3.67.1). Errors: INVALID_VALUE. */
export const readFetch = (node: WbxmlNode): FetchRequest => {
  const names = namesIn(node)
  const status = storeStatus(node)
  return status === FETCH_STATUS.ok ? wanted(node, names) : { kind: 'refused', names, status }
}

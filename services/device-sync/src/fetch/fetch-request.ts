import type { ContentOptions } from '@relais/proto/mail/v1/mail.ts'
import { contentOptionsOf } from '../classes/body-options.ts'
import { type FileReference, parseFileReference, placementOf } from '../classes/server-id.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { child, has, textChild } from '../wbxml/read.ts'
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
  badAttachment: 15,
  denied: 16,
} as const

/** What a Fetch names, given back in its answer as it came. */
export type FetchNames = {
  readonly collectionId: string | undefined
  readonly serverId: string | undefined
  readonly longId: string | undefined
  readonly linkId: string | undefined
  readonly fileReference: string | undefined
}

export type MessageFetch = {
  readonly kind: 'message'
  readonly names: FetchNames
  readonly placement: number
  readonly collectionId: string
  readonly options: ContentOptions
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

const messageFetch = (names: FetchNames, options: WbxmlNode | undefined): FetchRequest => {
  const { collectionId, serverId } = names
  if (!collectionId || !serverId) return { kind: 'refused', names, status: FETCH_STATUS.protocolError }
  const placement = placementOf(serverId)
  if (placement === undefined) return { kind: 'refused', names, status: FETCH_STATUS.notFound }
  return { kind: 'message', names, placement, collectionId, options: contentOptionsOf(options) }
}

/** LongIds come from Search, which gave none. */
const wanted = (node: WbxmlNode, names: FetchNames): FetchRequest => {
  const options = child(node, 'itemoperations:Options')
  if (names.fileReference !== undefined) return attachmentFetch(names, names.fileReference, options)
  if (names.longId !== undefined) return { kind: 'refused', names, status: FETCH_STATUS.notFound }
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

import type { MultipartPart } from '../commands/command.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import type { FetchNames } from './fetch-request.ts'

/** Binary parts of a multipart answer as they accumulate; their number is what Part says. */
export class Parts {
  readonly list: MultipartPart[] = []

  /** Number of the new part: the document itself is part 0. */
  add(part: MultipartPart): number {
    this.list.push(part)
    return this.list.length
  }
}

const name = (tag: Parameters<typeof el>[0], value: string | undefined): WbxmlNode | false =>
  value !== undefined && value !== '' && el(tag, value)

/** Fetch of the answer, in the schema's order. */
export const fetchElement = (
  status: number,
  names: FetchNames,
  properties: readonly WbxmlNode[] | undefined,
): WbxmlNode =>
  el('itemoperations:Fetch', [
    el('itemoperations:Status', status),
    name('airsync:CollectionId', names.collectionId),
    name('airsync:ServerId', names.serverId),
    name('search:LongId', names.longId),
    name('airsync:Class', names.itemClass),
    name('documentlibrary:LinkId', names.linkId),
    name('airsyncbase:FileReference', names.fileReference),
    properties !== undefined && el('itemoperations:Properties', properties),
  ])

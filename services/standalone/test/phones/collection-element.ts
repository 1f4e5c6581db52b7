import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { type Family, numberOf } from './families.ts'
import { commandElement } from './pending.ts'
import type { Folder } from './shown-folder.ts'

/** Versions from which, or up to which, a Sync has something: times ten. */
const NAMES_CLASS_UNTIL = 121
const CONVERSATIONS_SINCE = 140
const OLDEST = 25

type Asked = { readonly id: string; readonly window: number; readonly family: Family }

const preference = (version: number): WbxmlNode =>
  version === OLDEST
    ? el('airsync:Truncation', 1)
    : el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 1), el('airsyncbase:TruncationSize', 500)])

/** A folder in a Sync, as a phone of a family says it. A first one says nothing but that it is one. */
export const collectionElement = (
  { key, pending, filter, conversations }: Folder,
  { id, window, family }: Asked,
): WbxmlNode => {
  const version = numberOf(family.version)
  const itemClass = version <= NAMES_CLASS_UNTIL && el('airsync:Class', 'Email')
  if (key === '0')
    return el('airsync:Collection', [itemClass, el('airsync:SyncKey', '0'), el('airsync:CollectionId', id)])
  const options = el('airsync:Options', [
    filter !== undefined && el('airsync:FilterType', filter),
    preference(version),
  ])
  return el('airsync:Collection', [
    itemClass,
    el('airsync:SyncKey', key),
    el('airsync:CollectionId', id),
    el('airsync:DeletesAsMoves', false),
    el('airsync:GetChanges'),
    el('airsync:WindowSize', window),
    filter !== undefined && version >= CONVERSATIONS_SINCE && el('airsync:ConversationMode', conversations),
    (family.alwaysOptions || filter !== undefined) && options,
    pending.length > 0 && el('airsync:Commands', pending.map(commandElement)),
  ])
}

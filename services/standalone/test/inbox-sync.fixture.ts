import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { child, childrenNamed, descendant, textOf } from '@relais/device-sync/wbxml/read.ts'

/** A Sync of the inbox. */
export const syncOf = (key: string) =>
  el('airsync:Sync', [
    el('airsync:Collections', [
      el('airsync:Collection', [el('airsync:SyncKey', key), el('airsync:CollectionId', 'inbox')]),
    ]),
  ])

export const collectionIn = (root: WbxmlNode | undefined) =>
  descendant(root, 'airsync:Collections', 'airsync:Collection')

export const addsIn = (node: WbxmlNode | undefined) =>
  childrenNamed(child(node, 'airsync:Commands') ?? el('airsync:Commands'), 'airsync:Add')

export const bodyIn = (add: WbxmlNode | undefined): string => {
  const data = descendant(add, 'airsync:ApplicationData', 'airsyncbase:Body', 'airsyncbase:Data')
  return data ? textOf(data, 10_000) : ''
}

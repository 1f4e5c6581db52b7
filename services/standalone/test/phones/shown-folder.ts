import type { WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { textChild } from '@relais/device-sync/wbxml/read.ts'
import type { Item, Pending } from './pending.ts'

export class Violation extends Error {}

/** What a phone keeps of a folder. */
export type Folder = {
  key: string
  readonly items: Map<string, Item>
  pending: Pending[]
  mayStartAgain: boolean
  /** FilterType, once the user has chosen one. */
  filter: number | undefined
  /** ConversationMode, said with it. */
  conversations: boolean
  /** The key that the last request named. */
  named: string
}

export const newFolder = (): Folder => ({
  ...{ key: '0', items: new Map(), pending: [], mayStartAgain: false },
  ...{ filter: undefined, conversations: false, named: '' },
})

/** A draft gets the server's id, also for what the user has done to it since; one that is refused isn't shown any more. */
export const named = (folder: Folder, response: WbxmlNode): void => {
  if (response.tag !== 'airsync:Add') return
  const clientId = textChild(response, 'airsync:ClientId') ?? ''
  const id = textChild(response, 'airsync:ServerId')
  if (id === undefined || textChild(response, 'airsync:Status') !== '1')
    throw new Violation(`a draft was refused with Status ${textChild(response, 'airsync:Status')}`)
  const item = folder.items.get(clientId)
  if (item === undefined) return
  folder.items.delete(clientId)
  folder.items.set(id, item)
  folder.pending = folder.pending.map((one) => renamed(one, { clientId, id, subject: item.subject }))
}

/** Words that the user changed while the draft was on its way are an edit of it now. */
const renamed = (
  one: Pending,
  { clientId, id, subject }: { readonly clientId: string; readonly id: string; readonly subject: string },
): Pending => {
  if (one.id !== clientId) return one
  return one.kind === 'add' ? { kind: 'edit', id, subject } : { ...one, id }
}

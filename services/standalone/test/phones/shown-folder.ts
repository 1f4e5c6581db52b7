import type { WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { child, textChild } from '@relais/device-sync/wbxml/read.ts'
import { changed, type Item, type Pending, withPending } from './pending.ts'

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

/** What the server tells; `subjects` keeps those of all that were ever shown. */
export const told = (folder: Folder, command: WbxmlNode, subjects: Map<string, string>): void => {
  const id = textChild(command, 'airsync:ServerId') ?? ''
  const data = child(command, 'airsync:ApplicationData')
  switch (command.tag) {
    case 'airsync:Add':
      if (folder.items.has(id)) throw new Violation(`${id} was added twice`)
      subjects.set(id, textChild(data, 'email:Subject') ?? '')
      folder.items.set(
        id,
        withPending(folder.pending, id, changed({ seen: false, flagged: false, subject: '' }, data)),
      )
      return
    case 'airsync:Change': {
      const item = folder.items.get(id)
      if (item === undefined && !folder.pending.some((one) => one.id === id))
        throw new Violation(`${id} was changed, which isn't shown`)
      if (item !== undefined) folder.items.set(id, withPending(folder.pending, id, changed(item, data)))
      return
    }
    default:
      folder.items.delete(id)
      folder.pending = folder.pending.filter((one) => one.id !== id)
  }
}

import type { Item } from './pending.ts'
import type { Folder } from './shown-folder.ts'

export type Touch = 'read' | 'unread' | 'flag' | 'delete'

const nthOf = ({ items }: Folder, nth: number): readonly [string, Item] | undefined =>
  [...items][nth % Math.max(1, items.size)]

/** What the server hasn't named can't be spoken of. */
const isNew = ({ pending }: Folder, id: string): boolean =>
  pending.some((one) => one.kind === 'add' && one.id === id)

/** The nth message that can be spoken of. */
export const namedItem = (folder: Folder, nth: number): string | undefined => {
  const named = [...folder.items.keys()].filter((id) => !isNew(folder, id))
  return named[nth % Math.max(1, named.length)]
}

/** A new draft; it is shown under the phone's own id until the server has named it. */
export const write = (folder: Folder, id: string, subject: string): void => {
  folder.items.set(id, { seen: true, flagged: false, subject })
  folder.pending = [...folder.pending, { kind: 'add', id, subject }]
}

/** The nth draft is written anew, or sent. One that the server hasn't named is added with its new words. */
export const rewrite = (folder: Folder, nth: number, subject: string | undefined): void => {
  const [id, item] = nthOf(folder, nth) ?? []
  if (id === undefined || item === undefined) return
  if (subject === undefined) {
    send(folder, id)
    return
  }
  item.subject = subject
  const rest = folder.pending.filter((one) => one.id !== id || (one.kind !== 'add' && one.kind !== 'edit'))
  folder.pending = [...rest, { kind: isNew(folder, id) ? 'add' : 'edit', id, subject }]
}

const send = (folder: Folder, id: string): void => {
  if (isNew(folder, id)) return
  folder.items.delete(id)
  folder.pending = [...folder.pending.filter((one) => one.id !== id), { kind: 'send', id }]
}

/** Something is done to the nth message that is shown; which it was. */
export const touch = (folder: Folder, kind: Touch, nth: number): string | undefined => {
  const [id, item] = nthOf(folder, nth) ?? []
  if (id === undefined || item === undefined || isNew(folder, id)) return undefined
  if (kind === 'delete') folder.items.delete(id)
  else if (kind === 'flag') item.flagged = true
  else item.seen = kind === 'read'
  folder.pending = [...folder.pending, { kind, id }]
  return id
}

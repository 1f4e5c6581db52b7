import { type RelaisError, terminal } from '@relais/service-kit/errors.ts'
import type { MailEvent } from '../events.ts'
import { ancestry, childrenOf, descendants, type Hierarchy, type Mailbox, userMailboxId } from './mailbox.ts'
import { nameOfRole, roleOfName } from './names.ts'
import { ROLES } from './roles.ts'

/** Characters of a name (MS-ASCMD 2.2.3.49). */
export const MAX_NAME_LENGTH = 256
export const MAX_DEPTH = 64
export const MAX_MAILBOXES = 10_000

/** Makes the default mailboxes that the account doesn't have yet. */
export const decideDefaults = (state: Hierarchy, locale: string): readonly MailEvent[] =>
  ROLES.filter((role) => !state.mailboxes.has(role)).map((role) => ({
    type: 'MailboxCreated',
    payload: { mailbox: role, role, name: freeName(state, nameOfRole(role, locale)), parent: '' },
  }))

export type CreateMailbox = { readonly name: string; readonly parent: string }

export const decideCreate = (state: Hierarchy, command: CreateMailbox): readonly MailEvent[] => {
  const name = requireName(command.name)
  requireParent(state, command.parent)
  requireFree(state, command.parent, name)
  if (state.mailboxes.size >= MAX_MAILBOXES) {
    throw terminal('TOO_MANY_MAILBOXES', `an account has at most ${MAX_MAILBOXES} mailboxes`)
  }
  const mailbox = userMailboxId(state.next)
  return [{ type: 'MailboxCreated', payload: { mailbox, role: '', name, parent: command.parent } }]
}

export type UpdateMailbox = { readonly mailbox: string; readonly name?: string; readonly parent?: string }

/** Renames, moves, or both. */
export const decideUpdate = (state: Hierarchy, command: UpdateMailbox): readonly MailEvent[] => {
  const mailbox = requireOwn(state, command.mailbox)
  const name = command.name === undefined ? mailbox.name : requireName(command.name)
  const parent = command.parent ?? mailbox.parent
  if (parent !== mailbox.parent) requireOutside(state, mailbox, parent)
  if (name !== mailbox.name || parent !== mailbox.parent) requireFree(state, parent, name, mailbox.id)
  const events: MailEvent[] = []
  if (parent !== mailbox.parent) {
    events.push({ type: 'MailboxMoved', payload: { mailbox: mailbox.id, parent } })
  }
  if (name !== mailbox.name) events.push({ type: 'MailboxRenamed', payload: { mailbox: mailbox.id, name } })
  return events
}

/** The mailboxes that a deletion takes away: all under it and itself, the deepest first. */
export const deletedWith = (state: Hierarchy, mailbox: string): readonly string[] => {
  requireOwn(state, mailbox)
  return [...descendants(state, mailbox), mailbox]
}

/** True: a deleted mailbox's messages go for good, since it lies in the trash. */
export const liesInTrash = (state: Hierarchy, mailbox: string): boolean =>
  ancestry(state, mailbox).includes('trash')

export type FoundPath = { readonly mailbox: string; readonly missing: readonly string[] }

/**
 * A path of names: how far it is there, and what is missing of it. The first name may also be a role's, in any language, so that
 * another server's "Sent" becomes the account's own.
 */
export const findPath = (state: Hierarchy, path: readonly string[]): FoundPath => {
  let mailbox = ''
  for (const [depth, name] of path.entries()) {
    const child =
      childNamed(state, mailbox, name.normalize('NFC').trim())?.id ?? defaultNamed(state, depth, name)
    if (child === undefined) return { mailbox, missing: path.slice(depth) }
    mailbox = child
  }
  return { mailbox, missing: [] }
}

const defaultNamed = (state: Hierarchy, depth: number, name: string): string | undefined => {
  const role = depth === 0 ? roleOfName(name.trim()) : undefined
  return role && state.mailboxes.has(role) ? role : undefined
}

const fold = (name: string) => name.normalize('NFC').toLowerCase()

const childNamed = (state: Hierarchy, parent: string, name: string): Mailbox | undefined =>
  childrenOf(state, parent).find((mailbox) => fold(mailbox.name) === fold(name))

/** A default mailbox is made even where the owner has taken its name (after an import). */
const freeName = (state: Hierarchy, name: string): string => {
  let free = name
  for (let n = 2; childNamed(state, '', free); n++) free = `${name} ${n}`
  return free
}

const requireName = (name: string): string => {
  const trimmed = name.normalize('NFC').trim()
  const reason = whyNotAName(trimmed)
  if (reason) throw terminal('MAILBOX_NAME_INVALID', reason)
  return trimmed
}

const whyNotAName = (name: string): string | undefined => {
  if (name === '') return 'a mailbox needs a name'
  if (name.length > MAX_NAME_LENGTH) return `a mailbox's name has at most ${MAX_NAME_LENGTH} characters`
  if (/[\p{Cc}\u2028\u2029]/u.test(name) || !name.isWellFormed()) {
    return "a mailbox's name has no control characters"
  }
  return undefined
}

const notFound = (): RelaisError => terminal('MAILBOX_NOT_FOUND', 'there is no such mailbox')

const requireMailbox = (state: Hierarchy, id: string): Mailbox => {
  const mailbox = state.mailboxes.get(id)
  if (!mailbox) throw notFound()
  return mailbox
}

const requireOwn = (state: Hierarchy, id: string): Mailbox => {
  const mailbox = requireMailbox(state, id)
  if (mailbox.role !== '') {
    throw terminal('MAILBOX_IS_DEFAULT', "a default mailbox can't be renamed, moved or deleted")
  }
  return mailbox
}

const requireParent = (state: Hierarchy, parent: string, height = 1) => {
  if (parent === '') return
  if (!state.mailboxes.has(parent)) {
    throw terminal('PARENT_MAILBOX_NOT_FOUND', 'there is no such mailbox to put it in')
  }
  if (ancestry(state, parent).length + height > MAX_DEPTH) {
    throw terminal('MAILBOX_TOO_DEEP', `mailboxes nest at most ${MAX_DEPTH} deep`)
  }
}

const requireFree = (state: Hierarchy, parent: string, name: string, self = '') => {
  const taken = childrenOf(state, parent).some(
    ({ id, name: other }) => id !== self && fold(other) === fold(name),
  )
  if (taken) throw terminal('MAILBOX_NAME_TAKEN', 'there is a mailbox of that name')
}

const requireOutside = (state: Hierarchy, mailbox: Mailbox, parent: string) => {
  if (ancestry(state, parent).includes(mailbox.id)) {
    throw terminal('MAILBOX_INTO_ITSELF', "a mailbox can't be moved into itself or what is under it")
  }
  requireParent(state, parent, heightOf(state, mailbox.id))
}

/** Levels of a mailbox and what is under it: the first of `descendants` is one of the deepest. */
const heightOf = (state: Hierarchy, id: string): number => {
  const deepest = descendants(state, id)[0] ?? id
  return ancestry(state, deepest).length - ancestry(state, id).length + 1
}

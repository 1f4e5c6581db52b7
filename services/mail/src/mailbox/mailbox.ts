import type { MailEvent } from '../events.ts'

export type Mailbox = {
  readonly id: string
  /** A role of roles.ts, or '' for a mailbox the owner made. */
  readonly role: string
  readonly name: string
  /** Id of the mailbox above; '' at the top. */
  readonly parent: string
}

/** An account's tree of mailboxes. */
export type Hierarchy = {
  readonly mailboxes: ReadonlyMap<string, Mailbox>
  /** Number of the next mailbox that the owner makes; numbers are never used twice. */
  readonly next: number
}

export const emptyHierarchy: Hierarchy = { mailboxes: new Map(), next: 1 }

/** Id of a mailbox that the owner makes. */
export const userMailboxId = (number: number): string => `m${number}`

/** What the counter is after this mailbox was made. */
export const nextAfter = (next: number, mailbox: string, role: string): number => {
  if (role !== '' || !/^m\d{1,15}$/.test(mailbox)) return next
  return Math.max(next, Number(mailbox.slice(1)) + 1)
}

const withMailbox = (state: Hierarchy, mailbox: Mailbox): Hierarchy => ({
  mailboxes: new Map(state.mailboxes).set(mailbox.id, mailbox),
  next: nextAfter(state.next, mailbox.id, mailbox.role),
})

const changed = (state: Hierarchy, id: string, change: Partial<Mailbox>): Hierarchy => {
  const mailbox = state.mailboxes.get(id)
  return mailbox ? withMailbox(state, { ...mailbox, ...change }) : state
}

const without = (state: Hierarchy, id: string): Hierarchy => {
  const mailboxes = new Map(state.mailboxes)
  mailboxes.delete(id)
  return { ...state, mailboxes }
}

export const evolve = (state: Hierarchy, event: MailEvent): Hierarchy => {
  switch (event.type) {
    case 'MailboxCreated': {
      const { mailbox: id, role, name, parent } = event.payload
      return withMailbox(state, { id, role, name, parent })
    }
    case 'MailboxRenamed':
      return changed(state, event.payload.mailbox, { name: event.payload.name })
    case 'MailboxMoved':
      return changed(state, event.payload.mailbox, { parent: event.payload.parent })
    case 'MailboxDeleted':
      return without(state, event.payload.mailbox)
    default:
      return state
  }
}

export const childrenOf = (state: Hierarchy, parent: string): readonly Mailbox[] =>
  [...state.mailboxes.values()].filter((mailbox) => mailbox.parent === parent)

/** Ids from a mailbox up to the top, itself first. Ends also where rows would form a ring. */
export const ancestry = (state: Hierarchy, id: string): readonly string[] => {
  const path: string[] = []
  for (let at = state.mailboxes.get(id); at && !path.includes(at.id); at = state.mailboxes.get(at.parent)) {
    path.push(at.id)
  }
  return path
}

/** Ids of everything under a mailbox, the deepest first, without itself. */
export const descendants = (state: Hierarchy, id: string): readonly string[] => {
  const children = Map.groupBy(state.mailboxes.values(), (mailbox) => mailbox.parent)
  const found = new Set<string>([id])
  // A Set is walked in the order of its additions, also those made while it is walked: level by level, rings ignored.
  for (const parent of found) for (const child of children.get(parent) ?? []) found.add(child.id)
  return [...found].slice(1).reverse()
}

/** Names from the top down to a mailbox. */
export const pathOf = (state: Hierarchy, id: string): readonly string[] =>
  ancestry(state, id)
    .map((at) => state.mailboxes.get(at)!.name)
    .reverse()

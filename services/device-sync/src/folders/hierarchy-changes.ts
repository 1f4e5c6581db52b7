import type { Mailbox, MailboxChange } from '@relais/proto/mail/v1/mail.ts'

/** What a phone has to do to its folders. */
export type HierarchyChanges = {
  readonly added: readonly Mailbox[]
  readonly updated: readonly Mailbox[]
  readonly deleted: readonly string[]
}

/** The mail service's answer to "what changed since". */
export type Delta = { readonly changes: readonly MailboxChange[]; readonly removed: readonly string[] }

export const nothing: HierarchyChanges = { added: [], updated: [], deleted: [] }

/** What a phone did itself since the position that it is told from. */
export type OwnChanges = { readonly made: readonly string[]; readonly gone: readonly string[] }

/** The delta without what the phone has done already; a folder of its own that is there is told as changed, and one that went as deleted. */
export const withoutOwn = ({ changes, removed }: Delta, { made, gone }: OwnChanges): Delta => {
  const present = new Set(changes.map(({ mailbox }) => mailbox?.mailbox))
  return {
    changes: changes.map((change) =>
      change.mailbox && made.includes(change.mailbox.mailbox) ? { ...change, added: false } : change,
    ),
    removed: [
      ...removed.filter((folder) => !gone.includes(folder)),
      ...made.filter((folder) => !present.has(folder)),
    ],
  }
}

/** What a phone's own command leaves behind, if nobody else does anything. */
export type OwnChange = OwnChanges & {
  /** A folder as the phone now has it. */
  readonly expected?: Pick<Mailbox, 'mailbox' | 'name' | 'parent'>
}

/** Whether anything happened that isn't the phone's own doing. */
export const hasForeign = ({ changes, removed }: Delta, { made, gone, expected }: OwnChange): boolean => {
  const asExpected = ({ mailbox, name, parent }: Mailbox) =>
    mailbox === expected?.mailbox && name === expected.name && parent === expected.parent
  const present = new Set(changes.map(({ mailbox }) => mailbox?.mailbox))
  return (
    changes.some(({ mailbox }) => mailbox && !asExpected(mailbox)) ||
    removed.some((folder) => !gone.includes(folder)) ||
    made.some((folder) => !present.has(folder))
  )
}

const isDefault = ({ role }: Mailbox): boolean => role !== ''

const mailboxes = (changes: readonly MailboxChange[], added: boolean): readonly Mailbox[] =>
  changes.flatMap((change) => (change.added === added && change.mailbox ? [change.mailbox] : []))

/** Nothing above a folder is shown after it: phones hang it where its parent is. */
const parentsFirst = (folders: readonly Mailbox[]): readonly Mailbox[] => {
  const byId = new Map(folders.map((folder) => [folder.mailbox, folder]))
  const ordered = new Set<Mailbox>()
  const visit = (folder: Mailbox | undefined, depth: number): void => {
    if (!folder || ordered.has(folder) || depth > folders.length) return
    visit(byId.get(folder.parent), depth + 1)
    ordered.add(folder)
  }
  for (const folder of folders) visit(folder, 0)
  return [...ordered]
}

/** All folders for a phone that has none. */
export const firstChanges = (all: readonly Mailbox[], subfolders: boolean): HierarchyChanges => ({
  ...nothing,
  added: parentsFirst(subfolders ? all : all.filter(isDefault)),
})

/** Default folders are never removed, so a phone that has only these is never told of a removal. */
export const changesSince = ({ changes, removed }: Delta, subfolders: boolean): HierarchyChanges => {
  const shown = subfolders ? changes : changes.filter(({ mailbox }) => mailbox && isDefault(mailbox))
  return {
    added: parentsFirst(mailboxes(shown, true)),
    updated: mailboxes(shown, false),
    deleted: subfolders ? removed : [],
  }
}

/** The administrator now shows subfolders (or no longer does) to a phone that had the other view at the delta's start. */
export const changesOfView = (
  all: readonly Mailbox[],
  delta: Delta,
  subfolders: boolean,
): HierarchyChanges => {
  const ofDefaults = changesSince(delta, false)
  const others = all.filter((folder) => !isDefault(folder))
  if (subfolders) return { ...ofDefaults, added: parentsFirst([...ofDefaults.added, ...others]) }
  const unknown = new Set(mailboxes(delta.changes, true).map(({ mailbox }) => mailbox))
  const known = others.map(({ mailbox }) => mailbox).filter((mailbox) => !unknown.has(mailbox))
  return { ...ofDefaults, deleted: [...known, ...delta.removed] }
}

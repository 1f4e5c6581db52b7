/** The mailboxes that every account has. Their ids are their roles: short, and the same for every account. */
export const ROLES = ['inbox', 'drafts', 'sent', 'trash', 'junk', 'archive', 'outbox'] as const

export type Role = (typeof ROLES)[number]

const roles: ReadonlySet<string> = new Set(ROLES)

export const isRole = (value: string): value is Role => roles.has(value)

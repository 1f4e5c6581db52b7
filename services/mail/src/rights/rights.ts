import type { Identity } from '@relais/service-kit/call.ts'
import { terminal } from '@relais/service-kit/errors.ts'

/** 0 none, 1 reader, 2 owner: the level in a sync key (sync.md 2). */
export type AccessLevel = 0 | 1 | 2

export type MailTarget = { readonly tenant: string; readonly account: string; readonly mailbox?: string }

/** What somebody may do with an account's mail. Until `acl` fills it, the owner alone has rights. */
export interface Rights {
  levelOf(identity: Identity, target: MailTarget): Promise<AccessLevel>
}

/** Services and operators act inside the identity's tenant; those of the whole installation ('') in every one. */
const isTrusted = ({ actor }: Identity) => actor.kind === 'service' || actor.kind === 'operator'

export const ownerOnly: Rights = {
  async levelOf(identity, target) {
    if (isTrusted(identity)) return identity.tenant === '' || identity.tenant === target.tenant ? 2 : 0
    const owner = identity.tenant === target.tenant && identity.principal === target.account
    return owner && target.tenant !== '' && target.account !== '' ? 2 : 0
  },
}

const refused = () => terminal('PERMISSION_DENIED', 'no right to this mailbox')

/** Errors: PERMISSION_DENIED, the same for what doesn't exist and for what is somebody else's. */
export const requireLevel = async (
  rights: Rights,
  identity: Identity,
  { level, ...target }: MailTarget & { readonly level: AccessLevel },
): Promise<AccessLevel> => {
  const has = await rights.levelOf(identity, target)
  if (has < level) throw refused()
  return has
}

/** For what only services do: delivery from outside. */
export const requireService = (identity: Identity, tenant: string) => {
  const inTenant = identity.tenant === '' || identity.tenant === tenant
  if (!isTrusted(identity) || !inTenant || tenant === '') throw refused()
}

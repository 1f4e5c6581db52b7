import type { Call } from '@relais/service-kit/call.ts'
import { type RelaisError, terminal } from '@relais/service-kit/errors.ts'

const denied = (): RelaisError => terminal('PERMISSION_DENIED', 'the caller may not do this')

/** Administrators of the whole installation. */
export const requireOperator = ({ identity }: Pick<Call, 'identity'>): void => {
  if (identity.actor.kind !== 'operator' || identity.tenant !== '') throw denied()
}

const isOperator = ({ identity }: Pick<Call, 'identity'>) =>
  identity.actor.kind === 'operator' && identity.tenant === ''

const isService = ({ identity }: Pick<Call, 'identity'>) => identity.actor.kind === 'service'

/** Services of ours, which ask before they know whose tenant it is, and operators. */
export const requireService = (call: Pick<Call, 'identity'>): void => {
  if (!isService(call) && !isOperator(call)) throw denied()
}

/** Operators; services for the tenant that they act in, or any if they act in none; people and devices for themselves. */
export const requireReader = (
  call: Pick<Call, 'identity'>,
  tenant: string,
  accounts: readonly string[],
): void => {
  if (isOperator(call)) return
  const { identity } = call
  if (isService(call) && (identity.tenant === '' || identity.tenant === tenant)) return
  const isPerson = identity.actor.kind === 'account' || identity.actor.kind === 'device'
  const isOwn = identity.tenant === tenant && identity.principal !== '' && accounts.length > 0
  if (!isPerson || !isOwn || !accounts.every((account) => account === identity.principal)) throw denied()
}

/** Operators, services as for {@link requireReader}; people and devices of the tenant. */
export const requireMember = (call: Pick<Call, 'identity'>, tenant: string): void => {
  if (isOperator(call)) return
  const { identity } = call
  if (isService(call) && (identity.tenant === '' || identity.tenant === tenant)) return
  const isPerson = identity.actor.kind === 'account' || identity.actor.kind === 'device'
  if (!isPerson || tenant === '' || identity.tenant !== tenant || identity.principal === '') throw denied()
}

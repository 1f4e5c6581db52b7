import { commandIdOf } from '../commands/command-id.ts'
import type { Command } from '../commands/streams.ts'
import type { AccountKey } from '../queries/account.ts'
import { requireLevel } from '../rights/rights.ts'
import { requireId, requireText } from './arguments.ts'
import type { HandlerCall, Handling } from './context.ts'

type AccountRequest = AccountKey & { readonly minPosition?: number }

/**
 * The door of every call that concerns one account: names are bounded, the right is checked, the account has its default
 * mailboxes, and rows have what the caller knows of already.
 */
export const openAccount = async (
  handling: Handling,
  request: AccountRequest,
  call: HandlerCall,
): Promise<AccountKey> => {
  const key = await requireOwner(handling, request, call)
  await handling.onboarding.ensure(key, call)
  if (request.minPosition) await handling.projector.waitFor(request.minPosition, call.deadline)
  return key
}

export const requireOwner = async (
  { rights }: Handling,
  request: AccountKey,
  call: HandlerCall,
): Promise<AccountKey> => {
  const key = {
    tenant: requireId(request.tenant, 'tenant'),
    account: requireId(request.account, 'account'),
  }
  await requireLevel(rights, call.identity, { ...key, level: 2 })
  return key
}

/** A command under the caller's id, or a new one where the caller doesn't care about repeats. */
export const commandOf = (
  handling: Handling,
  key: AccountKey,
  call: HandlerCall,
  commandId: string,
): Command => {
  return {
    ...key,
    call,
    commandId: commandId === '' ? handling.ids() : commandIdOf(requireText(commandId, 'command id')),
  }
}

import type { DirectoryServiceImplementation } from '@relais/proto/directory/v1/directory.ts'
import type { Call } from '@relais/service-kit/call.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import { appPasswordLetters, makeAppPassword } from '../credential/app-password.ts'
import { readAccount } from '../queries/accounts.ts'
import { APP_SALT_BYTES, hashAppPassword } from '../sign-in/app-password-hash.ts'
import { changeAccount } from './account-calls.ts'
import { appPasswordMessage } from './messages.ts'
import { commandOf, type Parts } from './parts.ts'
import { requireOperator } from './permissions.ts'

type Handlers = Pick<
  DirectoryServiceImplementation<Call>,
  'createAppPassword' | 'listAppPasswords' | 'revokeAppPassword'
>

const newAppPassword = ({ random }: Parts) => {
  const password = makeAppPassword(random)
  return { password, hash: hashAppPassword(appPasswordLetters(password) ?? '', random(APP_SALT_BYTES)) }
}

/** Passwords of single programs and devices. */
export const appPasswordCalls = (parts: Parts): Handlers => ({
  createAppPassword: async ({ tenant, account, name, scopes, expiresAt }, call) => {
    requireOperator(call)
    const { password, hash } = newAppPassword(parts)
    const id = parts.ids.appPassword()
    const { position } = await changeAccount(
      { parts, command: commandOf(parts, call), tenant, account },
      { type: 'CreateAppPassword', id, name, hash, scopes, expiresAt, now: parts.clock() },
    )
    return { id, password, position }
  },

  listAppPasswords: async ({ tenant, account }, call) => {
    requireOperator(call)
    const { state } = await readAccount(parts.projector.store, { tenant, account })
    if (state.existence !== 'present') throw terminal('NOT_FOUND', 'there is no such account')
    const uses = await parts.memory.uses({ tenant, account })
    return { appPasswords: state.appPasswords.map((own) => appPasswordMessage(own, uses.get(own.id) ?? 0)) }
  },

  revokeAppPassword: ({ tenant, account, id }, call) => {
    requireOperator(call)
    const target = { parts, command: commandOf(parts, call), tenant, account }
    return changeAccount(target, { type: 'RevokeAppPassword', id })
  },
})

import type {
  DeepPartial,
  DirectoryServiceImplementation,
  ListAccountsResponse,
} from '@relais/proto/directory/v1/directory.ts'
import type { Call } from '@relais/service-kit/call.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import { type AccountCommand, decideAccount } from '../account/decide.ts'
import { requireAddress } from '../account/fields.ts'
import { AccountCreation, requireFree, requirePassword } from '../commands/create-accounts.ts'
import { addressName } from '../commands/names.ts'
import { accountStream, type Command, type Outcome } from '../commands/streams.ts'
import { THROW_AWAY_COST } from '../credential/password-hash.ts'
import { pageOfViews, readAccount } from '../queries/accounts.ts'
import { readTenant } from '../queries/tenants.ts'
import { afterOf, pageSizeOf, queryOf, requireListOf, tokenOf } from './bounds.ts'
import { fullAccount } from './gateway-calls.ts'
import { commandOf, type Parts } from './parts.ts'
import { requireOperator } from './permissions.ts'

type Handlers = Pick<
  DirectoryServiceImplementation<Call>,
  | 'createAccounts'
  | 'listAccounts'
  | 'updateAccount'
  | 'setAccountState'
  | 'deleteAccount'
  | 'addAlias'
  | 'removeAlias'
  | 'setPassword'
>

export type AccountTarget = {
  readonly parts: Parts
  readonly command: Command
  readonly tenant: string
  readonly account: string
}

/** Decides about one account; `prepare` takes the names that the decision needs. */
export const changeAccount = (
  { parts, command, tenant, account }: AccountTarget,
  decision: AccountCommand,
  prepare?: () => Promise<unknown>,
): Promise<Outcome> =>
  parts.streams.execute(command, {
    stream: accountStream(tenant, account),
    load: (reader) => readAccount(reader, { tenant, account }),
    decide: (state) => decideAccount(state, decision),
    prepare,
  })

const requireTenant = async ({ projector }: Parts, tenant: string) => {
  const { state } = await readTenant(projector.store, tenant)
  if (!state.exists) throw terminal('NOT_FOUND', 'there is no such tenant')
  return state
}

const addAlias = async (target: AccountTarget, text: string): Promise<Outcome> => {
  const address = requireAddress(text)
  const { parts, command, tenant, account } = target
  const { domains } = await requireTenant(parts, tenant)
  return changeAccount(target, { type: 'AddAlias', address: text }, async () => {
    await requireFree(parts, { tenant, domains }, address)
    await parts.claims.claim(addressName(tenant, address), account, command)
  })
}

const removeAlias = async (target: AccountTarget, text: string): Promise<Outcome> => {
  const { parts, command, tenant, account } = target
  const name = addressName(tenant, requireAddress(text))
  // Read before the alias is removed: a claim made after that is somebody else's.
  const { holder, position } = await parts.claims.read(name)
  const outcome = await changeAccount(target, { type: 'RemoveAlias', address: text })
  if (holder === account) await parts.claims.release({ name, position }, command)
  return outcome
}

const setPassword = async (target: AccountTarget, text: string): Promise<Outcome> => {
  const password = requirePassword(text)
  const { parts, command, tenant, account } = target
  await parts.streams.catchUp(command, accountStream(tenant, account))
  const { state } = await readAccount(parts.projector.store, target)
  if (state.existence !== 'present') throw terminal('NOT_FOUND', 'there is no such account')
  const { deadline } = command.call
  const passwordHash = await parts.hasher.hash(password, { deadline })
  return changeAccount(target, { type: 'SetPassword', passwordHash })
}

/** What operators do with accounts. */
export const accountCalls = (parts: Parts): Handlers => {
  const targetOf = (call: Call, { tenant, account }: { tenant: string; account: string }): AccountTarget => {
    requireOperator(call)
    return { parts, command: commandOf(parts, call), tenant, account }
  }
  return {
    createAccounts: async ({ tenant, accounts, throwAway }, call) => {
      requireOperator(call)
      requireListOf('accounts', accounts)
      const { domains } = await requireTenant(parts, tenant)
      const cost = throwAway ? THROW_AWAY_COST : undefined
      return new AccountCreation(parts, commandOf(parts, call), { tenant, domains, accounts, cost }).run()
    },

    listAccounts: async (request, call): Promise<DeepPartial<ListAccountsResponse>> => {
      requireOperator(call)
      await requireTenant(parts, request.tenant)
      const limit = pageSizeOf(request.pageSize)
      const page = {
        tenant: request.tenant,
        query: queryOf(request.query),
        after: afterOf(request.pageToken),
      }
      const rows = await pageOfViews(parts.projector.store, { ...page, limit })
      const accounts = await Promise.all(rows.map((row) => fullAccount(parts, row)))
      const last = rows.length < limit ? undefined : rows.at(-1)
      return { accounts, nextPageToken: last ? tokenOf(last.address_key) : '' }
    },

    updateAccount: ({ tenant, account, ...change }, call) =>
      changeAccount(targetOf(call, { tenant, account }), { type: 'UpdateAccount', change }),

    setAccountState: ({ state, ...key }, call) =>
      changeAccount(targetOf(call, key), { type: 'SetAccountState', state }),

    deleteAccount: (key, call) => changeAccount(targetOf(call, key), { type: 'DeleteAccount' }),

    addAlias: ({ address, ...key }, call) => addAlias(targetOf(call, key), address),

    removeAlias: ({ address, ...key }, call) => removeAlias(targetOf(call, key), address),

    setPassword: ({ password, ...key }, call) => setPassword(targetOf(call, key), password),
  }
}

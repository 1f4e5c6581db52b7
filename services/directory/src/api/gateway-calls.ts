import type {
  DeepPartial,
  DirectoryServiceImplementation,
  GetAccountsResponse,
  GetSettingsResponse,
  ResolveAddressesResponse,
  SignInResponse,
} from '@relais/proto/directory/v1/directory.ts'
import type { Reader } from '@relais/read-store'
import type { Call } from '@relais/service-kit/call.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import { parseAddress } from '../address/address.ts'
import { parseMap } from '../projections/account-row.ts'
import { type AccountViewRow, accountView } from '../queries/account-view.ts'
import { findView, readAccount } from '../queries/accounts.ts'
import { resolveAddress } from '../queries/addresses.ts'
import { readPlatform, tenantRow } from '../queries/tenants.ts'
import { effectiveSettings, type SettingLevels } from '../settings/inheritance.ts'
import { requireListOf } from './bounds.ts'
import { accountMessage } from './messages.ts'
import type { Parts } from './parts.ts'
import { requireReader, requireService } from './permissions.ts'

type Handlers = Pick<
  DirectoryServiceImplementation<Call>,
  'signIn' | 'resolveAddresses' | 'getAccounts' | 'getSettings'
>

const lastSignIn = (uses: ReadonlyMap<string, number>) => Math.max(0, ...uses.values())

/** With when it last signed in. */
export const fullAccount = async ({ memory, configured }: Parts, row: AccountViewRow) =>
  accountMessage(accountView(row, configured), lastSignIn(await memory.uses(row)))

const resolved = async (
  parts: Parts,
  address: string,
): Promise<ResolveAddressesResponse['addresses'][number]> => {
  const parsed = parseAddress(address)
  const found = parsed && (await resolveAddress(parts.projector.store, parsed))
  if (found?.kind !== 'account')
    return { address, kind: found?.kind ?? 'foreign', account: undefined, detail: '' }
  const account = accountMessage(accountView(found.row, parts.configured), 0)
  return { address, kind: 'account', account, detail: found.detail }
}

const noSuch = (what: string) => terminal('NOT_FOUND', `there is no such ${what}`)

const settingLevels = async (
  parts: Parts,
  reader: Reader,
  { tenant, account }: { tenant: string; account: string },
): Promise<SettingLevels> => {
  const levels = { configured: parts.configured, platform: (await readPlatform(reader)).state }
  if (tenant === '') return levels
  const row = await tenantRow(reader, tenant)
  if (row === undefined) throw noSuch('tenant')
  const ofTenant = { ...levels, tenant: parseMap(row.settings) }
  if (account === '') return ofTenant
  const { state } = await readAccount(reader, { tenant, account })
  if (state.existence !== 'present') throw noSuch('account')
  return { ...ofTenant, account: state.settings }
}

/** What gateways ask. */
export const gatewayCalls = (parts: Parts): Handlers => ({
  signIn: async (request, call): Promise<DeepPartial<SignInResponse>> => {
    requireService(call)
    const { found, credential, credentialExpires } = await parts.signIn.signIn(request, call.deadline)
    const account = accountMessage(accountView(found.row, parts.configured), parts.clock())
    return { account, appPassword: credential, expiresAt: credentialExpires }
  },

  resolveAddresses: async ({ addresses, minPosition }, call) => {
    requireService(call)
    requireListOf('addresses', addresses)
    await parts.projector.waitFor(minPosition, call.deadline)
    return { addresses: await Promise.all(addresses.map((address) => resolved(parts, address))) }
  },

  getAccounts: async ({ tenant, accounts, minPosition }, call): Promise<DeepPartial<GetAccountsResponse>> => {
    requireReader(call, tenant, accounts)
    requireListOf('accounts', accounts)
    await parts.projector.waitFor(minPosition, call.deadline)
    const { store } = parts.projector
    const rows = await Promise.all(accounts.map((account) => findView(store, { tenant, account })))
    const found = rows.filter((row) => row !== undefined)
    return { accounts: await Promise.all(found.map((row) => fullAccount(parts, row))) }
  },

  getSettings: async ({ tenant, account }, call): Promise<DeepPartial<GetSettingsResponse>> => {
    requireReader(call, tenant, account === '' ? [] : [account])
    const levels = await parts.projector.store.snapshot((reader) =>
      settingLevels(parts, reader, { tenant, account }),
    )
    return { settings: [...effectiveSettings(levels)] }
  },
})

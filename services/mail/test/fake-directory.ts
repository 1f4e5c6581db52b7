import {
  type Account,
  Account as AccountMessage,
  type DirectoryClient,
  DirectoryDefinition,
  type DirectoryServiceImplementation,
} from '@relais/proto/directory/v1/directory.ts'
import { createLocalClient } from '@relais/service-kit'
import type { Call, CallExtras } from '@relais/service-kit/call.ts'

export type FakeAccount = Partial<Account> & { readonly tenant: string; readonly account: string }

/** The directory as mail sees it, with accounts and settings that a test says. */
export type FakeDirectory = {
  readonly client: DirectoryClient<CallExtras>
  set(account: FakeAccount): void
  remove(tenant: string, account: string): void
  setting(name: string, value: string): void
  /** How often it was asked for accounts. */
  asked(): number
}

export const createFakeDirectory = (): FakeDirectory => {
  const accounts = new Map<string, Account>()
  const settings = new Map<string, string>()
  let asked = 0
  const unused = Object.keys(DirectoryDefinition.methods).map((name) => [name, notCalled(name)])
  const handlers: Partial<DirectoryServiceImplementation<Call>> = {
    ...Object.fromEntries(unused),
    getAccounts: async ({ tenant, accounts: ids }) => {
      asked++
      return { accounts: ids.flatMap((id) => accounts.get(`${tenant}/${id}`) ?? []) }
    },
    resolveAddresses: async ({ addresses }) => ({
      addresses: addresses.map((address) => {
        const account = [...accounts.values()].find((one) => one.address === address)
        return { address, kind: account ? 'account' : 'foreign', account, detail: '' }
      }),
    }),
    getSettings: async () => ({
      settings: [...settings].map(([name, value]) => ({ name, value, origin: 'tenant' })),
    }),
  }
  return {
    client: createLocalClient(DirectoryDefinition, handlers as DirectoryServiceImplementation<Call>),
    set: (account) => {
      const made = AccountMessage.fromPartial({
        state: 'active',
        tenantState: 'active',
        locale: 'en',
        ...account,
      })
      accounts.set(`${account.tenant}/${account.account}`, made)
    },
    remove: (tenant, account) => accounts.delete(`${tenant}/${account}`),
    setting: (name, value) => settings.set(name, value),
    asked: () => asked,
  }
}

const notCalled = (name: string) => async () => {
  throw new Error(`mail has no business with ${name}`)
}

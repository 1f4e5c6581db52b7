import type { Account } from '@relais/proto/directory/v1/directory.ts'
import type { Connection } from './connection.ts'
import { UsageError } from './usage-error.ts'

/** The account that an address (or alias) names. Errors: {@link UsageError} if none does. */
export const accountOf = async (connection: Connection, address: string): Promise<Account> => {
  const { addresses } = await connection.directory.resolveAddresses({ addresses: [address] })
  const account = addresses[0]?.account
  if (account === undefined) throw new UsageError(`there is no account ${address}`)
  return account
}

/** The tenant that an id, a name or one of its domains names. */
export const tenantOf = async (connection: Connection, name: string) => {
  const { tenants } = await connection.directory.listTenants({})
  const wanted = name.toLowerCase()
  const tenant = tenants.find(
    ({ tenant, name, domains }) =>
      tenant === wanted || name.toLowerCase() === wanted || domains.includes(wanted),
  )
  if (tenant === undefined) throw new UsageError(`there is no tenant ${name}`)
  return tenant
}

/** Who an operator acts for when an account's own data is meant. */
export const asOperatorFor = (account: Account) => ({
  identity: {
    tenant: account.tenant,
    principal: account.account,
    actor: { kind: 'operator', id: 'relais', device: '' },
  },
})

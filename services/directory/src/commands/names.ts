import { hash } from 'node:crypto'
import type { Stream } from '@relais/proto/common/v1/log.ts'
import { type RelaisError, terminal } from '@relais/service-kit/errors.ts'
import { evolveAccount, noAccount } from '../account/account.ts'
import type { Address } from '../address/address.ts'
import { CLAIMS_SERVICE, type DirectoryEvent, NOBODY } from '../events.ts'
import { keyOf } from '../projections/account-row.ts'
import { evolveTenant, noTenant } from '../tenant/tenant.ts'
import { accountStream, tenantStream } from './streams.ts'

/** Something that one holder only may have: an address in its tenant, a domain in the installation. */
export type Name = {
  readonly stream: Stream
  readonly holderStream: (holder: string) => Stream
  /** Whether a holder with this history has the name. */
  readonly isUsed: (history: readonly DirectoryEvent[]) => boolean
  readonly taken: () => RelaisError
}

/** 160 bits; the stream's name doesn't show the address, and is as long for all. */
const streamOf = (tenant: string, name: string): Stream => ({
  tenant,
  account: hash('sha256', name, 'hex').slice(0, 40),
  service: CLAIMS_SERVICE,
})

export const addressName = (tenant: string, { key, text }: Pick<Address, 'key' | 'text'>): Name => ({
  stream: streamOf(tenant, key),
  holderStream: (account) => accountStream(tenant, account),
  isUsed: (history) => {
    const { existence, address, aliases } = history.reduce(evolveAccount, noAccount)
    return existence === 'present' && [address, ...aliases].some((one) => keyOf(one) === key)
  },
  taken: () => terminal('ADDRESS_TAKEN', `the address ${JSON.stringify(text)} is taken`),
})

export const domainName = (domain: string): Name => ({
  stream: streamOf(NOBODY, domain),
  holderStream: tenantStream,
  isUsed: (history) => {
    const { exists, domains } = history.reduce(evolveTenant, noTenant)
    return exists && domains.includes(domain)
  },
  taken: () => terminal('DOMAIN_TAKEN', `the domain ${domain} belongs to a tenant`),
})

import { importRequests, type MailFile, readMailFiles } from '@relais/mail-files'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { StartError } from '../start-error.ts'
import type { Seed } from './seed.ts'

export type PlantDeps = {
  readonly directory: DirectoryClient<CallExtras>
  readonly mail: MailClient<CallExtras>
  readonly identity: NonNullable<CallExtras['identity']>
  /** True: cheaper password hashing, since the data is thrown away. */
  readonly throwAway: boolean
  readonly progress: (line: string) => void
}

const BATCH = 500
const SLOW = { timeoutMs: 600_000 }

export type Planted = { readonly tenant: string; readonly account: string; readonly address: string }

/** Makes the tenants, accounts and mail of a seed. Errors: {@link StartError} that names what was refused. */
export const plantSeed = async (seed: Seed, deps: PlantDeps): Promise<readonly Planted[]> => {
  const planted: Planted[] = []
  for (const [index, tenant] of seed.tenants.entries())
    planted.push(...(await plantTenant(tenant, index === 0, deps)))
  return planted
}

type SeedTenant = Seed['tenants'][number]
type SeedAccount = SeedTenant['accounts'][number]

const plantTenant = async (seed: SeedTenant, first: boolean, deps: PlantDeps) => {
  const created = await deps.directory.createTenant(
    { name: seed.name, domains: seed.domains, defaultTenant: first },
    { identity: deps.identity },
  )
  const tenant = created.tenant?.tenant ?? ''
  const planted: Planted[] = []
  for (let from = 0; from < seed.accounts.length; from += BATCH) {
    planted.push(...(await plantAccounts(tenant, seed.accounts.slice(from, from + BATCH), deps)))
    const done = Math.min(from + BATCH, seed.accounts.length)
    if (seed.accounts.length > BATCH)
      deps.progress(`accounts of ${seed.name}: ${done} of ${seed.accounts.length}`)
  }
  return planted
}

const plantAccounts = async (tenant: string, accounts: readonly SeedAccount[], deps: PlantDeps) => {
  const { accounts: created } = await deps.directory.createAccounts(
    { tenant, accounts: accounts.map(newAccount), throwAway: deps.throwAway },
    { identity: deps.identity, ...SLOW },
  )
  for (const [index, { account, address, reason }] of created.entries()) {
    if (account === '') throw new StartError(`the seed's account ${address} was refused: ${reason}`)
    for (const path of accounts[index]?.import ?? [])
      await importPath({ tenant, account, path, address }, deps)
  }
  return created.map(({ account, address }) => ({ tenant, account, address }))
}

const newAccount = ({ address, password, name }: SeedAccount) => ({
  address,
  password,
  displayName: name ?? address.split('@')[0] ?? '',
})

type ImportJob = {
  readonly tenant: string
  readonly account: string
  readonly path: string
  readonly address: string
}

const importPath = async (job: ImportJob, deps: PlantDeps) => {
  const imported = await importMessages(job, readMailFiles(job.path), deps)
  deps.progress(`mail for ${job.address}: ${imported} messages from ${job.path}`)
}

type Owner = { readonly tenant: string; readonly account: string }

/** Puts messages into an account; returns how many. Errors: {@link StartError} that says which message was refused. */
export const importMessages = async (owner: Owner, messages: AsyncIterable<MailFile>, deps: PlantDeps) => {
  const identity = { ...deps.identity, tenant: owner.tenant, principal: owner.account }
  const answer = await deps.mail.import(importRequests(owner, messages), { identity, ...SLOW })
  const [refusal] = answer.refusals
  if (refusal !== undefined)
    throw new StartError(`message ${refusal.index + 1} was refused: ${refusal.reason}`)
  return answer.imported
}

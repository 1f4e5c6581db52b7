import { ConflictError } from '@relais/event-log'
import type { Projector } from '@relais/read-store'
import { tenantByCommand, tenantRow } from '../queries/tenants.ts'
import { type CreateTenant, decideTenant } from '../tenant/decide.ts'
import { slugOf } from '../tenant/slug.ts'
import { noTenant } from '../tenant/tenant.ts'
import type { Claims } from './claims.ts'
import { domainName } from './names.ts'
import { type Command, conflict, type DirectoryStreams, tenantStream } from './streams.ts'

type Deps = {
  readonly projector: Projector
  readonly streams: DirectoryStreams
  readonly claims: Claims
  readonly random: (count: number) => Uint8Array
}

export type NewTenant = Omit<CreateTenant, 'type' | 'tenant' | 'epoch'>

/** Tenants of one name. */
const MAX_SLUGS = 1_000

/** Names the incarnation of the tenant's log in sync tokens: never 0, and hardly ever another tenant's. */
const newEpoch = (random: Deps['random']): number => {
  const [high = 0, low = 0] = random(2)
  return high * 256 + low || 1
}

/** The tenant's id. The same command again makes no second tenant. Errors: DOMAIN_TAKEN, INVALID_ARGUMENT, … */
export const createTenant = async (deps: Deps, command: Command, tenant: NewTenant): Promise<string> => {
  const { store } = deps.projector
  const made = await tenantByCommand(store, command.commandId)
  if (made) return made.tenant
  const epoch = newEpoch(deps.random)
  for (let attempt = 1; attempt <= MAX_SLUGS; attempt++) {
    const slug = slugOf(tenant.name, attempt)
    if (await tenantRow(store, slug)) continue
    if (await tryCreate(deps, command, { ...tenant, type: 'CreateTenant', tenant: slug, epoch })) return slug
  }
  throw conflict()
}

/** False: the id is another tenant's. */
const tryCreate = async (
  { streams, claims }: Deps,
  command: Command,
  decision: CreateTenant,
): Promise<boolean> => {
  const events = decideTenant(noTenant, decision)
  const domains = events.filter((event) => event.type === 'DomainAdded').map(({ payload }) => payload.domain)
  await claims.claimAll(domains.map(domainName), decision.tenant, command)
  try {
    const stream = tenantStream(decision.tenant)
    const { position } = await streams.append(command, { stream, events, expected: 0 })
    await streams.waitFor(position, command)
    return true
  } catch (error) {
    if (error instanceof ConflictError) return false
    throw error
  }
}

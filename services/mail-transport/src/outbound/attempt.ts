import type { DirectoryClient, ResolvedAddress } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras, Identity } from '@relais/service-kit'
import type { QueueRow } from '../queries/queue.ts'
import { deliverLocally, type LocalDeliveryDeps, type LocalRow } from './local-delivery.ts'
import type { Attempt } from './retry.ts'
import type { Smarthost } from './smarthost.ts'

export type AttemptDeps = LocalDeliveryDeps & {
  readonly directory: DirectoryClient<CallExtras>
  /** Undefined: mail for elsewhere can't leave. */
  readonly smarthost: Smarthost | undefined
}

const GATEWAY: Identity = {
  tenant: '',
  principal: '',
  actor: { kind: 'service', id: 'mail-transport', device: '' },
}

/** Tries every due recipient of one submission; their attempts, in order. Errors: those of the directory. */
export const attemptSubmission = async (
  rows: readonly QueueRow[],
  deps: AttemptDeps,
): Promise<readonly Attempt[]> => {
  const { addresses } = await deps.directory.resolveAddresses(
    { addresses: rows.map(({ recipient }) => recipient) },
    { identity: GATEWAY },
  )
  const local = rows.flatMap((row, n) => localRow(row, addresses[n]) ?? [])
  const foreign = rows.filter((_, n) => addresses[n]?.kind === 'foreign')
  const [here, there] = await Promise.all([deliverLocally(local, deps), sendAway(foreign, deps.smarthost)])
  const attempts = new Map<QueueRow, Attempt>()
  for (const [n, { row }] of local.entries()) attempts.set(row, here[n] ?? UNKNOWN)
  for (const [n, row] of foreign.entries()) attempts.set(row, there[n] ?? UNKNOWN)
  return rows.map((row) => attempts.get(row) ?? NO_ACCOUNT)
}

const UNKNOWN: Attempt = { outcome: 'not-now', reply: '4.3.0 the outcome is not known' }
const NO_ACCOUNT: Attempt = { outcome: 'refused', reply: '550 5.1.1 there is no such account' }
const NO_ROUTE: Attempt = {
  outcome: 'refused',
  reply: '550 5.4.4 mail for elsewhere can not leave: no smarthost is set',
}

const localRow = (row: QueueRow, resolved: ResolvedAddress | undefined): LocalRow | undefined => {
  const account = resolved?.kind === 'account' ? resolved.account : undefined
  if (account === undefined) return undefined
  return { row, recipient: { address: row.recipient, tenant: account.tenant, account: account.account } }
}

const sendAway = async (
  rows: readonly QueueRow[],
  smarthost: Smarthost | undefined,
): Promise<readonly Attempt[]> => (smarthost === undefined ? rows.map(() => NO_ROUTE) : smarthost.send(rows))

import type { StoredCommit } from '@relais/event-log'
import { AccountErased } from '@relais/proto/directory/v1/events.ts'
import { isCoded } from '@relais/service-kit/errors.ts'
import type { Logger } from '@relais/service-kit/logging/logger.ts'
import { asService, type Caller } from '../process/as-service.ts'
import type { Process } from '../process/follow.ts'
import type { AccountKey } from '../queries/account.ts'
import type { Onboarding } from './onboarding.ts'

type LifeDeps = {
  readonly onboarding: Onboarding
  readonly erase: (key: AccountKey, caller: Caller) => Promise<void>
  readonly clock: () => number
  readonly logger: Logger
}

/** Accounts at once: their commits share the log's syncs. */
const AT_ONCE = 64

/** Follows the directory: an account that was created gets its mailboxes, one that was deleted is erased. */
export const accountLife = (deps: LifeDeps): Process => ({
  name: 'mail-account-life',
  filter: { service: 'directory' },
  handle: async (commits) => {
    const accounts = [...Map.groupBy(commits, accountOf).values()]
    for (let at = 0; at < accounts.length; at += AT_ONCE) {
      await Promise.all(accounts.slice(at, at + AT_ONCE).map((life) => live(deps, life)))
    }
  },
})

/**
 * The account that a commit takes away. AccountErased is a fact of the tenant, since the account's own streams are purged, and comes
 * last: what a delivery has put there after AccountDeleted goes with it.
 */
const erasedBy = (commit: StoredCommit): AccountKey | undefined => {
  const { tenant, account } = commit.stream
  const erased = commit.events.find(({ type }) => type === 'AccountErased')
  if (erased) return { tenant, account: AccountErased.decode(erased.payload).account }
  return commit.events.some(({ type }) => type === 'AccountDeleted') ? { tenant, account } : undefined
}

const accountOf = (commit: StoredCommit): string => {
  const { tenant, account } = erasedBy(commit) ?? commit.stream
  return `${tenant}/${account}`
}

const live = async (deps: LifeDeps, commits: readonly StoredCommit[]): Promise<void> => {
  for (const commit of commits) {
    const caller = asService(commit, deps.clock())
    const erased = erasedBy(commit)
    if (erased) await end(deps, erased, caller)
    else await begin(deps, commit, caller)
  }
}

const end = async ({ onboarding, erase }: LifeDeps, account: AccountKey, caller: Caller): Promise<void> => {
  onboarding.forget(account)
  await erase(account, caller)
}

/** What fails for good here is tried again at the account's first need, and told to whoever needs it. */
const begin = async (
  { onboarding, logger }: LifeDeps,
  commit: StoredCommit,
  caller: Caller,
): Promise<void> => {
  try {
    await onboarding.react(commit, caller)
  } catch (error) {
    if (isCoded(error) && error.retryable) throw error
    const { tenant, account } = commit.stream
    logger.error(
      { err: error, tenant, account, position: commit.position },
      'an account has no mailboxes yet',
    )
  }
}

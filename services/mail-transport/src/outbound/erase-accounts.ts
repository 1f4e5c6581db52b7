import type { EventLog, StoredCommit } from '@relais/event-log'
import { AccountErased } from '@relais/proto/directory/v1/events.ts'
import { transportEvents } from '../events.ts'
import type { Reaction } from './reaction.ts'

export type EraseAccountsDeps = { readonly log: EventLog; readonly clock: () => number }

/** Nothing of a deleted account is sent any more: its streams are purged, so its queue must be emptied by a fact of the tenant. */
export const eraseAccounts = (deps: EraseAccountsDeps): Reaction => ({
  name: 'erase-accounts',
  filter: { service: 'directory' },
  react: (commits) => Promise.all(commits.map((commit) => erase(commit, deps))),
})

const erase = async (commit: StoredCommit, { log, clock }: EraseAccountsDeps) => {
  const event = commit.events.find(({ type }) => type === 'AccountErased')
  if (event === undefined) return
  const { account } = AccountErased.decode(event.payload)
  await log.append({
    stream: { tenant: commit.stream.tenant, account: '-', service: 'mail-transport' },
    events: [transportEvents.encode('QueueErased', { account })],
    commandId: `erased:${commit.position}`,
    actor: { kind: 'service', id: 'mail-transport', device: '' },
    principal: '',
    causation: commit.position,
    correlation: commit.correlation,
    traceparent: commit.traceparent,
    at: clock(),
  })
}

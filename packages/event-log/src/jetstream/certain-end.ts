import type { StreamInfo } from '@nats-io/jetstream'
import type { LogApi } from './log-api.ts'
import { behind } from './pages.ts'

/** Followers elect another leader four seconds after they last heard of theirs, at the earliest; it hears of them each second. */
const LEASE_MS = 3_000
const NANOSECONDS = 1e6

/** Whether the replica that answers leads still: it has heard of most so lately that they can't have elected another. */
const leadsStill = ({ cluster }: Pick<StreamInfo, 'cluster'>): boolean => {
  const others = cluster?.replicas ?? []
  const heard = others.filter(({ active, offline }) => offline !== true && active < LEASE_MS * NANOSECONDS)
  return heard.length + 1 > (others.length + 1) / 2
}

/**
 * Position of the log's last commit, erased or not, of those that were acknowledged before the call: a leader that was stopped or cut off
 * and doesn't know yet that there is another isn't believed. Errors: one that is tried again.
 */
export const certainEnd = async (api: Pick<LogApi, 'info'>): Promise<number> => {
  const info = await api.info()
  if (!leadsStill(info)) throw behind()
  return info.state.last_seq
}

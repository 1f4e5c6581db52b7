import type { NewCommit } from '../port.ts'
import { envelopeOf, headersOf } from './envelope.ts'
import type { LogMessage } from './log-api.ts'
import type { CoveredPage, PageRequest } from './pages.ts'
import { subjectOf } from './subjects.ts'

export type Written = { readonly account: string; readonly previous: number; readonly stored?: number }

/** A message as a server gives it. */
export const messageAt = (position: number, { account, previous, stored = 0 }: Written): LogMessage => {
  const stream = { tenant: 'acme', account, service: 'mail' }
  const commit: NewCommit = {
    stream,
    events: [],
    commandId: `c${position}`,
    actor: { kind: 'service', id: 'x', device: '' },
    principal: account,
    at: 0,
    collections: ['inbox'],
  }
  const envelope = envelopeOf(commit, 0, `t${position}`)
  const subject = subjectOf(stream)
  return {
    position,
    subject,
    headers: headersOf(envelope, subject, previous),
    record: new Uint8Array(),
    stored,
  }
}

/** A log of as many commits, of two accounts in turn, each on top of the one before in its stream. */
export const messages = (count: number, stored = 0): LogMessage[] =>
  Array.from({ length: count }, (_, i) =>
    messageAt(i + 1, { account: i % 2 ? 'eva' : 'mike', previous: Math.max(0, i - 1), stored }),
  )

/** Pages of what one replica has; `proven` where it has what was asked for, or more. */
export const pagesOf =
  (kept: readonly LogMessage[]) =>
  async ({ after, since = 0, upTo = Number.POSITIVE_INFINITY, count }: PageRequest): Promise<CoveredPage> => {
    const rest = kept.filter(({ position, stored }) => position > after && stored >= since)
    const wanted = rest.filter(({ position }) => position <= upTo).slice(0, count)
    const proven = rest.slice(0, count).some(({ position }) => position >= upTo)
    return { messages: wanted, covered: proven || wanted.length < count, proven }
  }

import type { Stream } from '@relais/proto/common/v1/log.ts'
import type { StoredCommit } from '../port.ts'

/** How an append ended, as its caller knows it. */
export type Outcome =
  | { readonly kind: 'known'; readonly position: number; readonly repeated: boolean }
  /** A conflict: nothing was appended. */
  | { readonly kind: 'refused'; readonly head: number }
  /** It may be in the log, now or later. */
  | { readonly kind: 'unknown' }

/** One call of `append`. Times are of one clock that never goes back, in any unit. */
export type AppendCall = {
  readonly stream: Stream
  readonly commandId: string
  readonly expected: number | undefined
  readonly began: number
  readonly ended: number
  readonly outcome: Outcome
}

export type History = {
  readonly appends: readonly AppendCall[]
  /** The whole log as it is at the end, once from each replica (or process) that is able to tell. */
  readonly logs: readonly (readonly StoredCommit[])[]
  /** What each follower of everything was told, in that order, from its beginning after `after`. */
  readonly followers?: readonly { readonly after: number; readonly commits: readonly StoredCommit[] }[]
}

const MAX_TOLD = 20

/** Everything that the history of a run has which no log may do, each a sentence; none: the log kept its word. */
export const checkHistory = (history: History): string[] => {
  const [log = []] = history.logs
  const faults = [
    ...orderFaults(log),
    ...twiceFaults(log),
    ...missingFaults(history.appends, log),
    ...inventedFaults(history.appends, log),
    ...chainFaults(log),
    ...timeFaults(history.appends),
    ...refusalFaults(history.appends, log),
    ...history.logs.slice(1).flatMap((other, at) => copyFaults(log, other, `copy ${at + 2}`)),
    ...(history.followers ?? []).flatMap((follower, at) =>
      followerFaults(log, follower, `follower ${at + 1}`),
    ),
  ]
  return faults.length > MAX_TOLD
    ? [...faults.slice(0, MAX_TOLD), `and ${faults.length - MAX_TOLD} more`]
    : faults
}

const streamOf = ({ tenant, account, service }: Stream) => `${tenant}/${account}/${service}`

const nameOf = ({ stream, commandId }: Pick<AppendCall, 'stream' | 'commandId'>) =>
  `${streamOf(stream)} ${commandId}`

const orderFaults = (log: readonly StoredCommit[]): string[] =>
  log.flatMap(({ position }, at) => {
    const before = log[at - 1]?.position ?? 0
    return position > before ? [] : [`position ${position} comes after ${before}`]
  })

const twiceFaults = (log: readonly StoredCommit[]): string[] => {
  const seen = new Map<string, number>()
  return log.flatMap((commit) => {
    const name = nameOf(commit)
    const first = seen.get(name)
    if (first === undefined) seen.set(name, commit.position)
    return first === undefined ? [] : [`${name} is at ${first} and at ${commit.position}`]
  })
}

/** What was acknowledged is where it was said to be. */
const missingFaults = (appends: readonly AppendCall[], log: readonly StoredCommit[]): string[] => {
  const byPosition = new Map(log.map((commit) => [commit.position, nameOf(commit)]))
  return appends.flatMap((append) => {
    if (append.outcome.kind !== 'known') return []
    const { position } = append.outcome
    const found = byPosition.get(position)
    return found === nameOf(append)
      ? []
      : [`${nameOf(append)} was acknowledged at ${position}: ${found ?? 'nothing'} is there`]
  })
}

/** What is there was asked for, by a call that didn't learn that it was refused. */
const inventedFaults = (appends: readonly AppendCall[], log: readonly StoredCommit[]): string[] => {
  const possible = new Set(appends.filter(({ outcome }) => outcome.kind !== 'refused').map(nameOf))
  const asked = new Set(appends.map(nameOf))
  return log.map(nameOf).flatMap((name) => {
    if (possible.has(name)) return []
    return [asked.has(name) ? `${name} was refused and is there` : `${name} is there, and nobody appended it`]
  })
}

/** A commit that expected a position follows just that one in its stream. */
const chainFaults = (log: readonly StoredCommit[]): string[] => {
  const heads = new Map<string, number>()
  return log.flatMap(({ stream, expected, position }) => {
    const head = heads.get(streamOf(stream)) ?? 0
    heads.set(streamOf(stream), position)
    const kept = expected === undefined || expected === head
    return kept ? [] : [`the commit at ${position} expected ${expected}, its stream was at ${head}`]
  })
}

/** An append that began after another had ended is behind it. */
const timeFaults = (appends: readonly AppendCall[]): string[] => {
  const known = appends.flatMap(({ outcome, ...append }) =>
    outcome.kind === 'known' && !outcome.repeated ? [{ ...append, position: outcome.position }] : [],
  )
  const byEnd = known.toSorted((a, b) => a.ended - b.ended)
  let ended = 0
  let highest = 0
  return known
    .toSorted((a, b) => a.began - b.began)
    .flatMap((append) => {
      while (ended < byEnd.length && byEnd[ended]!.ended < append.began) {
        highest = Math.max(highest, byEnd[ended]!.position)
        ended += 1
      }
      const kept = append.position > highest
      return kept
        ? []
        : [`${nameOf(append)} got ${append.position}, and ${highest} was acknowledged before it began`]
    })
}

/** A conflict names a head that the stream had, and not the one that was expected. */
const refusalFaults = (appends: readonly AppendCall[], log: readonly StoredCommit[]): string[] => {
  const heads = new Set(log.map(({ stream, position }) => `${streamOf(stream)} ${position}`))
  return appends.flatMap((append) => {
    if (append.outcome.kind !== 'refused') return []
    const { head } = append.outcome
    if (append.expected === undefined || append.expected === head)
      return [`${nameOf(append)} was refused, and what it expected was so`]
    const had = head === 0 || heads.has(`${streamOf(append.stream)} ${head}`)
    return had ? [] : [`${nameOf(append)} was refused for a head ${head} that its stream never had`]
  })
}

const copyFaults = (log: readonly StoredCommit[], other: readonly StoredCommit[], name: string): string[] => {
  const at = log.findIndex((commit, index) => !isSame(commit, other[index]))
  if (at >= 0) return [`${name} has ${told(other[at])} where the first has ${told(log[at])}`]
  return other.length > log.length
    ? [`${name} has ${told(other[log.length])}, and the first ends before it`]
    : []
}

const isSame = (one: StoredCommit, other: StoredCommit | undefined) =>
  other !== undefined && one.position === other.position && nameOf(one) === nameOf(other)

const told = (commit: StoredCommit | undefined) =>
  commit ? `${nameOf(commit)} at ${commit.position}` : 'nothing'

/** Nothing was left out, told twice or out of order; a follower may be behind. */
const followerFaults = (
  log: readonly StoredCommit[],
  { after, commits }: { readonly after: number; readonly commits: readonly StoredCommit[] },
  name: string,
): string[] => {
  const expected = log.filter(({ position }) => position > after).slice(0, commits.length)
  return copyFaults(expected, commits, name)
}

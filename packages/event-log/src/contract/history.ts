/** What became of one call of `append`. */
export type Attempt = {
  readonly stream: string
  readonly commandId: string
  readonly expected?: number
  /** When it was asked and when it was answered, by one clock that never goes back. */
  readonly began: number
  readonly ended: number
  readonly outcome:
    | { readonly kind: 'known'; readonly position: number; readonly repeated: boolean }
    /** It may have been stored. */
    | { readonly kind: 'unknown' }
    /** A conflict: it wasn't stored. */
    | { readonly kind: 'refused' }
}

export type Found = {
  readonly position: number
  readonly stream: string
  readonly commandId: string
  readonly expected: number | undefined
}

export type History = {
  readonly attempts: readonly Attempt[]
  /** The log as it is read back at the end, from each replica. */
  readonly replicas: readonly { readonly name: string; readonly commits: readonly Found[] }[]
  /** Positions that each follower was given, in that order; all began before the first commit. */
  readonly followers?: readonly { readonly name: string; readonly positions: readonly number[] }[]
}

const nameOf = ({ stream, commandId }: { stream: string; commandId: string }) => `${stream} ${commandId}`

/**
 * What is wrong with a log after faults: an acknowledged commit that is missing or elsewhere, a command that is there twice, a refused or never
 * asked one that is there, an order that isn't that of the answers, a condition that didn't hold, replicas or followers that differ. Pure.
 */
export const problemsOf = (history: History): string[] => {
  const [first, ...others] = history.replicas
  if (!first) return ['no replica was read']
  return [
    ...first.commits.flatMap((commit, i) => outOfOrder(commit, first.commits[i - 1])),
    ...twice(first.commits),
    ...unmet(first.commits),
    ...strangers(first.commits, history.attempts),
    ...broken(first.commits, history.attempts),
    ...reordered(history.attempts),
    ...others.flatMap(({ name, commits }) => differing(name, first.commits, commits)),
    ...(history.followers ?? []).flatMap((follower) => misled(follower, first.commits)),
  ]
}

const outOfOrder = (commit: Found, before: Found | undefined): string[] =>
  before && before.position >= commit.position
    ? [`position ${commit.position} comes after ${before.position}`]
    : []

const twice = (commits: readonly Found[]): string[] => {
  const seen = new Set<string>()
  return commits.flatMap((commit) => {
    const name = nameOf(commit)
    if (seen.has(name)) return [`${name} is there twice, at ${commit.position} again`]
    seen.add(name)
    return []
  })
}

const unmet = (commits: readonly Found[]): string[] => {
  const heads = new Map<string, number>()
  return commits.flatMap(({ stream, position, expected }) => {
    const head = heads.get(stream) ?? 0
    heads.set(stream, position)
    return expected === undefined || expected === head
      ? []
      : [`the commit at ${position} expected ${expected}, its stream's head was ${head}`]
  })
}

const strangers = (commits: readonly Found[], attempts: readonly Attempt[]): string[] => {
  const asked = new Set(attempts.map(nameOf))
  return commits
    .filter((commit) => !asked.has(nameOf(commit)))
    .map((commit) => `nobody asked for ${nameOf(commit)} at ${commit.position}`)
}

/** Answers that the log doesn't keep. */
const broken = (commits: readonly Found[], attempts: readonly Attempt[]): string[] => {
  const positions = new Map(commits.map((commit) => [nameOf(commit), commit.position]))
  const open = new Set(attempts.filter(({ outcome }) => outcome.kind !== 'refused').map(nameOf))
  return attempts.flatMap((attempt) => {
    const name = nameOf(attempt)
    const found = positions.get(name)
    if (attempt.outcome.kind === 'known' && found !== attempt.outcome.position) {
      return [`${name} was acknowledged at ${attempt.outcome.position}, but is ${placeOf(found)}`]
    }
    return found !== undefined && !open.has(name) ? [`${name} was refused, but is ${placeOf(found)}`] : []
  })
}

const placeOf = (position: number | undefined) => (position === undefined ? 'missing' : `at ${position}`)

/** What was answered before another was asked has the lower position. */
const reordered = (attempts: readonly Attempt[]): string[] => {
  const made = attempts.flatMap(({ began, ended, outcome }) =>
    outcome.kind === 'known' && !outcome.repeated ? [{ began, ended, position: outcome.position }] : [],
  )
  const byEnd = made.toSorted((a, b) => a.ended - b.ended)
  let answered = 0
  let highest = 0
  return made
    .toSorted((a, b) => a.began - b.began)
    .flatMap(({ began, position }) => {
      for (; (byEnd[answered]?.ended ?? began) < began; answered++) {
        highest = Math.max(highest, byEnd[answered]?.position ?? 0)
      }
      return position < highest ? [`${position} was asked for after ${highest} had been answered`] : []
    })
}

const lineOf = (commit: Found | undefined) => (commit ? `${commit.position} ${nameOf(commit)}` : 'nothing')

const differing = (name: string, commits: readonly Found[], theirs: readonly Found[]): string[] => {
  const length = Math.max(commits.length, theirs.length)
  for (let i = 0; i < length; i++) {
    const [ours, other] = [lineOf(commits[i]), lineOf(theirs[i])]
    if (ours !== other) return [`${name} has ${other} where another has ${ours}`]
  }
  return []
}

const misled = (
  { name, positions }: { name: string; positions: readonly number[] },
  commits: readonly Found[],
): string[] => {
  const length = Math.max(positions.length, commits.length)
  for (let i = 0; i < length; i++) {
    const position = commits[i]?.position
    if (positions[i] !== position) return [`${name} was given ${positions[i]} where the log has ${position}`]
  }
  return []
}

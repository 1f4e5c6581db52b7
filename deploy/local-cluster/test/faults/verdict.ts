/** A mail and what its sender knows of it. Its subject is its alone. */
export type SentMail = {
  readonly subject: string
  readonly recipient: string
  readonly acknowledged: boolean
  /** Attempts after which the sender can't know whether it is there; a phone's SendMail has none: it is repeated under its id. */
  readonly uncertain: number
}

/** What phones did to mails of one account and were told is done, by subject. */
export type PhoneDeeds = {
  readonly account: string
  /** Others may have moved or deleted the same mail first; then a deed may have come too late, which is no loss. */
  readonly shared: boolean
  readonly deleted: readonly string[]
  readonly flagged: readonly string[]
}

export type FoundMail = { readonly subject: string; readonly flagged: boolean }

/** Every mail of every account at the end, sent items left out, by address. */
export type Found = ReadonlyMap<string, readonly FoundMail[]>

export type Account = { readonly address: string; readonly state: string }

/** What is wrong with mails at the end; empty: nothing acknowledged is missing, nothing is there more often than it was sent. */
export const judgeMails = (
  mails: readonly SentMail[],
  deeds: readonly PhoneDeeds[],
  found: Found,
): readonly string[] => {
  const known = new Set(mails.map(({ subject }) => subject))
  const strangers = [...found].flatMap(([account, messages]) =>
    messages
      .filter(({ subject }) => !known.has(subject))
      .map(({ subject }) => `${account} has "${subject}", which nobody sent`),
  )
  return [...strangers, ...mails.flatMap((mail) => judgeMail(mail, deedsTo(mail, deeds), found))]
}

type Deeds = { readonly shared: boolean; readonly deleted: number; readonly flagged: boolean }

const deedsTo = ({ subject, recipient }: SentMail, all: readonly PhoneDeeds[]): Deeds => {
  const deeds = all.filter(({ account }) => account === recipient)
  return {
    shared: deeds.some(({ shared }) => shared),
    deleted: deeds.flatMap(({ deleted }) => deleted).filter((one) => one === subject).length,
    flagged: deeds.some(({ flagged }) => flagged.includes(subject)),
  }
}

const judgeMail = (mail: SentMail, { shared, deleted, flagged }: Deeds, found: Found): readonly string[] => {
  const { subject, recipient, acknowledged, uncertain } = mail
  const copies = (found.get(recipient) ?? []).filter((one) => one.subject === subject)
  const sent = (acknowledged ? 1 : 0) + uncertain
  const least = Math.max(0, (acknowledged ? 1 : 0) - deleted)
  const most = shared ? sent : Math.max(0, sent - deleted)
  const name = `"${subject}" of ${recipient}`
  if (copies.length < least) return [`${name} was acknowledged and is missing`]
  if (copies.length > most)
    return [`${name} is there ${copies.length} times; sent ${sent} times, deleted ${deleted} times`]
  if (flagged && !shared && sent === 1 && copies.some((one) => !one.flagged))
    return [`${name} was flagged on a phone, and isn't`]
  return []
}

/** What is wrong with accounts: each that was made is there once, in the state that was set last. */
export const judgeAccounts = (made: readonly Account[], found: readonly Account[]): readonly string[] =>
  made.flatMap(({ address, state }) => {
    const there = found.filter((one) => one.address === address)
    if (there.length !== 1) return [`${address} was made once and is there ${there.length} times`]
    return there[0]?.state === state ? [] : [`${address} is ${there[0]?.state} and was set to ${state}`]
  })

/** What a process holds when nothing happens. */
export type Holding = {
  readonly name: string
  readonly descriptors: number
  readonly residentMiB: number
  /** After its garbage was collected. */
  readonly heapMiB: number
  /** Each who waits for something within a time has one. */
  readonly timers: number
  /** Requests of phones that it says it holds. */
  readonly heldRequests: number
}

/** Sessions of PostgreSQL, by database. */
export type Sessions = ReadonlyMap<string, number>

/** How much more a process may hold than it held when it had worked and nothing had been hurt yet; `residentMiB` is in all. */
export type Bounds = Omit<Holding, 'name' | 'heldRequests'>

const GROWING = ['descriptors', 'heapMiB', 'timers'] as const

/** What has leaked; empty: nothing. `before`: what was held after the same work without faults. */
export const judgeHoldings = (
  now: readonly Holding[],
  before: readonly Holding[],
  bounds: Bounds,
): readonly string[] =>
  now.flatMap((holding) => {
    const { name, residentMiB, heldRequests } = holding
    const then = before.find((one) => one.name === name)
    const grown = GROWING.filter((what) => holding[what] > (then?.[what] ?? 0) + bounds[what])
    return [
      ...grown.map((what) => `${name} holds ${holding[what]} ${what}, and held ${then?.[what]}`),
      ...(residentMiB > bounds.residentMiB ? [`${name} holds ${residentMiB} MiB`] : []),
      ...(heldRequests > 0 ? [`${name} holds ${heldRequests} requests of phones that have gone`] : []),
    ]
  })

/** Sessions that nobody closed: `more` than there were after the same work without faults. */
export const judgeSessions = (now: Sessions, before: Sessions, more: number): readonly string[] =>
  [...now].flatMap(([database, count]) => {
    const then = before.get(database) ?? 0
    return count > then + more ? [`PostgreSQL has ${count} sessions in ${database}, and had ${then}`] : []
  })

import type { ClaimEvent } from '../events.ts'

/** Who has a name, as its stream tells. */
export type Claim = {
  /** An account, for domains a tenant; '' if nobody has it. */
  readonly holder: string
  /** Milliseconds since 1970 of the claim. */
  readonly since: number
  /** Of the stream's last commit; 0 if there is none. */
  readonly position: number
}

const unclaimed: Claim = { holder: '', since: 0, position: 0 }

/** Holds a name while its stream is being purged. */
export const ERASER = '-'

export type ClaimFact = { readonly event: ClaimEvent; readonly position: number; readonly at: number }

/** The last fact of a name's stream says it all. */
export const claimOf = (last: ClaimFact | undefined): Claim => {
  if (last === undefined) return unclaimed
  const { event, position, at } = last
  return { holder: event.type === 'NameClaimed' ? event.payload.holder : '', since: at, position }
}

/** For this long a holder may still be about to use what it claimed; a decision takes milliseconds. */
export const CLAIM_GRACE_MS = 10_000

/** What a holder says about a name it has claimed: it uses it, or it doesn't (its decision failed, or was undone). */
export type HolderUse = 'used' | 'unused'

/**
 * What somebody who wants a name does next:
 * `claim` it, expecting the stream's position; `ask` the holder whether it uses it; `wait` a little; give up because it is `taken`;
 * or make the holder `forfeit` what it hasn't used, then claim.
 */
export type ClaimStep = 'claim' | 'ask' | 'wait' | 'taken' | 'forfeit'

export type ClaimQuestion = {
  readonly claim: Claim
  readonly wanter: string
  /** What the holder said, once asked. */
  readonly use?: HolderUse
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Makes names unique with nothing but expected positions. A claim is one's own only together with the holder's commit that uses it:
 * that commit expects the head that its stream had *before* the claim. So a claim whose holder stopped half-way can be
 * taken over: first a commit to the holder's stream makes its unfinished decision impossible (`forfeit`), then the name is claimed.
 */
export const nextStep = ({ claim, wanter, use, now }: ClaimQuestion): ClaimStep => {
  if (claim.holder === '' || claim.holder === wanter) return 'claim'
  if (claim.holder === ERASER) return 'wait'
  if (use === undefined) return 'ask'
  if (use === 'used') return 'taken'
  // Before now or after: a clock that was ahead by hours when it claimed would keep the name for hours.
  return Math.abs(now - claim.since) < CLAIM_GRACE_MS ? 'wait' : 'forfeit'
}

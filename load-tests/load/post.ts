import { setTimeout as pause } from 'node:timers/promises'
import type { Account } from '../eas/phone-state.ts'
import type { Plan } from '../eas/plan.ts'
import { stampedSubject } from '../eas/stamp.ts'
import type { Observer } from '../eas/world.ts'
import { LmtpSender } from '../phone/lmtp-sender.ts'
import { message } from '../phone/messages.ts'

/** Where mail from outside is handed in. */
export type MailDoor = { readonly protocol: 'lmtp' | 'smtp'; readonly host: string; readonly port: number }

export type PostOrder = {
  readonly plan: Plan
  readonly accounts: readonly Account[]
  readonly door: MailDoor
  readonly observer: Observer
  /** Seconds since the run began. */
  readonly now: () => number
  /** Milliseconds since 1970. */
  readonly date: () => number
  readonly random: () => number
  readonly signal: AbortSignal
}

/** One delivery of the plan. `at`: not before; undefined: as soon as a connection is free. */
export type Letter = { readonly at: number; readonly recipients: readonly string[] }

const CONNECTIONS = 8
/** Recipients of one transaction. */
const RECIPIENTS = 100

/** Hands in what the plan says, over a few connections. A connection that breaks is made anew. */
export const handIn = async (order: PostOrder): Promise<void> => {
  const letters = lettersOf(order.plan, order.accounts, order.random)
  let n = 0
  const lane = async () => {
    let sender: LmtpSender | undefined
    for (const letter of letters) {
      if (!(await isTime(letter, order))) break
      sender = await deliver(order, { ...letter, number: n++ }, sender)
    }
    sender?.close()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, lane))
}

/** In order of their time; several may read it, each letter goes to one of them. */
export function* lettersOf(
  plan: Plan,
  accounts: readonly Account[],
  random: () => number,
): Generator<Letter> {
  const kinds = [steady(plan, accounts, random), gathering(plan, accounts), bursts(plan, accounts)]
  const heads = kinds.map((kind) => kind.next().value)
  for (;;) {
    const next = heads.reduce<number | undefined>(
      (best, head, n) => (head && (best === undefined || head.at < heads[best]!.at) ? n : best),
      undefined,
    )
    if (next === undefined) return
    yield heads[next]!
    heads[next] = kinds[next]!.next().value
  }
}

type Letters = Generator<Letter, undefined>

/** From the moment at which all phones have come up. */
function* steady(
  { post, rampSeconds, durationSeconds }: Plan,
  accounts: readonly Account[],
  random: () => number,
): Letters {
  if (post.perSecond <= 0) return undefined
  const count = Math.ceil((durationSeconds - rampSeconds) * post.perSecond)
  for (let n = 0; n < count; n++) {
    const at = rampSeconds + n / post.perSecond
    yield { at, recipients: [accounts[Math.floor(random() * accounts.length)]!.address] }
  }
  return undefined
}

function* gathering({ post, away }: Plan, accounts: readonly Account[]): Letters {
  if (away === undefined) return undefined
  const count = post.whileAway * accounts.length
  for (let n = 0; n < count; n++) {
    const at = away.from + ((away.until - away.from) * n) / count
    yield { at, recipients: [accounts[n % accounts.length]!.address] }
  }
  return undefined
}

function* bursts({ post, durationSeconds }: Plan, accounts: readonly Account[]): Letters {
  if (post.bursts === undefined) return undefined
  const { from, everySeconds, recipients } = post.bursts
  const group = accounts.slice(0, recipients).map(({ address }) => address)
  for (let at = from; at < durationSeconds; at += everySeconds)
    for (let first = 0; first < group.length; first += RECIPIENTS)
      yield { at, recipients: group.slice(first, first + RECIPIENTS) }
  return undefined
}

/** False: the run is over. */
const isTime = async ({ at }: Letter, { plan, now, signal }: PostOrder): Promise<boolean> => {
  try {
    await pause(Math.max(0, (at - now()) * 1000), undefined, { signal })
    return now() < plan.durationSeconds
  } catch {
    return false
  }
}

/** After a failure: a server that takes nothing isn't asked a thousand times a second. */
const FAILED_MS = 250

const deliver = async (
  { door, observer, date, signal }: PostOrder,
  { recipients, number }: Letter & { readonly number: number },
  open: LmtpSender | undefined,
): Promise<LmtpSender | undefined> => {
  const began = performance.now()
  let sender = open
  try {
    sender ??= await LmtpSender.connect(door.host, door.port, { protocol: door.protocol, signal })
    await sender.deliverToAll(recipients, message(number, stampedSubject(number, date())))
    observer.took('delivery', performance.now() - began)
    observer.count('mails in', recipients.length)
    return sender
  } catch (error) {
    sender?.close()
    if (signal.aborted) return undefined // the run is over, and not the mail refused
    observer.count('mails refused', recipients.length)
    observer.wondered(`mail: ${error instanceof Error ? error.message.replace(/<[^>]*>/g, '<…>') : 'failed'}`)
    await pause(FAILED_MS)
    return undefined
  }
}

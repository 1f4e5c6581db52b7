import { doSomething, untilNextDeed } from './deeds.ts'
import type { Rest, Talk } from './effects.ts'
import type { PhoneState } from './phone-state.ts'
import type { Plan } from './plan.ts'
import type { Asking } from './request.ts'
import { folders, provision, setUp } from './set-up.ts'
import { takeAll } from './syncing.ts'
import { Trouble, type TroubleKind } from './trouble.ts'
import { wait } from './waiting.ts'
import type { CountName, World } from './world.ts'

type Living = Asking & {
  readonly plan: Plan
  nextDeed: number
  /** When it first began to wait; infinite: not yet. */
  waitedSince: number
  /** All were to leave, and it did. */
  hasBeenAway: boolean
  /** It left while it waited for mail, and isn't back yet. */
  hasLeft: boolean
}

/** What a phone does in a run, from the moment at which it comes up: sets itself up, waits, is woken, is used, goes away and comes back, and gets over what goes wrong. Ends with the run. */
export function* lifeOf(phone: PhoneState, comesAt: number, plan: Plan, world: World): Talk<void> {
  const never = Number.POSITIVE_INFINITY
  const not = { hasBeenAway: false, hasLeft: false }
  const living: Living = { phone, world, plan, nextDeed: never, waitedSince: never, ...not }
  yield rest(comesAt - world.now())
  while (!isOver(living)) {
    try {
      yield* turn(living)
      phone.failures = 0
    } catch (error) {
      if (!(error instanceof Trouble)) throw error
      if (!(yield* getOver(living, error))) return
    }
  }
}

const rest = (seconds: number, leaves = false): Rest => ({
  kind: 'rest',
  seconds: Math.max(0, seconds),
  leaves,
})

const isOver = ({ world, plan }: Living): boolean => world.now() >= plan.durationSeconds

function* turn(living: Living): Talk<void> {
  const { phone, world, plan } = living
  if (isToLeave(living)) yield* stayAway(living)
  else if (!phone.isSetUp) yield* comeUp(living)
  else if (living.hasLeft) yield* comeBack(living)
  else if (world.now() >= living.nextDeed) {
    living.nextDeed = world.now() + untilNextDeed(plan.users, world.random())
    yield* doSomething(living, plan.users)
  } else yield* wait(living, untilSomething(living), (since) => noteWaiting(living, since))
}

/** Who waited when all were to leave does so, also where it is its turn only after that: there are many phones. */
const isToLeave = ({ world, plan: { away }, hasBeenAway, waitedSince }: Living): boolean =>
  away !== undefined &&
  !hasBeenAway &&
  world.now() >= away.from &&
  (world.now() < away.until || waitedSince < away.from)

/** Until all may come again, and then a while of its own, so that not all come in the same moment. */
function* stayAway(living: Living): Talk<void> {
  const { phone, world, plan } = living
  if (plan.away === undefined) return
  if (phone.hasWaited) world.count('left')
  living.hasBeenAway = true
  living.hasLeft = phone.hasWaited
  phone.isReturning = phone.hasWaited
  const { until, spreadSeconds } = plan.away
  yield rest(until - world.now() + world.random() * spreadSeconds, true)
}

function* comeUp(living: Living): Talk<void> {
  const { world, plan } = living
  yield* setUp(living)
  world.count('phones up')
  living.nextDeed = world.now() + untilNextDeed(plan.users, world.random())
}

/** As phones do that have been away: are the folders the same, and what is new? */
function* comeBack(living: Living): Talk<void> {
  yield* folders(living)
  yield* takeAll(living)
  living.hasLeft = false
}

/** Its user, its leaving or the run's end interrupts a phone that waits. */
const untilSomething = ({ world, plan, nextDeed }: Living): number => {
  const { away } = plan
  const leaving = away !== undefined && world.now() < away.from ? away.from : Number.POSITIVE_INFINITY
  return Math.max(0.001, Math.min(nextDeed, leaving, plan.durationSeconds) - world.now())
}

const noteWaiting = (living: Living, since: number): void => {
  const { phone, world, plan } = living
  living.waitedSince = Math.min(living.waitedSince, since)
  if (!phone.hasWaited) world.count('phones waiting')
  phone.hasWaited = true
  if (!phone.isReturning || plan.away === undefined || since < plan.away.until) return
  phone.isReturning = false
  world.count('back')
  world.took('back', (since - plan.away.until) * 1000)
}

/** What is counted of each kind; the others are part of what phones do. */
const COUNTED: Readonly<Partial<Record<TroubleKind, CountName>>> = {
  later: 'told to come later',
  refused: 'refused',
  cut: 'cut',
  broken: 'broken',
  unexpected: 'unexpected',
}

/** Times in a row after which a phone gives up. */
const REFUSALS = 3
const FAILURES = 30

/** Whether it goes on. */
function* getOver(living: Living, trouble: Trouble): Talk<boolean> {
  const { phone, world } = living
  const counted = COUNTED[trouble.kind]
  if (counted !== undefined) world.count(counted)
  if (trouble.kind === 'unexpected' || trouble.kind === 'broken') world.wondered(trouble.message)
  if (trouble.kind === 'interrupted') return true
  phone.mayAskEmpty = false
  phone.failures += 1
  if (phone.failures >= (trouble.kind === 'refused' ? REFUSALS : FAILURES)) {
    world.count('phones gone')
    return false
  }
  if (trouble.kind === 'cut' || trouble.kind === 'broken') shorter(phone)
  if (isMended(trouble.kind, phone)) return yield* mend(living, trouble.kind)
  yield rest(backOff(phone.failures, trouble.retryAfter, world.random()), trouble.kind === 'cut')
  return true
}

/** The first time it is mended at once; a server that says so again and again isn't asked without end. */
const isMended = (kind: TroubleKind, { failures }: PhoneState): boolean =>
  failures <= 3 && (kind === 'policy' || kind === 'folders' || kind === 'again')

function* mend(living: Living, kind: TroubleKind): Talk<boolean> {
  if (kind === 'again') return true
  try {
    if (kind === 'policy') yield* provision(living)
    else {
      living.phone.folderKey = '0'
      yield* folders(living)
    }
    return true
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    return yield* getOver(living, error)
  }
}

const MOST_SECONDS = 300

/** What the server asks for and up to half as much again; without that 1, 2, 4 … seconds, half of it by chance. */
export const backOff = (failures: number, retryAfter: number | undefined, random: number): number =>
  retryAfter === undefined
    ? Math.min(MOST_SECONDS, 2 ** (failures - 1)) * (0.5 + random / 2)
    : Math.max(1, retryAfter) * (1 + random / 2)

/** AOSP's EasPing: networks forget connections that are quiet, so the phone asks more often. */
const shorter = (phone: PhoneState): void => {
  const { step, least } = phone.family.heartbeat
  phone.heartbeat = Math.max(least, phone.heartbeat - step)
}

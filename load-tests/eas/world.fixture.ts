import { decodeWbxml } from '@relais/device-sync/wbxml/decode.ts'
import type { WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { type Answer, type Ask, type Effect, NO_ANSWER, type Talk } from './effects.ts'
import type { FamilyName } from './families.ts'
import { type PhoneState, phoneOf } from './phone-state.ts'
import type { NetworkName, Plan } from './plan.ts'
import type { Asking } from './request.ts'
import { EPOCH, ok, quiet } from './scripted-server.fixture.ts'
import type { World } from './world.ts'

export const QUIET_PLAN: Plan = {
  name: 'test',
  phones: 1,
  mix: { ios: 1 },
  networks: { good: 1 },
  rampSeconds: 0,
  durationSeconds: 3600,
  users: { looks: 0, marks: 0, sends: 0 },
  post: { perSecond: 0, whileAway: 0 },
}

export const ACCOUNT = { address: 'a@load.example', password: 'secret' }

/** A phone of that family that knows its folders: `folder2`, … with keys that were given for them. */
export const knowing = (family: FamilyName = 'ios', network: NetworkName = 'good'): PhoneState => {
  const plan = { ...QUIET_PLAN, mix: { [family]: 1 }, networks: { [network]: 1 } }
  const phone = phoneOf(plan, 0, ACCOUNT)
  phone.folders = phone.family.keeps.map((type) => ({ id: `folder${type}`, type, key: `key${type}` }))
  return phone
}

/** What a conversation told the world, and what it asked. */
export type Noted = {
  readonly counts: Record<string, number>
  readonly times: Record<string, number[]>
  readonly wonders: string[]
  readonly effects: Effect[]
  /** What each request had in it, in order. */
  readonly asked: (WbxmlNode | undefined)[]
}

/** A world whose time goes on by what `pass` is told. */
export const watchedWorld = (random: () => number = () => 0.5) => {
  const noted: Noted = { counts: {}, times: {}, wonders: [], effects: [], asked: [] }
  let seconds = 0
  const world: World = {
    count: (what, by = 1) => {
      noted.counts[what] = (noted.counts[what] ?? 0) + by
    },
    took: (what, ms) => {
      noted.times[what] = [...(noted.times[what] ?? []), ms]
    },
    wondered: (why) => void noted.wonders.push(why),
    now: () => seconds,
    date: () => EPOCH + seconds * 1000,
    random,
    someone: () => 'b@load.example',
  }
  const pass = (by: number): void => {
    seconds += by
  }
  return { world, noted, pass }
}

export type Reply = (ask: Ask, asked: WbxmlNode | undefined, n: number) => Answer

/** As the server answers that has no mail. */
export const asQuiet: Reply = (ask, asked) => {
  const scripted = quiet(ask, asked)
  return scripted !== undefined && 'trouble' in scripted ? scripted : ok(scripted as WbxmlNode | undefined)
}

/** Leads one conversation to its end or its error; each request takes a second. */
export const converse = <T>(
  phone: PhoneState,
  talk: (asking: Asking) => Talk<T>,
  reply: Reply,
  random?: () => number,
): { readonly result: T | undefined; readonly error: unknown; readonly noted: Noted } => {
  const { world, noted, pass } = watchedWorld(random)
  const going = talk({ phone, world })
  try {
    for (let answer = NO_ANSWER; ; ) {
      const { value, done } = going.next(answer)
      if (done) return { result: value, error: undefined, noted }
      noted.effects.push(value)
      if (value.kind !== 'ask') continue
      const asked = value.body === undefined ? undefined : decodeWbxml(value.body)
      noted.asked.push(asked)
      pass(1)
      answer = reply(value, asked, noted.asked.length - 1)
    }
  } catch (error) {
    return { result: undefined, error, noted }
  }
}

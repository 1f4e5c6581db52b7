// The script of k6: each of its virtual users is a phone, and leads the same life as a phone of the simulator. Bundled by bundle.ts.
import { chance } from '@relais/testing/chance.ts'
import { sleep } from 'k6'
import { SharedArray } from 'k6/data'
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter, Trend } from 'k6/metrics'
import { type Answer, type Ask, type Effect, NO_ANSWER } from '../eas/effects.ts'
import { headOf } from '../eas/http-head.ts'
import { lifeOf } from '../eas/life.ts'
import { type Account, type PhoneState, phoneOf } from '../eas/phone-state.ts'
import type { World } from '../eas/world.ts'
import { COUNTS, type K6Order, TIMES } from './order.ts'

const { RELAIS_ORDER = '' } = __ENV
const accounts: readonly Account[] = new SharedArray(
  'accounts',
  () => JSON.parse(open(RELAIS_ORDER)).accounts,
)
const [order] = new SharedArray<Omit<K6Order, 'accounts'>>('order', () => [
  { ...JSON.parse(open(RELAIS_ORDER)), accounts: [] },
])
if (order === undefined) throw new Error('there is no order')
const { plan, urls, host, insecure, began, seed } = order

const GRACE_SECONDS = 120

/** @public k6 reads it. */
export const options = {
  scenarios: {
    [plan.name]: {
      executor: 'per-vu-iterations',
      vus: plan.phones,
      iterations: 1,
      gracefulStop: '0s',
      maxDuration: `${Math.ceil(plan.durationSeconds) + GRACE_SECONDS}s`,
    },
  },
  insecureSkipTLSVerify: insecure,
  // Of every request k6 tells a dozen figures: these are all that it needs to say with them.
  systemTags: [],
}

const counts = new Counter(COUNTS)
const times = new Trend(TIMES, true)

const worldOf = (random: () => number): World => ({
  count: (what, by = 1) => counts.add(by, { what }),
  took: (what, ms) => times.add(ms, { what }),
  wondered: (why) => counts.add(1, { why }),
  now: () => (Date.now() - began) / 1000,
  date: () => Date.now(),
  random,
  someone: () => accounts[Math.floor(random() * accounts.length)]!.address,
})

/** @public k6 calls it, once for each of its users. */
// biome-ignore lint/style/noDefaultExport: k6 calls what is exported by default.
export default function livePhone(): void {
  const n = exec.vu.idInTest - 1
  const account = accounts[n % accounts.length]!
  const phone = phoneOf(plan, n, { address: account.address, password: account.password })
  const life = lifeOf(phone, (plan.rampSeconds * n) / plan.phones, plan, worldOf(chance(seed + n)))
  for (let answer = NO_ANSWER; ; ) {
    const { value, done } = life.next(answer)
    if (done) return
    answer = perform(value, phone)
  }
}

const perform = (effect: Effect, phone: PhoneState): Answer => {
  if (effect.kind === 'ask') return ask(effect, phone)
  sleep(effect.seconds)
  return NO_ANSWER
}

/** Of k6's errors: it took longer than it may. */
const TIMEOUT = 1050

const ask = (effect: Ask, phone: PhoneState): Answer => {
  const { method, query, headers } = headOf(phone, effect)
  const response = http.request(method, `${urls[phone.network]}${query}`, bufferOf(effect.body), {
    headers: { ...headers, Host: host },
    timeout: `${Math.ceil(effect.patience * 1000)}ms`,
    responseType: 'binary',
    redirects: 0,
  })
  if (response.status === 0) {
    const isLate = response.error_code === TIMEOUT
    return { ...NO_ANSWER, trouble: isLate ? 'patience' : 'connection', ms: response.timings.duration }
  }
  return {
    status: response.status,
    body: new Uint8Array((response.body as ArrayBuffer | null) ?? new ArrayBuffer(0)),
    retryAfter: response.headers['Retry-After'],
    ms: response.timings.duration,
    trouble: 'none',
  }
}

const bufferOf = (body: Uint8Array | undefined): ArrayBuffer | null =>
  body === undefined
    ? null
    : (body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength) as ArrayBuffer)

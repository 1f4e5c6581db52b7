import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Phone } from '../../../../load-tests/phone/phone.ts'
import { BusyPhones } from './busy-phones.ts'
import { Deliveries } from './deliveries.ts'
import { CHECK, CHECK_SECRET } from './given.ts'
import type { Administrator, Installation, Listed } from './installation.ts'
import { PhoneCrowd, primedInbox } from './phone-crowd.ts'

/** Shorter than what phones ask for, and longer than most tests. */
const HEARTBEAT_SECONDS = 300

export const PASSWORD = 'correct horse battery'

export const addressesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `person${n}@acme.example`)

/** A tenant with the check's account. */
export const makeTenant = async (installation: Installation, administrator: Administrator): Promise<void> => {
  await administrator(['tenant', 'create', 'acme', 'acme.example'])
  await administrator(['account', 'create', CHECK.address], `${CHECK.password}\n`)
  await installation.makeSecret(CHECK_SECRET, CHECK)
}

export const makeAccounts = async (
  administrator: Administrator,
  addresses: readonly string[],
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-people-'))
  const file = join(folder, 'people.csv')
  writeFileSync(file, ['address,password', ...addresses.map((one) => `${one},${PASSWORD}`)].join('\n'))
  await administrator(['account', 'import', 'acme', file]).finally(() => rmSync(folder, { recursive: true }))
}

export type Traffic = { readonly phones: PhoneCrowd; readonly deliveries: Deliveries }

/** Phones that wait, one of each account. */
export const startCrowd = async (
  installation: Installation,
  addresses: readonly string[],
  heartbeatSeconds = HEARTBEAT_SECONDS,
): Promise<PhoneCrowd> => {
  const phones = new PhoneCrowd({
    ...{ host: await installation.addressOf('phones'), port: 80, addresses, password: PASSWORD },
    heartbeatSeconds,
  })
  await phones.setUp()
  phones.start()
  return phones
}

/** How many messages new phones find in the inboxes of these accounts. */
export const allMail = async (installation: Installation, addresses: readonly string[]): Promise<number> => {
  const address = { host: await installation.addressOf('phones'), port: 80, secure: false }
  let found = 0
  for (const [number, user] of addresses.entries()) {
    const phone = new Phone({ address, user, password: PASSWORD, device: `FRESH${process.pid}N${number}` })
    found += await phone.syncAll(await primedInbox(phone), { window: 512 })
    phone.close()
  }
  return found
}

/** Phones that ask without rest, one of each account. */
export const startBusyPhones = async (
  installation: Installation,
  addresses: readonly string[],
): Promise<BusyPhones> => {
  const phones = new BusyPhones({
    ...{ host: await installation.addressOf('phones'), port: 80, addresses, password: PASSWORD },
  })
  await phones.start()
  return phones
}

export type TrafficOrder = {
  readonly addresses: readonly string[]
  /** Messages. */
  readonly perSecond: number
  /** Of the phones' Pings; default 300. */
  readonly heartbeatSeconds?: number
}

/** Phones that wait, and a mail server that delivers to them. */
export const startTraffic = async (
  installation: Installation,
  { addresses, perSecond, heartbeatSeconds }: TrafficOrder,
): Promise<Traffic> => {
  const phones = await startCrowd(installation, addresses, heartbeatSeconds)
  const server = `${await installation.addressOf('lmtp')}:24`
  const deliveries = new Deliveries({ server, recipients: addresses, perSecond })
  deliveries.start()
  return { phones, deliveries }
}

const FIGURE = /^relais_held_requests(?:\{.*\})? (\d+)/m

/** Requests that wait, as these pods of device-sync say; default: all that aren't ending. */
export const heldRequests = async (
  installation: Installation,
  given?: readonly Listed[],
): Promise<number> => {
  const pods = given ?? (await installation.pods('device-sync'))
  const each = pods.map(async ({ status }) => {
    const answer = await fetch(`http://${status.podIP}:7480/metrics`).catch(() => undefined)
    return Number(FIGURE.exec((await answer?.text()) ?? '')?.[1] ?? 0)
  })
  return (await Promise.all(each)).reduce((total, held) => total + held, 0)
}

/** What each pod of device-sync holds, once each of them holds some. */
const heldByEach = async (installation: Installation): Promise<readonly number[]> => {
  let held: readonly number[] = []
  const isSpread = async () => {
    const pods = await installation.pods('device-sync')
    held = await Promise.all(pods.map((pod) => heldRequests(installation, [pod])))
    return held.every((one) => one > 0)
  }
  await until('each of them holds some', isSpread, SPREAD_MS)
  return held
}

const SPREAD_MS = 10_000
const SPREAD_TRIES = 10

/** Phones of which each pod holds some, and how many requests each holds. Nodes learn of a new pod a moment after it is ready: who comes before that comes to others, and stays there. */
export const startSpreadCrowd = async (
  installation: Installation,
  addresses: readonly string[],
): Promise<{ readonly crowd: PhoneCrowd; readonly held: readonly number[] }> => {
  for (let tries = 1; ; tries++) {
    const crowd = await startCrowd(installation, addresses)
    try {
      return { crowd, held: await heldByEach(installation) }
    } catch (error) {
      await crowd.end()
      if (tries === SPREAD_TRIES) throw error
    }
  }
}

/** Resolves when it is true; asked again and again. Errors: not within the time. */
export const until = async (
  what: string,
  isTrue: () => Promise<boolean> | boolean,
  limitMs = 120_000,
): Promise<number> => {
  const started = performance.now()
  while (!(await isTrue())) {
    if (performance.now() - started > limitMs) throw new Error(`not within ${limitMs / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return performance.now() - started
}

/** Ends the traffic and says what is wrong with what came of it; empty: nothing. */
export const endTraffic = async ({ phones, deliveries }: Traffic): Promise<readonly string[]> => {
  await deliveries.end()
  const { accepted, unsure, refused } = deliveries
  await until('all that was accepted is in the phones', () => phones.received() >= accepted).catch(() => {})
  await phones.end()
  const received = phones.received()
  const wrong = [...refused, ...phones.trouble.unknown]
  if (received < accepted) wrong.push(`${accepted} messages were accepted, ${received} came`)
  if (received > accepted + unsure)
    wrong.push(`${accepted} messages were accepted, ${unsure} without an answer, but ${received} came`)
  return wrong
}

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LmtpSender } from '../../../phone/lmtp-sender.ts'
import { message } from '../../../phone/messages.ts'
import { BUDGETS } from '../../../thresholds.ts'
import { type Figure, percentile } from '../../figure.ts'
import { type Installation, loadAccounts, startInstallation } from '../../installation.ts'
import type { Target } from '../../target.ts'
import { inParallel } from '../in-parallel.ts'
import { type Crowd, crowdOf, dataIn, prepareCrowd, say, secondsSince } from './crowd.ts'
import { monotonic } from './holder-messages.ts'
import { type Holders, sharesOf, startHolders } from './holders.ts'

const WOKEN = 1000
/** Of phones, not of mails: each mail wakes one at each device-sync. */
const WOKEN_PER_SECOND = 50
const SENDERS = 16

/**
 * Many phones that wait at several device-syncs, each of which holds one phone of every account: nothing that a process keeps of an account
 * serves two of them. Then a thousand of them are woken by one mail each, fifty a second, while all others wait on.
 */
export const benchHeldMany = async (target: Target, phones: number): Promise<Figure[]> => {
  const { keep } = target
  const folder = keep ?? mkdtempSync(join(tmpdir(), 'relais-bench-crowd-'))
  const crowd = crowdOf(phones)
  try {
    mkdirSync(folder, { recursive: true })
    await prepareCrowd(target, crowd, folder)
    return await measure(target, crowd, folder)
  } finally {
    if (keep === undefined) rmSync(folder, { recursive: true, force: true })
  }
}

const measure = async (target: Target, crowd: Crowd, folder: string): Promise<Figure[]> => {
  const { phones, accounts, deviceSyncs } = crowd
  say(`starting ${deviceSyncs} device-syncs for ${phones} phones`)
  const installation = await startInstallation({
    ...{ target, accounts: [], data: dataIn(folder) },
    flags: ['--device-syncs', String(deviceSyncs)],
  })
  await installation.heldRequests()
  const before = installation.memory().now
  const shares = sharesOf(installation.deviceSyncs, { first: 0, count: phones }, { accounts, work: 'hold' })
  const holders = startHolders(shares)
  try {
    const seconds = await untilAllWait(installation, holders, phones)
    await delay(RESTED_MS)
    const each = ((installation.memory().now - before) * 1024) / phones
    const latencies = await wakeSome(installation, holders, crowd)
    const disturbed = holders.answers.size + holders.lost.size - latencies.length
    return figures(phones, { each, latencies, disturbed, seconds })
  } finally {
    holders.stop()
    await installation.kill()
  }
}

/** V8 gives back what letting them in has left behind once a process has done nothing for eight seconds. */
const RESTED_MS = 20_000

/** So many at each device-sync may have asked before others wait: phones come all the time, and not all at once. */
const AHEAD = 100
const LOOK_MS = 100
/** No phone more waits for so long. */
const STUCK_MS = 60_000

/** Lets phones ask as others have come to wait, which the processes themselves say. Seconds until all do. Errors: a phone was lost. */
const untilAllWait = async (installation: Installation, holders: Holders, phones: number) => {
  const startedAt = performance.now()
  let moved = { waiting: 0, at: startedAt, tenth: 0 }
  while (moved.waiting < phones) {
    const waiting = await installation.heldRequests()
    holders.allow(waiting + AHEAD * installation.deviceSyncs.length)
    const at = performance.now()
    const tenth = Math.floor((waiting * 10) / phones)
    if (tenth > moved.tenth) say(`${waiting} of ${phones} phones wait after ${secondsSince(startedAt)} s`)
    if (waiting > moved.waiting) moved = { waiting, at, tenth }
    const [lost] = holders.lost
    if (lost) throw new Error(`phone ${lost[0]} doesn't wait: ${lost[1]}`)
    if (at - moved.at > STUCK_MS) throw new Error(`${waiting} of ${phones} phones wait`)
    await delay(LOOK_MS)
  }
  holders.count()
  return (performance.now() - startedAt) / 1000
}

/** Milliseconds from the last byte of a mail to the answer of a phone's Ping, for all phones of some accounts. */
const wakeSome = async (
  { lmtp }: Installation,
  holders: Holders,
  { accounts, deviceSyncs, phones }: Crowd,
): Promise<readonly number[]> => {
  const count = Math.min(WOKEN / deviceSyncs, accounts)
  const recipients = Array.from({ length: count }, (_, n) => Math.floor((n * accounts) / count))
  const sentAt = await deliverTo(lmtp, recipients, deviceSyncs / WOKEN_PER_SECOND)
  const woken = recipients
    .flatMap((account) =>
      Array.from({ length: deviceSyncs }, (_, k) => ({ account, phone: k * accounts + account })),
    )
    .filter(({ phone }) => phone < phones)
  await untilAnswered(
    holders,
    woken.map(({ phone }) => phone),
  )
  return woken.map(({ account, phone }) => holders.answers.get(phone)!.at - sentAt.get(account)!)
}

const deliverTo = async (
  { host, port }: Installation['lmtp'],
  recipients: readonly number[],
  everySeconds: number,
): Promise<ReadonlyMap<number, number>> => {
  const startedAt = performance.now()
  const sentAt = new Map<number, number>()
  const senders = await Promise.all(Array.from({ length: SENDERS }, () => LmtpSender.connect(host, port)))
  await inParallel(SENDERS, SENDERS, async (lane) => {
    for (let n = lane; n < recipients.length; n += SENDERS) {
      const account = recipients[n]!
      await delay(Math.max(0, startedAt + n * everySeconds * 1000 - performance.now()))
      const { address } = loadAccounts(1, account)[0]!
      await senders[lane]!.deliver(address, message(n), () => void sentAt.set(account, monotonic()))
    }
  })
  for (const sender of senders) sender.close()
  return sentAt
}

const ANSWERED_MS = 60_000
const AFTERWARDS_MS = 3000

/** And then a while longer: whoever else was answered was disturbed. Errors: a phone wasn't told of its mail. */
const untilAnswered = async ({ answers }: Holders, phones: readonly number[]): Promise<void> => {
  const deadline = performance.now() + ANSWERED_MS
  const missing = () => phones.filter((phone) => answers.get(phone)?.status !== '2').length
  while (missing() > 0) {
    if (performance.now() > deadline) throw new Error(`${missing()} phones were not told of their mail`)
    await delay(100)
  }
  await delay(AFTERWARDS_MS)
}

type Measured = {
  readonly each: number
  readonly latencies: readonly number[]
  readonly disturbed: number
  readonly seconds: number
}

const figures = (phones: number, { each, latencies, disturbed, seconds }: Measured): Figure[] => {
  const woken = `LMTP last byte → Ping answered, ${phones} held, ${latencies.length} woken`
  return [
    { name: `${phones} held requests, each`, value: each, unit: 'KiB', ...BUDGETS.held },
    { name: `${phones} phones that come back: until all are held`, value: seconds, unit: 's' },
    { name: `${woken}, p50`, value: percentile(latencies, 50), unit: 'ms' },
    { name: `${woken}, p99`, value: percentile(latencies, 99), unit: 'ms', ...BUDGETS.pushOfMany.p99 },
    { name: `${phones} held, others answered or lost meanwhile`, value: disturbed, unit: '', atMost: 0 },
  ]
}

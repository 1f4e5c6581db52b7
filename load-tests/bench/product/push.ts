import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LmtpSender } from '../../phone/lmtp-sender.ts'
import { message } from '../../phone/messages.ts'
import { Phone } from '../../phone/phone.ts'
import { BUDGETS } from '../../thresholds.ts'
import { type Figure, percentile } from '../figure.ts'
import { type Account, type Installation, loadAccounts, startInstallation } from '../installation.ts'
import { budgetOf, type Target } from '../target.ts'
import { inParallel } from './in-parallel.ts'

type Held = { readonly phone: Phone; readonly address: string; answered: Promise<number> }

/** Last byte of the mail over LMTP → Ping answered; held requests and bytes each; restart with phones that all come back. */
export const benchPush = async (
  target: Target,
  held: number,
  flags: readonly string[] = [],
): Promise<Figure[]> => {
  const installation = await startInstallation({ target, accounts: loadAccounts(held), flags })
  try {
    const before = installation.memory().now
    const phones = await holdPhones(installation, held)
    const each = ((installation.memory().now - before) * 1024) / held
    const latencies =
      held <= 1000 ? await oneByOne(installation, phones) : await atRate(installation, phones, 50)
    for (const { phone } of phones) phone.close()
    return figures(target, held, { latencies, each })
  } finally {
    await installation.kill()
  }
}

/** What each of `held` requests that wait over TLS costs, with all that a process grows by once. */
export const benchHeldOverTls = async (target: Target, held: number): Promise<Figure[]> => {
  const installation = await startSeeded(target, loadAccounts(held), ['--expose'])
  try {
    const before = installation.memory().now
    const phones = await holdPhones(installation, held)
    const after = await settledMemory(installation)
    for (const { phone, answered } of phones) {
      answered.catch(() => {})
      phone.close()
    }
    const value = ((after - before) * 1024) / held
    return [{ name: `${held} held requests over TLS, each`, value, unit: 'KiB', atMost: 64 }]
  } finally {
    await installation.kill()
  }
}

/** In a process that hasn't made its accounts itself: what that left behind would hide what phones take. */
const startSeeded = async (
  target: Target,
  accounts: readonly Account[],
  flags: readonly string[],
): Promise<Installation> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-bench-data-'))
  const data = join(folder, 'data')
  const seeding = await startInstallation({ target, accounts, data, flags: ['--throw-away'] })
  await seeding.stop()
  const installation = await startInstallation({ target, accounts: [], data, flags })
  return {
    ...installation,
    kill: async () => {
      await installation.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Phones wait for minutes: what their coming left behind is collected meanwhile. */
const SETTLE_MS = 10_000

const settledMemory = async (installation: Installation): Promise<number> => {
  await delay(SETTLE_MS)
  return installation.memory().now
}

type Measured = { readonly latencies: readonly number[]; readonly each: number }

const figures = (target: Target, held: number, { latencies, each }: Measured): Figure[] => {
  const name = `LMTP last byte → Ping answered, ${held} held`
  const { push } = BUDGETS
  return held <= 1000
    ? [
        {
          ...{ name: `${name}, p50`, value: percentile(latencies, 50), unit: 'ms' },
          ...budgetOf(target, { standalone: push.standalone.p50, cluster: push.cluster.p50 }),
        },
        {
          ...{ name: `${name}, p99`, value: percentile(latencies, 99), unit: 'ms' },
          ...budgetOf(target, { standalone: push.standalone.p99, cluster: push.cluster.p99 }),
        },
      ]
    : [
        {
          name: `${name} and 50 deliveries/s, p99`,
          value: percentile(latencies, 99),
          unit: 'ms',
          atMost: 150,
        },
        { name: `${held} held requests, each`, value: each, unit: 'KiB', ...BUDGETS.held },
      ]
}

/** Sets phones up and leaves each in a Ping on its inbox. */
export const holdPhones = async (installation: Installation, count: number): Promise<Held[]> => {
  const held: Held[] = []
  await inParallel(count, 32, async (n) => {
    const { address, password } = loadAccounts(1, n)[0]!
    const device = `LOAD${n}`
    const phone = new Phone({ address: installation.eas, user: address, password, device })
    await phone.folderSync()
    await phone.prime('inbox')
    await phone.sync('inbox', { window: 100 })
    held[n] = { phone, address, answered: answered(phone) }
  })
  return held
}

const answered = (phone: Phone): Promise<number> => phone.ping(['inbox'], 3540).then(() => performance.now())

const oneByOne = async (installation: Installation, phones: Held[]): Promise<number[]> => {
  const sender = await LmtpSender.connect(installation.lmtp.host, installation.lmtp.port)
  const latencies: number[] = []
  for (let n = 0; n < 300; n++) latencies.push(await wake(sender, phones[(n * 7) % phones.length]!, n))
  sender.close()
  return latencies.slice(20)
}

const wake = async (sender: LmtpSender, held: Held, n: number): Promise<number> => {
  let sentAt = 0
  await sender.deliver(held.address, message(n), (at) => {
    sentAt = at
  })
  const latency = (await held.answered) - sentAt
  await held.phone.sync('inbox', { window: 100 })
  held.answered = answered(held.phone)
  return latency
}

const atRate = async (installation: Installation, phones: Held[], perSecond: number): Promise<number[]> => {
  const senders = await Promise.all(
    Array.from({ length: 16 }, () => LmtpSender.connect(installation.lmtp.host, installation.lmtp.port)),
  )
  const latencies: number[] = []
  const lanes = senders.map(async (sender, lane) => {
    const startedAt = performance.now()
    for (let n = 0; n < 60; n++) {
      const due = startedAt + ((n * senders.length + lane) * 1000) / perSecond
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
      latencies.push(await wake(sender, phones[(n * senders.length + lane) % phones.length]!, n))
    }
    sender.close()
  })
  await Promise.all(lanes)
  return latencies.slice(50)
}

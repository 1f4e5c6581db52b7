// node load-tests/sizing/measure.ts: measures what one of everything costs, on a cluster of this machine, and writes unit-costs.json.
// Counted is the processors' time, not the clock's: other work on the machine makes it longer, and no other.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Installation, loadAccounts, startInstallation } from '../bench/installation.ts'
import { inParallel } from '../bench/product/in-parallel.ts'
import { LmtpSender } from '../phone/lmtp-sender.ts'
import { message } from '../phone/messages.ts'
import { Phone } from '../phone/phone.ts'
import { type Usage, usageBelow } from './processes.ts'
import { OPERATIONS, type Operation, PROCESSES, type UnitCosts } from './unit-costs.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const ACCOUNTS = 16
const MESSAGES = 50
const LANES = 4

/** `npm run bench -- --only held-100000 --form cluster` */
const HELD_KIB = 14

const run = async (): Promise<void> => {
  const data = mkdtempSync(join(tmpdir(), 'relais-sizing-'))
  chmodSync(data, 0o711) // PostgreSQL runs as another user where root measures
  const installation = await startInstallation({
    target: { root, form: 'cluster' },
    accounts: loadAccounts(ACCOUNTS),
    data: join(data, 'cluster'),
  })
  try {
    const costs = await measureAll(installation, join(data, 'cluster'))
    writeFileSync(new URL('unit-costs.json', import.meta.url), `${JSON.stringify(costs, null, 2)}\n`)
  } finally {
    await installation.stop()
    rmSync(data, { recursive: true, force: true })
  }
}

type Step = {
  readonly count: number
  /** Not counted. */
  prepare?(): Promise<void>
  work(): Promise<void>
}

const measureAll = async (installation: Installation, data: string): Promise<UnitCosts> => {
  const phones = Array.from(
    { length: ACCOUNTS },
    (_, n) =>
      new Phone({
        address: installation.eas,
        user: `u${n}@load.example`,
        password: 'load-password',
        device: `SIZING${n}`,
      }),
  )
  const { host, port } = installation.lmtp
  const senders = await Promise.all(Array.from({ length: LANES }, () => LmtpSender.connect(host, port)))
  const steps = stepsOf(phones, senders)
  await steps.delivery.work() // code is compiled while it is used first: that isn't what it costs
  const idle = await idleOf(installation)
  const before = bytesIn(data)
  const cpuMs = new Map<Operation, Record<string, number>>()
  let after = before
  for (const operation of OPERATIONS) {
    cpuMs.set(operation, await costOf(installation, steps[operation], idle))
    process.stderr.write(`${operation}: ${JSON.stringify(cpuMs.get(operation))}\n`)
    if (operation === 'delivery') after = bytesIn(data)
  }
  for (const one of [...phones, ...senders]) one.close()
  return {
    measured: {
      on: new Date().toISOString().slice(0, 10),
      machine: `${availableParallelism()} cores of ${cpus()[0]?.model.trim() || 'an unnamed processor'}, commit ${commit()}`,
    },
    cpuMs: Object.fromEntries(cpuMs) as UnitCosts['cpuMs'],
    idleMiB: valuesOf(usageBelow(installation.pid), ({ residentMiB }) => Math.round(residentMiB)),
    bytesPerMessage: {
      log: perMessage(after.log - before.log),
      rows: perMessage(after.rows - before.rows),
      blobs: perMessage(after.blobs - before.blobs),
    },
    heldKiB: HELD_KIB,
  }
}

const perMessage = (bytes: number): number => Math.max(0, Math.round(bytes / (ACCOUNTS * MESSAGES)))

const commit = (): string =>
  execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()

/** In this order: mail is there before it is taken, phones hold their mailbox before they wait. */
const stepsOf = (phones: readonly Phone[], senders: readonly LmtpSender[]): Record<Operation, Step> => ({
  signIn: {
    count: ACCOUNTS,
    work: () =>
      inParallel(ACCOUNTS, LANES, async (n) => {
        await phones[n]!.folderSync()
        await phones[n]!.prime('inbox')
      }),
  },
  delivery: {
    count: ACCOUNTS * MESSAGES,
    work: () => lanes(ACCOUNTS * MESSAGES, (n, lane) => deliver(senders[lane]!, n)),
  },
  firstSyncMessage: {
    count: ACCOUNTS * MESSAGES,
    work: () =>
      inParallel(ACCOUNTS, LANES, async (n) => {
        await phones[n]!.prime('inbox')
        await phones[n]!.syncAll('inbox', { window: 50, html: 4096 })
      }),
  },
  pushRound: {
    count: 300,
    prepare: () => inParallel(ACCOUNTS, LANES, async (n) => void (await phones[n]!.syncAll('inbox'))),
    work: () =>
      lanes(300, async (n, lane) => {
        const phone = phones[lane]!
        const waiting = phone.ping(['inbox'], 900)
        await senders[lane]!.deliver(`u${lane}@load.example`, message(n))
        await waiting
        await phone.sync('inbox', { html: 4096 })
      }),
  },
  quietSync: {
    count: 3000,
    work: () => lanes(3000, async (_, lane) => void (await phones[lane]!.sync('inbox'))),
  },
  markRead: markReadStep(phones),
})

/** Each message once: marking it again would change nothing. */
const markReadStep = (phones: readonly Phone[]): Step => {
  const held: string[][] = []
  return {
    count: MESSAGES * LANES,
    prepare: () =>
      inParallel(LANES, LANES, async (lane) => {
        const items: string[] = []
        await phones[lane]!.prime('inbox')
        while (items.length < MESSAGES)
          items.push((await phones[lane]!.sync('inbox', { window: 1 })).lastAdded)
        held[lane] = items
      }),
    work: () =>
      lanes(MESSAGES * LANES, async (n, lane) => {
        await phones[lane]!.markRead('inbox', held[lane]![Math.floor(n / LANES)]!)
      }),
  }
}

const deliver = (sender: LmtpSender, n: number): Promise<void> =>
  sender.deliver(`u${n % ACCOUNTS}@load.example`, message(n))

/** Each lane does every LANES-th piece of work, one after the other. */
const lanes = (count: number, work: (n: number, lane: number) => Promise<void>): Promise<void> =>
  inParallel(LANES, LANES, async (lane) => {
    for (let n = lane; n < count; n += LANES) await work(n, lane)
  })

const IDLE_MS = 10_000

/** Milliseconds of a core that each process takes in a second in which nobody asks it anything. */
const idleOf = async ({ pid }: Installation): Promise<Record<string, number>> => {
  const before = usageBelow(pid)
  await pause(IDLE_MS)
  return spentSince(before, pid, (cpuMs) => cpuMs / (IDLE_MS / 1_000))
}

const costOf = async (
  { pid }: Installation,
  { count, prepare, work }: Step,
  idle: Readonly<Record<string, number>>,
): Promise<Record<string, number>> => {
  await prepare?.()
  const before = usageBelow(pid)
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1_000
  return spentSince(before, pid, (cpuMs, name) => Math.max(0, cpuMs - (idle[name] ?? 0) * seconds) / count)
}

const spentSince = (
  before: ReadonlyMap<string, Usage>,
  pid: number,
  value: (cpuMs: number, name: string) => number,
): Record<string, number> => {
  const after = usageBelow(pid)
  const spent = (name: string) => (after.get(name)?.cpuMs ?? 0) - (before.get(name)?.cpuMs ?? 0)
  return Object.fromEntries(PROCESSES.map((name) => [name, Number(value(spent(name), name).toFixed(3))]))
}

const valuesOf = (usage: ReadonlyMap<string, Usage>, value: (one: Usage) => number): Record<string, number> =>
  Object.fromEntries(
    PROCESSES.flatMap((name) => {
      const one = usage.get(name)
      return one === undefined ? [] : [[name, value(one)]]
    }),
  )

/** Of one copy each: NATS keeps three on this machine. PostgreSQL's own log is used again and again. */
const bytesIn = (data: string) => ({
  log: Math.round(sizeOf(join(data, 'servers', 'nats')) / 3),
  rows: sizeOf(join(data, 'servers', 'postgres'), /pg_wal$/),
  blobs: sizeOf(join(data, 'servers', 's3')),
})

const sizeOf = (folder: string, but?: RegExp): number => {
  if (but?.test(folder)) return 0
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name)
    return sum + (entry.isDirectory() ? sizeOf(path, but) : fileSize(path))
  }, 0)
}

const fileSize = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

await run()

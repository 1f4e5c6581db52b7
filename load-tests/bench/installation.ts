import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address } from '../phone/http-connection.ts'
import type { Target } from './target.ts'

export type Account = {
  readonly address: string
  readonly password: string
  readonly import?: readonly string[]
}

export type StartOptions = {
  readonly target: Target
  readonly accounts: readonly Account[]
  readonly flags?: readonly string[]
  /** Default: temporary data. */
  readonly data?: string
}

/** A Relais in processes of its own, as `npm start` or `npm run start:cluster` runs it. */
export type Installation = {
  readonly pid: number
  readonly eas: Address
  /** Of a cluster: each device-sync by itself, without what shares phones between them. */
  readonly deviceSyncs: readonly Address[]
  readonly lmtp: { readonly host: string; readonly port: number }
  readonly admin: string
  readonly token: string
  /** From spawn to ready, in milliseconds. */
  readonly startMs: number
  /** Of the process that phones are held in; in a cluster of all that hold them. */
  memory(): Memory
  /** The services that run in processes of their own. */
  services(): readonly { readonly name: string; memory(): Memory }[]
  /** Of a cluster: requests that wait, as its device-syncs say. */
  heldRequests(): Promise<number>
  /** Asks it to drain and waits for its end. */
  stop(): Promise<void>
  kill(): Promise<void>
}

/** Resident memory in MiB now, and the most it ever was. */
export type Memory = { readonly now: number; readonly peak: number }

type Ready = {
  pid: number
  eas: string
  admin: string
  lmtp: string
  token: string
  deviceSyncs?: readonly string[]
  processes?: readonly { readonly name: string; readonly health: string }[]
}

export const startInstallation = async (options: StartOptions): Promise<Installation> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-bench-'))
  const startedAt = performance.now()
  const child = spawnRelais(options, folder)
  const ready = await readyFile(join(folder, 'ready.json'), child)
  const startMs = performance.now() - startedAt
  const [host, port] = splitHost(ready.lmtp)
  const ended = once(child, 'exit').then(() => rmSync(folder, { recursive: true, force: true }))
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await ended
  }
  return {
    pid: ready.pid,
    eas: addressOf(ready.eas),
    deviceSyncs: (ready.deviceSyncs ?? []).map(addressOf),
    lmtp: { host, port },
    admin: ready.admin,
    token: ready.token,
    startMs,
    memory: () => sum(holders(options.target, ready.pid).map(memoryOf)),
    services: () => servicesOf(ready.pid).map(({ name, pid }) => ({ name, memory: () => memoryOf(pid) })),
    heldRequests: () => heldRequests(ready),
    stop: () => end('SIGTERM'),
    // Servers of a cluster are stopped in order, or they would be left behind.
    kill: () => end(options.target.form === 'cluster' ? 'SIGTERM' : 'SIGKILL'),
  }
}

const SCRIPTS = { standalone: 'start', cluster: 'start:cluster' } as const

/** As that revision runs it: `exec env NAME=VALUE node --flag main.ts`, and before that `node --flag main.ts`. */
const startCommand = ({ root, form }: Target) => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  const words = scripts[SCRIPTS[form]]?.split(' ') ?? []
  const node = words.findIndex((word) => /(^|\/)node$/.test(word))
  const settings = words.slice(0, Math.max(0, node)).filter((word) => word.includes('='))
  return {
    args: words.slice(node + 1),
    env: Object.fromEntries(settings.map((setting) => setting.split('=') as [string, string])),
  }
}

/** Load generators ask the same again and again, as phones that loop do. Older revisions don't mind, and don't know the setting. */
const anyRepeats = ({ root }: Target): readonly string[] => {
  const settings = readFileSync(join(root, 'services/standalone/src/configuration.ts'), 'utf8')
  return settings.includes('maxRepeats') ? ['--max-repeats', '0'] : []
}

/** What the last one said: why it can't start, if it can't. */
let said = ''

const spawnRelais = ({ target, accounts, flags = [], data }: StartOptions, folder: string): ChildProcess => {
  const seed = join(folder, 'seed.json')
  writeFileSync(seed, JSON.stringify({ tenants: tenantsOf(accounts) }))
  const where = data === undefined ? ['--ephemeral'] : ['--data', data]
  const seeding = accounts.length > 0 ? ['--seed', seed] : []
  const repeats = flags.includes('--max-repeats') ? [] : anyRepeats(target)
  const own = [...where, ...seeding, ...repeats, ...flags]
  const args = ['--port', '0', '--ready-file', join(folder, 'ready.json'), ...own]
  const start = startCommand(target)
  const child = spawn(`${target.root}/node_modules/node/bin/node`, [...start.args, ...args], {
    cwd: target.root,
    env: { ...process.env, ...start.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  })
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  return child
}

const tenantsOf = (accounts: readonly Account[]) => [
  { name: 'Load', domains: [accounts[0]?.address.split('@')[1] ?? 'load.example'], accounts },
]

const readyFile = async (file: string, child: ChildProcess): Promise<Ready> => {
  const watcher = watch(join(file, '..'))
  try {
    for (;;) {
      const ready = readIfWhole(file)
      if (ready !== undefined) return ready
      const ended = once(child, 'exit').then(() => 'ended')
      if ((await Promise.race([once(watcher, 'change'), ended])) === 'ended')
        throw new Error(
          `Relais ended with ${child.exitCode} before it was ready: ${said.trimEnd().split('\n').at(-1)}`,
        )
    }
  } finally {
    watcher.close()
  }
}

const readIfWhole = (file: string): Ready | undefined => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined // not there yet
  }
}

const heldRequests = async ({ processes = [] }: Ready): Promise<number> => {
  const deviceSyncs = processes.filter(({ name }) => name.startsWith('device-sync'))
  const counts = await Promise.all(
    deviceSyncs.map(async ({ health }) => {
      const text = await (await fetch(`${health}/metrics`)).text()
      return Number(/^relais_held_requests(?:\{.*\})? (\d+)/m.exec(text)?.[1] ?? 0)
    }),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

const addressOf = (text: string): Address => {
  const { hostname, port, protocol } = new URL(text)
  return { host: hostname, port: Number(port), secure: protocol === 'https:' }
}

const splitHost = (text: string): [string, number] => {
  const at = text.lastIndexOf(':')
  return [text.slice(0, at).replace(/^\[|\]$/g, ''), Number(text.slice(at + 1))]
}

const sum = (memories: readonly Memory[]): Memory => ({
  now: memories.reduce((total, { now }) => total + now, 0),
  peak: memories.reduce((total, { peak }) => total + peak, 0),
})

const holders = ({ form }: Target, pid: number): number[] =>
  form === 'standalone'
    ? [pid]
    : servicesOf(pid)
        .filter(({ name }) => name === 'device-sync')
        .map((service) => service.pid)

/** Descendants of a process that run a service's main.ts. */
const servicesOf = (ancestor: number): { name: string; pid: number }[] =>
  childrenOf(ancestor).flatMap((pid) => {
    const [, name] = /services\/([a-z-]+)\/src\/main\.ts/.exec(commandOf(pid)) ?? []
    return [...(name === undefined ? [] : [{ name, pid }]), ...servicesOf(pid)]
  })

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')

const memoryOf = (pid: number): Memory => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024
  return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') }
}

/** Accounts u0@load.example, u1@… with the same password; `first`: of the first of them. */
export const loadAccounts = (count: number, first = 0): Account[] =>
  Array.from({ length: count }, (_, n) => ({
    address: `u${first + n}@load.example`,
    password: 'load-password',
  }))

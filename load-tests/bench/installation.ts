import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address } from '../phone/http-connection.ts'

export type Account = {
  readonly address: string
  readonly password: string
  readonly import?: readonly string[]
}

export type StartOptions = {
  /** Checkout whose Relais is measured. */
  readonly root: string
  readonly accounts: readonly Account[]
  readonly flags?: readonly string[]
  /** Default: temporary data. */
  readonly data?: string
}

/** A Relais in a process of its own, as `npm start` runs it. */
export type Installation = {
  readonly pid: number
  readonly eas: Address
  readonly lmtp: { readonly host: string; readonly port: number }
  readonly admin: string
  readonly token: string
  /** From spawn to ready, in milliseconds. */
  readonly startMs: number
  /** Resident memory in MiB now, and the most it ever was. */
  memory(): { readonly now: number; readonly peak: number }
  /** Asks it to drain and waits for its end. */
  stop(): Promise<void>
  kill(): Promise<void>
}

type Ready = { pid: number; eas: string; admin: string; lmtp: string; token: string }

export const startInstallation = async (options: StartOptions): Promise<Installation> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-bench-'))
  const startedAt = performance.now()
  const child = spawnRelais(options, folder)
  const ready = await readyFile(join(folder, 'ready.json'), child)
  const startMs = performance.now() - startedAt
  const eas = new URL(ready.eas)
  const [host, port] = splitHost(ready.lmtp)
  const ended = once(child, 'exit').then(() => rmSync(folder, { recursive: true, force: true }))
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await ended
  }
  return {
    pid: ready.pid,
    eas: { host: eas.hostname, port: Number(eas.port), secure: eas.protocol === 'https:' },
    lmtp: { host, port },
    admin: ready.admin,
    token: ready.token,
    startMs,
    memory: () => memoryOf(ready.pid),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

/** As `npm start` of that revision runs it: `exec env NAME=VALUE node --flag main.ts`, and before that `node --flag main.ts`. */
const startCommand = (root: string) => {
  const { scripts }: { scripts: { start: string } } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  const words = scripts.start.split(' ')
  const node = words.findIndex((word) => /(^|\/)node$/.test(word))
  const settings = words.slice(0, node).filter((word) => word.includes('='))
  return {
    args: words.slice(node + 1),
    env: Object.fromEntries(settings.map((setting) => setting.split('=') as [string, string])),
  }
}

/** What the last one said: why it can't start, if it can't. */
let said = ''

const spawnRelais = ({ root, accounts, flags = [], data }: StartOptions, folder: string): ChildProcess => {
  const seed = join(folder, 'seed.json')
  writeFileSync(seed, JSON.stringify({ tenants: tenantsOf(accounts) }))
  const where = data === undefined ? ['--ephemeral'] : ['--data', data]
  const seeding = accounts.length > 0 ? ['--seed', seed] : []
  const args = ['--port', '0', '--ready-file', join(folder, 'ready.json'), ...where, ...seeding, ...flags]
  const start = startCommand(root)
  const child = spawn(`${root}/node_modules/node/bin/node`, [...start.args, ...args], {
    cwd: root,
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

const splitHost = (text: string): [string, number] => {
  const at = text.lastIndexOf(':')
  return [text.slice(0, at).replace(/^\[|\]$/g, ''), Number(text.slice(at + 1))]
}

const memoryOf = (pid: number) => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024
  return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') }
}

/** Accounts u0@load.example, u1@… with the same password. */
export const loadAccounts = (count: number): Account[] =>
  Array.from({ length: count }, (_, n) => ({ address: `u${n}@load.example`, password: 'load-password' }))

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type TestScope, waitUntil } from '@relais/testing'
import { Phone } from '../../../load-tests/phone/phone.ts'
import { FORM } from './form.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const CLUSTER_MAIN = fileURLToPath(new URL('../../../deploy/local-cluster/src/main.ts', import.meta.url))
const CLI = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))

export type Ready = {
  readonly pid: number
  readonly eas: string
  readonly admin: string
  readonly lmtp: string
  readonly smtp: string
  readonly submission: string
  readonly token: string
  readonly ca?: string
}

/** What a cluster says besides. */
export type ClusterReady = Ready & {
  readonly deviceSyncs: readonly string[]
  /** Folder with a certificate of each service. */
  readonly certificates: string
  readonly processes: readonly {
    readonly name: string
    readonly pid: number
    readonly grpc: string
    readonly health: string
  }[]
}

/** A Relais in a process of its own, as a person or a program starts it. */
export type Running = {
  readonly ready: Ready
  readonly data: string
  /** What it said on standard error so far. */
  said(): string
  stop(signal?: NodeJS.Signals): Promise<number | null>
  phone(address: string, password: string, device?: string): Phone
}

/** A folder of the test's own; removed at its end, after what was started later has ended. */
export const testFolder = (): { path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'relais-e2e-'))
  chmodSync(path, 0o711) // PostgreSQL runs as another user where tests run as root
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) }
}

/** Relais knows all its variables and refuses others: the test's own isn't passed on. */
const ownEnvironment = (): NodeJS.ProcessEnv => {
  const { RELAIS_TEST_FORM: _, ...others } = process.env
  return others
}

type Spawned = { readonly child: ChildProcess; said(): string }

const spawnRelais = (main: string, flags: readonly string[]): Spawned => {
  const child = spawn(process.execPath, [main, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: tmpdir(),
    env: ownEnvironment(),
  })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  return { child, said: () => said }
}

/** Starts Relais in the form that is tested, and waits until everything answers. Ends with the test. */
export const start = (scope: TestScope, data: string, flags: readonly string[] = []): Promise<Running> =>
  FORM === 'cluster'
    ? startCluster(scope, data, flags)
    : startForm(scope, { main: MAIN, data, flags, within: 30_000 })

/** The form of many processes. Ends with the test, in its order: killed, it would leave servers. */
export const startCluster = async (
  scope: TestScope,
  data: string,
  flags: readonly string[] = [],
): Promise<Running & { readonly ready: ClusterReady }> => {
  const form = { main: CLUSTER_MAIN, data, flags, within: 120_000, end: 'SIGTERM' as const }
  const running = await startForm(scope, form)
  return { ...running, ready: running.ready as ClusterReady }
}

type Form = {
  readonly main: string
  readonly data: string
  readonly flags: readonly string[]
  readonly within: number
  readonly end?: NodeJS.Signals
}

const startForm = async (
  scope: TestScope,
  { main, data, flags, within, end = 'SIGKILL' }: Form,
): Promise<Running> => {
  const spawned = spawnRelais(main, ['--data', data, '--port', '0', ...flags])
  const { child, said } = spawned
  const exited = once(child, 'exit')
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exited
    return child.exitCode
  }
  scope.after(async () => void (await stop(end)))
  const file = join(data, 'running.json')
  const ready = await waitUntil(() => readyOf(file, spawned), { within, what: `the start (${said()})` })
  return { ready, data, said, stop, phone: phoneOf(ready) }
}

const readyOf = (file: string, { child, said }: Spawned): Ready | undefined => {
  if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said()}`)
  try {
    const ready: Ready = JSON.parse(readFileSync(file, 'utf8'))
    return ready.pid === child.pid ? ready : undefined
  } catch {
    return undefined
  }
}

const phoneOf = (ready: Ready) => {
  const url = new URL(ready.eas)
  const address = { host: url.hostname, port: Number(url.port), secure: url.protocol === 'https:' }
  return (user: string, password: string, device = 'E2E1') => new Phone({ address, user, password, device })
}

/** Starts it where it must not start; resolves with its exit code and what it said. */
export const refusedStart = async (flags: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  const child = spawn(process.execPath, [MAIN, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: tmpdir(),
    env: { ...ownEnvironment(), ...env },
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  await once(child, 'exit')
  return { code: child.exitCode, lines: said.trimEnd().split('\n') }
}

/** The administrator's command line; fails with what it said unless it ends with `code`. */
export const relais = async (
  data: string,
  args: readonly string[],
  { input = '', code = 0 } = {},
): Promise<string> => {
  const child = spawn(process.execPath, [CLI, '--data', data, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  child.stdin.end(input)
  await once(child, 'close')
  if (child.exitCode !== code)
    throw new Error(`relais ${args.join(' ')} ended with ${child.exitCode}: ${err}${out}`)
  return code === 0 ? out : err
}

export const writeSeed = (folder: string, accounts: readonly object[], domain = 'acme.example'): string => {
  const file = join(folder, 'seed.json')
  writeFileSync(file, JSON.stringify({ tenants: [{ name: 'Acme', domains: [domain], accounts }] }))
  return file
}

export const hostAndPort = (text: string): { host: string; port: number } => {
  const at = text.lastIndexOf(':')
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) }
}

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Plan, seedOf } from './plan.ts'
import { PlannedRelais } from './planned-relais.ts'
import { type Address, type RunningRelais, runningRelais } from './running-relais.ts'

const run = promisify(execFile)

/** One process, or every service a process of its own with the servers that they need (`npm run start:cluster`). */
export type LocalForm = 'standalone' | 'cluster'

export type LocalOptions = {
  readonly form?: LocalForm
  /** Folder of a checkout whose dependencies are installed; default: the one that this file is in. */
  readonly checkout?: string
}

const MAIN: Readonly<Record<LocalForm, string>> = {
  standalone: 'services/standalone/src/main.ts',
  cluster: 'deploy/local-cluster/src/main.ts',
}
const COMMAND_LINE = 'services/cli/src/main.ts'
const START_MS = 150_000
const LOOK_MS = 50
const MAX_OUTPUT = 256 * 1024 * 1024

/** Relais in processes of this machine, from a checkout: the same as in containers, where there is no engine for them. */
export class LocalRelais extends PlannedRelais {
  readonly #form: LocalForm
  readonly #checkout: string

  constructor({
    form = 'standalone',
    checkout = fileURLToPath(new URL('../../../', import.meta.url)),
  }: LocalOptions = {}) {
    super()
    this.#form = form
    this.#checkout = checkout
  }

  override async start(): Promise<RunningRelais> {
    const folder = mkdtempSync(join(tmpdir(), 'relais-local-'))
    chmodSync(folder, 0o711) // PostgreSQL runs as another user where root tests
    const child = spawnRelais(join(this.#checkout, MAIN[this.#form]), folder, this.plan)
    const stop = async () => {
      await ended(child.process)
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    }
    try {
      const ready = await untilReady(child, join(folder, 'data', 'running.json'))
      return runningRelais({ ...placeOf(ready, folder, this.#checkout), stop }, this.plan)
    } catch (error) {
      await stop()
      throw error
    }
  }
}

type Child = { readonly process: ChildProcess; said(): string }

const spawnRelais = (main: string, folder: string, plan: Plan): Child => {
  const seed = join(folder, 'seed.json')
  writeFileSync(seed, seedOf(plan), { mode: 0o600 })
  const flags = ['--data', join(folder, 'data'), '--port', '0', '--seed', seed, '--throw-away']
  const child = spawn(process.execPath, [main, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: folder,
    env: { ...withoutSettings(process.env), ...plan.settings },
  })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000)
  })
  return { process: child, said: () => said.trim() }
}

/** Relais refuses variables that it doesn't know, and the test's own are none of its business. */
export const withoutSettings = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('RELAIS_')))

/** Of `running.json` (services/standalone/src/ready.ts). */
type Ready = {
  readonly eas: string
  readonly admin: string
  readonly lmtp: string
  readonly smtp: string
  readonly submission: string
  readonly token: string
  readonly ca?: string
}

const untilReady = async (child: Child, file: string): Promise<Ready> => {
  const deadline = performance.now() + START_MS
  for (;;) {
    const ready = readyIn(file)
    if (ready !== undefined) return ready
    if (isOver(child.process)) throw new Error(`Relais ended before it was ready: ${child.said()}`)
    if (performance.now() > deadline)
      throw new Error(`Relais is not ready after ${START_MS} ms: ${child.said()}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

const readyIn = (file: string): Ready | undefined => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Ready
  } catch {
    return undefined // not there yet
  }
}

const isOver = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

const ended = async (child: ChildProcess): Promise<void> => {
  if (isOver(child)) return
  const over = once(child, 'exit')
  child.kill('SIGTERM')
  await over
}

const placeOf = (ready: Ready, folder: string, checkout: string) => ({
  eas: ready.eas,
  admin: { url: ready.admin, token: ready.token, ...(ready.ca === undefined ? {} : { ca: ready.ca }) },
  ...{ lmtp: addressOf(ready.lmtp), smtp: addressOf(ready.smtp), submission: addressOf(ready.submission) },
  node: async (args: readonly string[]) => {
    const env = withoutSettings(process.env)
    const { stdout } = await run(process.execPath, [...args], { cwd: folder, env, maxBuffer: MAX_OUTPUT })
    return stdout
  },
  commandLine: [join(checkout, COMMAND_LINE), '--data', join(folder, 'data')],
  folder,
})

/** `127.0.0.1:2424`, `[::1]:2424` */
export const addressOf = (text: string): Address => {
  const at = text.lastIndexOf(':')
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) }
}

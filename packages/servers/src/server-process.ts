import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import type { Socket } from 'node:net'

export type ServerCommand = {
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Takes what it prints; the end of it is told when it dies before it is ready. */
  readonly logFile: string
  readonly uid?: number
  readonly gid?: number
  /** Milliseconds that it may take until it is ready; default a minute. */
  readonly within?: number
  /** Rejects or resolves false as long as the server isn't ready; asked again and again. */
  ready(): Promise<boolean>
}

/** A real server in a process of its own that can be hurt. */
export type ServerProcess = {
  readonly name: string
  readonly pid: number
  /** True until it has ended. */
  running(): boolean
  /** Ends it and waits: SIGTERM by default, SIGKILL after ten seconds. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
  /** SIGSTOP: alive, but answers nothing. */
  pause(): void
  /** This process may end by itself while the server runs, and ends the server then. */
  unref(): void
  resume(): void
}

const READY_MS = 60_000
const ASK_EVERY_MS = 25
const STOP_MS = 10_000

/** Starts a server and resolves when it is ready. It ends with this process. Errors: one line that names it and what it said last. */
export const startServer = async (command: ServerCommand): Promise<ServerProcess> => {
  const child = spawn(command.program, command.args, {
    cwd: command.cwd,
    env: command.env ?? process.env,
    uid: command.uid,
    gid: command.gid,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = listenTo(child, command.logFile)
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
  })
  const killWithUs = () => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  void ended.then(() => process.off('exit', killWithUs))
  try {
    await untilReady(command, { child, ended, said })
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return serverProcess(command.name, child, ended)
}

/** Returns what tells the last lines. */
const listenTo = (child: ChildProcess, logFile: string): (() => string) => {
  const file = createWriteStream(logFile, { flags: 'a' })
  file.on('error', () => {}) // a full disk is a fault that tests make
  let said = ''
  const hear = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000)
    file.write(chunk)
  }
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  child.once('error', (error) => {
    said += error.message
  })
  child.once('close', () => file.end())
  return () => said.trim().split('\n').slice(-5).join('\n')
}

type Starting = { readonly child: ChildProcess; readonly ended: Promise<void>; readonly said: () => string }

const untilReady = async (
  { name, ready, within = READY_MS }: ServerCommand,
  { child, ended, said }: Starting,
): Promise<void> => {
  const deadline = performance.now() + within
  while (isRunning(child)) {
    if (await ready().catch(() => false)) return
    if (performance.now() > deadline) throw new Error(`${name} is not ready after ${within} ms: ${said()}`)
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
  }
  await ended
  throw new Error(`${name} ended before it was ready: ${said()}`)
}

const isRunning = ({ pid, exitCode, signalCode }: ChildProcess): boolean =>
  pid !== undefined && exitCode === null && signalCode === null

const serverProcess = (name: string, child: ChildProcess, ended: Promise<void>): ServerProcess => {
  const running = () => isRunning(child)
  const end = async (signal: NodeJS.Signals) => {
    if (!running()) return
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(late)
  }
  return {
    name,
    pid: child.pid ?? 0,
    running,
    stop: (signal = 'SIGTERM') => end(signal),
    kill: () => end('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    unref: () => {
      child.unref()
      for (const pipe of [child.stdout, child.stderr]) (pipe as Socket | null)?.unref()
    },
    resume: () => void child.kill('SIGCONT'),
  }
}

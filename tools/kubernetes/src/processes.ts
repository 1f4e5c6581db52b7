import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type ProcessOrder = {
  readonly name: string
  /** Gets `log/NAME.log` and `run/NAME.pid`. */
  readonly folder: string
  /** File of the network namespace that it runs in. */
  readonly namespace: string
  readonly program: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** Starts a process that outlives this one. */
export const startProcess = ({ name, folder, namespace, program, args, env }: ProcessOrder): void => {
  for (const part of ['log', 'run']) mkdirSync(join(folder, part), { recursive: true })
  const log = openSync(join(folder, 'log', `${name}.log`), 'a')
  const child = spawn('nsenter', [`--net=${namespace}`, program, ...args], {
    ...{ cwd: folder, env, detached: true, stdio: ['ignore', log, log] },
  })
  if (child.pid === undefined) throw new Error(`${name} can't be started`)
  writeFileSync(join(folder, 'run', `${name}.pid`), String(child.pid))
  child.unref()
}

/** kill -9 to all that were started with this folder: a server that is asked politely drains for a minute. */
export const killStarted = (folder: string): void => {
  const run = join(folder, 'run')
  if (!existsSync(run)) return
  for (const file of readdirSync(run)) {
    kill(Number(readFileSync(join(run, file), 'utf8')))
    rmSync(join(run, file))
  }
}

export const kill = (pid: number): void => signal(pid, 'SIGKILL')

/** To a process that may have ended. */
export const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/**
 * Whether a pod's process is a program of it: no `pause`, which holds the pod's namespaces and which a crash of its containers leaves alone,
 * and no `runc init`, which is about to become the program (its kubelet would wait minutes for it).
 */
export const isProgram = (pid: number): boolean => {
  const [name = '', argument] = commandLine(String(pid))
  return name !== '' && name !== '/pause' && argument !== 'init'
}

/** Processes whose command line has all of these words. */
export const processesWith = (...words: readonly string[]): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const line = commandLine(pid)
      return words.every((word) => line.includes(word))
    })
    .map(Number)

const commandLine = (pid: string): readonly string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return [] // it has ended
  }
}

import { type SpawnOptions, spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

export type RunOptions = {
  readonly input?: string
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly timeoutMs?: number
}

/** What a program prints. Errors: it ends with another code than 0; the reason is what it says against it. */
export const run = async (
  program: string,
  args: readonly string[],
  { input, env = process.env, cwd, timeoutMs }: RunOptions = {},
): Promise<string> => {
  const options: SpawnOptions = { env, cwd, stdio: ['pipe', 'pipe', 'pipe'], killSignal: 'SIGKILL' }
  const child = spawn(program, args, { ...options, ...(timeoutMs && { timeout: timeoutMs }) })
  child.stdin?.on('error', () => {}) // it may end without having read
  child.stdin?.end(input)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [printed, complaint, code] = await Promise.all([read(child.stdout), read(child.stderr), ended])
  if (code === 0) return printed
  throw new Error(`${program} ${args.slice(0, 6).join(' ')}: ${complaint.trim() || printed.trim() || code}`)
}

const read = (stream: NodeJS.ReadableStream | null) => (stream === null ? '' : text(stream))

/** Whether it went well. */
export const succeeds = (...order: Parameters<typeof run>): Promise<boolean> =>
  run(...order).then(
    () => true,
    () => false,
  )

import { type Attempt, type Found, type History, problemsOf } from '../contract/history.ts'
import { ConflictError, LogUnavailableError, type NewCommit } from '../port.ts'
import type { JetStreamLog } from './jetstream-log.ts'

export type Workload = {
  readonly attempts: readonly Attempt[]
  /** Resolves after so many more appends have been acknowledged. */
  acknowledged(more: number): Promise<void>
  /** Resolves when one more append has ended without an answer. */
  unanswered(): Promise<void>
  /** Ends the writers, waits for the followers, and says what is wrong. */
  finish(replicas: () => Promise<History['replicas']>): Promise<string[]>
}

export type WorkloadOptions = {
  /** As many "processes" as there are logs; all are of one stream. */
  readonly logs: readonly JetStreamLog[]
  readonly tenant: string
  readonly writers?: number
  readonly accounts?: number
  readonly random: () => number
}

type Running = WorkloadOptions & {
  readonly attempts: Attempt[]
  readonly heads: Map<string, number>
  readonly errors: string[]
  stopping: boolean
  /** Called after every attempt. */
  noticed: (attempt: Attempt) => void
}

/** Half of the appends expect what the writer believes to be the head; what wasn't answered is mostly asked again, of any process. */
export const startWorkload = (options: WorkloadOptions): Workload => {
  const running: Running = {
    ...options,
    attempts: [],
    heads: new Map(),
    errors: [],
    stopping: false,
    noticed: () => undefined,
  }
  const watchers = new Set<(attempt: Attempt) => void>()
  running.noticed = (attempt) => {
    for (const watcher of watchers) watcher(attempt)
  }
  const after = (count: number, kind: Attempt['outcome']['kind']) =>
    new Promise<void>((resolve) => {
      let left = count
      const watcher = ({ outcome }: Attempt) => {
        if (outcome.kind !== kind || --left > 0) return
        watchers.delete(watcher)
        resolve()
      }
      watchers.add(watcher)
    })
  const writers = Array.from({ length: options.writers ?? 8 }, (_, i) => write(running, i))
  const followers = options.logs.map((log, i) => follower(log, options.tenant, `follower ${i + 1}`))
  return {
    attempts: running.attempts,
    acknowledged: (more) => after(more, 'known'),
    unanswered: () => after(1, 'unknown'),
    finish: async (replicas) => {
      running.stopping = true
      await Promise.all(writers)
      const [log] = options.logs
      const head = (await log?.head({ tenant: options.tenant })) ?? 0
      for (const { reached } of followers) await reached(head)
      const followed = await Promise.all(followers.map(({ end }) => end()))
      const history = { attempts: running.attempts, replicas: await replicas(), followers: followed }
      return [...running.errors, ...problemsOf(history)]
    },
  }
}

const pick = <T>(list: readonly T[], random: () => number): T => list[Math.floor(random() * list.length)] as T

const write = async (running: Running, writer: number) => {
  const { random, heads, tenant, logs, accounts = 4 } = running
  for (let n = 0; !running.stopping; n++) {
    const account = `a${Math.floor(random() * accounts)}`
    const expected = random() < 0.5 ? (heads.get(account) ?? 0) : undefined
    const commit = commitOf({ tenant, account, commandId: `w${writer}-${n}`, expected })
    let outcome = await attempt(running, pick(logs, random), commit)
    while (outcome === 'unknown' && random() < 0.8 && !running.stopping) {
      outcome = await attempt(running, pick(logs, random), commit)
    }
  }
}

type Asked = {
  readonly tenant: string
  readonly account: string
  readonly commandId: string
  readonly expected: number | undefined
}

const commitOf = ({ tenant, account, commandId, expected }: Asked): NewCommit => ({
  stream: { tenant, account, service: 'mail' },
  events: [{ type: 'Happened', version: 1, payload: Buffer.from(commandId) }],
  commandId,
  actor: { kind: 'service', id: 'faults', device: '' },
  principal: account,
  expected,
  at: 1,
  collections: ['inbox'],
})

const attempt = async (running: Running, log: JetStreamLog, commit: NewCommit) => {
  const began = performance.now()
  const outcome = await outcomeOf(running, log, commit)
  const { account } = commit.stream
  const ended: Attempt = {
    stream: account,
    commandId: commit.commandId,
    ...(commit.expected !== undefined && { expected: commit.expected }),
    began,
    ended: performance.now(),
    outcome,
  }
  running.attempts.push(ended)
  running.noticed(ended)
  return outcome.kind
}

const outcomeOf = async (
  { heads, errors }: Running,
  log: JetStreamLog,
  commit: NewCommit,
): Promise<Attempt['outcome']> => {
  const { account } = commit.stream
  try {
    const { position, repeated } = await log.append(commit)
    heads.set(account, Math.max(position, heads.get(account) ?? 0))
    return { kind: 'known', position, repeated }
  } catch (error) {
    if (error instanceof ConflictError) {
      heads.set(account, error.head)
      return { kind: 'refused' }
    }
    if (!(error instanceof LogUnavailableError)) errors.push(String(error))
    return { kind: 'unknown' }
  }
}

const follower = (log: JetStreamLog, tenant: string, name: string) => {
  const abort = new AbortController()
  const positions: number[] = []
  let wake = () => {}
  const following = (async () => {
    for await (const { commits } of log.follow({ tenant }, 0, { signal: abort.signal })) {
      for (const { position } of commits) positions.push(position)
      wake()
    }
  })()
  return {
    reached: async (head: number) => {
      while ((positions.at(-1) ?? 0) < head) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve
        })
        if ((positions.at(-1) ?? 0) >= head) break
        await Promise.race([woken, following])
      }
    },
    end: async () => {
      abort.abort()
      await following
      return { name, positions }
    },
  }
}

/** What a history is checked against, of commits as they are read. */
export const foundOf = (commit: {
  position: number
  stream: { account: string }
  commandId: string
  expected: number | undefined
}): Found => ({
  position: commit.position,
  stream: commit.stream.account,
  commandId: commit.commandId,
  expected: commit.expected,
})

/** A random number generator that a seed repeats (mulberry32). */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

import { whenAvailable } from '../history/available.fixture.ts'
import { checkHistory, type Outcome } from '../history/check-history.ts'
import { Recorder } from '../history/recorder.ts'
import type { NewCommit, StoredCommit } from '../port.ts'
import type { JetStreamLog } from './jetstream-log.ts'

export type Workload = {
  readonly count: (kind: Outcome['kind']) => number
  /** Resolves after so many more appends have been acknowledged. */
  acknowledged(more: number): Promise<void>
  /** Resolves when one more append has ended without an answer. */
  unanswered(): Promise<void>
  /** Ends the writers, whatever became of the test: a writer to a closed log would never give its thread back. */
  stop(): void
  /** Ends the writers, waits for the followers, and says what is wrong. */
  finish(replicas: () => Promise<readonly (readonly StoredCommit[])[]>): Promise<string[]>
}

export type WorkloadOptions = {
  /** As many "processes" as there are logs; all are of one stream. */
  readonly logs: readonly JetStreamLog[]
  readonly tenant: string
  readonly random: () => number
}

type Waiting = { readonly kind: Outcome['kind']; left: number; resolve(): void }

type Running = WorkloadOptions & {
  readonly recorder: Recorder
  readonly heads: Map<string, number>
  readonly waiting: Set<Waiting>
  readonly errors: string[]
  stopping: boolean
}

const WRITERS = 8
const ACCOUNTS = 4

/** Half of the appends expect what the writer believes to be the head; what wasn't answered is mostly asked again, of any process. */
export const startWorkload = (options: WorkloadOptions): Workload => {
  const running: Running = {
    ...options,
    recorder: new Recorder(() => performance.now()),
    heads: new Map(),
    waiting: new Set(),
    errors: [],
    stopping: false,
  }
  const after = (left: number, kind: Outcome['kind']) =>
    new Promise<void>((resolve) => running.waiting.add({ kind, left, resolve }))
  const writers = Array.from({ length: WRITERS }, (_, i) => write(running, i))
  const followers = options.logs.map((log) => follower(log, options.tenant))
  const stop = () => {
    running.stopping = true
  }
  return {
    stop,
    count: (kind) => running.recorder.count(kind),
    acknowledged: (more) => after(more, 'known'),
    unanswered: () => after(1, 'unknown'),
    finish: async (replicas) => {
      stop()
      await Promise.all(writers)
      const [log] = options.logs
      const head = log ? await whenAvailable(() => log.head({ tenant: options.tenant })) : 0
      for (const { reached } of followers) await reached(head)
      const followed = await Promise.all(followers.map(({ end }) => end()))
      const history = { appends: running.recorder.calls, logs: await replicas(), followers: followed }
      return [...running.errors, ...checkHistory(history)]
    },
  }
}

const pick = <T>(list: readonly T[], random: () => number): T => list[Math.floor(random() * list.length)] as T

const write = async (running: Running, writer: number) => {
  const { random, heads, tenant, logs } = running
  for (let n = 0; !running.stopping; n++) {
    const account = `a${Math.floor(random() * ACCOUNTS)}`
    const expected = random() < 0.5 ? (heads.get(account) ?? 0) : undefined
    const commit = commitOf({ tenant, account, commandId: `w${writer}-${n}`, expected })
    let kind = await append(running, pick(logs, random), commit)
    while (kind === 'unknown' && random() < 0.8 && !running.stopping) {
      kind = await append(running, pick(logs, random), commit)
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
  at: 1,
  collections: ['inbox'],
  ...(expected !== undefined && { expected }),
})

/** An error that isn't a log's to give counts against it, and the work goes on. */
const append = async (
  { recorder, heads, waiting, errors }: Running,
  log: JetStreamLog,
  commit: NewCommit,
): Promise<Outcome['kind']> => {
  const outcome = await recorder.append(log, commit).catch((error: unknown): Outcome => {
    errors.push(String(error))
    return { kind: 'unknown' }
  })
  const { account } = commit.stream
  if (outcome.kind === 'refused') heads.set(account, outcome.head)
  if (outcome.kind === 'known') heads.set(account, Math.max(outcome.position, heads.get(account) ?? 0))
  for (const one of waiting) {
    if (one.kind !== outcome.kind || --one.left > 0) continue
    waiting.delete(one)
    one.resolve()
  }
  return outcome.kind
}

const follower = (log: JetStreamLog, tenant: string) => {
  const abort = new AbortController()
  const followed: StoredCommit[] = []
  let wake = () => {}
  const following = (async () => {
    for await (const { commits } of log.follow({ tenant }, 0, { signal: abort.signal })) {
      followed.push(...commits)
      wake()
    }
  })()
  return {
    reached: async (head: number) => {
      while ((followed.at(-1)?.position ?? 0) < head) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve
        })
        await Promise.race([woken, following])
      }
    },
    end: async () => {
      abort.abort()
      await following
      return { after: 0, commits: followed }
    },
  }
}

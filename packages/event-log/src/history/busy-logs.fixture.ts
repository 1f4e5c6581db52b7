import { setTimeout as delay } from 'node:timers/promises'
import { commitOf, range, readAll } from '../contract/commits.ts'
import { type EventLog, LogUnavailableError, type StoredCommit } from '../port.ts'
import { whenAvailable } from './available.fixture.ts'
import { checkHistory } from './check-history.ts'
import { Recorder } from './recorder.ts'

/** Of the machine: the same for all its processes, and never back. */
export const machineTime = (): number => Number(process.hrtime.bigint() / 1000n)

const ACCOUNTS = ['mike', 'eva', 'otto']

/** A log that is appended to and followed without pause, until it is told to stop. */
export class BusyLogs {
  readonly recorder = new Recorder(machineTime)
  readonly #logs: readonly EventLog[]
  readonly #followed: StoredCommit[][]
  readonly #name: string
  readonly #ending = new AbortController()
  readonly #work: Promise<unknown>
  #made = 0

  /** `name` tells the commits of one process from those of another. */
  constructor(logs: readonly EventLog[], name = 'p', writers = 4) {
    this.#logs = logs
    this.#name = name
    this.#followed = logs.map(() => [])
    const writing = logs.flatMap((log) => range(writers).map((writer) => this.#write(log, writer)))
    this.#work = Promise.all(writing)
    for (const [at, log] of logs.entries()) void this.#follow(log, this.#followed[at]!)
  }

  get followed(): readonly (readonly StoredCommit[])[] {
    return this.#followed
  }

  /** Resolves when so many more were acknowledged. */
  async progress(count = 20): Promise<void> {
    const until = this.recorder.count('known') + count
    while (this.recorder.count('known') < until) await delay(5)
  }

  /** Lets appends that are under way end and makes no more; followers go on. */
  async restWriters(): Promise<void> {
    this.#stopped = true
    await this.#work
  }

  /** The same, lets each follower see all that is in the log, and ends it. */
  async stop(): Promise<void> {
    await this.restWriters()
    for (const [at, log] of this.#logs.entries()) {
      const head = await whenAvailable(() => log.head({}))
      while ((this.#followed[at]!.at(-1)?.position ?? 0) < head) await delay(5)
    }
    this.#ending.abort()
  }

  /** What is wrong with all that happened; none: nothing. */
  async faults(): Promise<string[]> {
    const logs = await Promise.all(this.#logs.map((log) => whenAvailable(() => readAll(log))))
    const followers = this.#followed.map((commits) => ({ after: 0, commits }))
    return checkHistory({ appends: this.recorder.calls, logs, followers })
  }

  #stopped = false

  async #write(log: EventLog, writer: number): Promise<void> {
    while (!this.#stopped) {
      const commit = await this.#next(log, writer)
      const outcome = await this.recorder.append(log, commit)
      // Nobody learned how it ended: the same command again, as its caller would.
      if (outcome.kind === 'unknown' && Math.random() < 0.5) await this.recorder.append(log, commit)
    }
  }

  async #next(log: EventLog, writer: number) {
    this.#made += 1
    const account = ACCOUNTS[this.#made % ACCOUNTS.length]!
    const commandId = `${this.#name}-${writer}-${this.#made}`
    if (this.#made % 3 > 0) return commitOf({ account, commandId })
    const expected = await log.head({ tenant: 'acme', account, service: 'mail' }).catch(() => undefined)
    return commitOf({ account, commandId, ...(expected !== undefined && { expected }) })
  }

  async #follow(log: EventLog, followed: StoredCommit[]): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        const after = followed.at(-1)?.position ?? 0
        for await (const { commits } of log.follow({}, after, { signal })) followed.push(...commits)
      } catch (error) {
        if (!(error instanceof LogUnavailableError)) throw error
        await delay(50)
      }
    }
  }
}

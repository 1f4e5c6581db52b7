import { statSync } from 'node:fs'
import { retryable } from '@relais/service-kit/errors.ts'
import { storeFault } from '../faults.ts'
import type { WalFailure, WalRequest } from './messages.ts'
import { walThread } from './wal-thread.ts'

export type WalKeeperOptions = {
  /** Of the database. */
  readonly path: string
  /** Size at which a log is copied and begun anew, in bytes. */
  readonly limit: number
  /** Runs a step while the writer holds still. */
  readonly whileHeld: (step: () => Promise<void>) => Promise<void>
  readonly onFault: (error: Error) => void
}

/** So many rows are written between two looks at the log's size. */
const LOOK_EVERY_ROWS = 1000

/** A log of this size is copied by the thread that closes the database. */
const SHORT_BYTES = 256 * 1024

/** What SQLite said on the other thread means the same as on this one; else it was the thread itself that went. */
const faultOf = (kind: WalRequest['kind'], { message, errcode }: WalFailure): unknown => {
  const reason = `thread of write-ahead logs, ${kind}: ${message}`
  if (errcode === undefined) return retryable('STORE_UNAVAILABLE', reason)
  return storeFault(Object.assign(new Error(reason), { errcode }))
}

/** Keeps one database's write-ahead log short, with no fsync on this thread. */
export class WalKeeper {
  readonly #options: WalKeeperOptions
  readonly #id = walThread.register()
  #rows = 0
  #running: Promise<void> | undefined

  constructor(options: WalKeeperOptions) {
    this.#options = options
  }

  /** To be told after each commit. Doesn't throw: the commit is done. */
  written(rows: number): void {
    this.#rows += rows
    if (this.#rows < LOOK_EVERY_ROWS || this.#running) return
    this.#rows = 0
    this.#checkpointIfLong().catch(this.#options.onFault)
  }

  /** Copies all that is in the log into the database; when it resolves that is durable. */
  checkpoint(): Promise<void> {
    this.#running ??= this.#checkpoint().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Runs statements that take long in one transaction on the other thread, while the writer holds still. */
  write(statements: readonly string[]): Promise<void> {
    return this.#options.whileHeld(() => this.#ask('write', statements))
  }

  /** Closes the database's connections, so that the thread has the last one if there is much to copy. */
  async close(closeConnections: () => void): Promise<void> {
    await this.#running?.catch(() => {})
    const far = await this.#openFar()
    closeConnections()
    if (far) await this.#ask('close').catch(this.#options.onFault)
    await walThread.release(this.#id)
  }

  async #openFar(): Promise<boolean> {
    if (!walThread.isRunning && this.#size() <= SHORT_BYTES) return false
    try {
      await this.#ask('open')
      return true
    } catch (error) {
      this.#options.onFault(error as Error)
      return false
    }
  }

  async #checkpointIfLong(): Promise<void> {
    if (this.#size() > this.#options.limit) await this.checkpoint()
  }

  async #checkpoint(): Promise<void> {
    await this.#ask('copy')
    await this.#options.whileHeld(() => this.#ask('restart'))
  }

  async #ask(kind: WalRequest['kind'], statements?: readonly string[]): Promise<void> {
    const failure = await walThread.ask({ kind, id: this.#id, path: this.#options.path, statements })
    if (failure) throw faultOf(kind, failure)
  }

  #size(): number {
    return statSync(`${this.#options.path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  }
}

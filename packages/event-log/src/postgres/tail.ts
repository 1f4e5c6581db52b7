import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import type { NoticeBoard } from '../notice-board.ts'
import {
  type CommitFilter,
  type FollowBatch,
  LogUnavailableError,
  type Notice,
  type StoredCommit,
  type Subscription,
} from '../port.ts'
import { pauseBefore } from './patience.ts'
import type { Session } from './session.ts'

export type TailDeps = {
  readonly board: NoticeBoard
  /** Makes the connection that listens; `prepare` is run with each. */
  listen(prepare: (client: Client) => Promise<void>): Session
  readonly channel: string
  readonly recheckMs: number
  readonly closed: AbortSignal
  page(after: number): Promise<FollowBatch>
  /** Position of the last commit. */
  head(): Promise<number>
  onFault(error: Error): void
}

/**
 * Tells the notice board of commits, in order and once each. PostgreSQL's notification only says up to where there is something
 * to read, so that a lost one (a cut connection) costs at most the time to the next look, and no notice is too long for its 8,000 bytes.
 */
export class Tail {
  readonly #deps: TailDeps
  readonly #session: Session
  /** All up to here was told, or nobody wanted to hear it. */
  #told: number
  /** There is something up to here. */
  #heard: number
  #telling: Promise<void> | undefined
  #watching: Promise<void> | undefined
  /** Ends the rest before the next look. */
  #wake: () => void = () => {}
  /** The connection was lost since the last look began: there is no rest before the next one. */
  #isLost = false
  /** True since somebody was told of a fault that lasts. */
  #complained = false

  constructor(deps: TailDeps, from: number) {
    this.#deps = deps
    this.#told = from
    this.#heard = from
    this.#session = deps.listen((client) => this.#listenOn(client))
  }

  /** Resolves when it listens for the first time. */
  async start(): Promise<void> {
    await this.#session.connected()
    this.#watching = this.#watch()
  }

  /** {@link EventLog.notices}: what this process knows to be appended already isn't told. */
  subscribe(filter: CommitFilter, listener: (notice: Notice) => void): Subscription {
    const floor = Math.max(this.#told, this.#heard)
    return this.#deps.board.subscribe(filter, (notice) => {
      if (notice.position > floor) listener(notice)
    })
  }

  /** This process appended up to here. */
  appended(position: number) {
    this.#hear(position)
  }

  async stop(): Promise<void> {
    await this.#session.close()
    await this.#watching
    await this.#telling
  }

  async #listenOn(client: Client): Promise<void> {
    client.on('notification', ({ payload }) => this.#hear(Number(payload)))
    await client.query(`LISTEN ${this.#deps.channel}`)
    // What was said while nobody listened.
    client.once('end', () => this.#deps.closed.aborted || this.#lost())
  }

  #lost() {
    this.#complain(
      new LogUnavailableError('the connection that tells of new commits was lost: it is made again'),
    )
    this.#isLost = true
    this.#wake()
  }

  /** Once, until all is well again. */
  #complain(error: unknown) {
    if (this.#complained || this.#deps.closed.aborted) return
    this.#complained = true
    this.#deps.onFault(error as Error)
  }

  #hear(position: number) {
    if (position > this.#heard) this.#heard = position
    if (this.#heard <= this.#told) return
    if (this.#deps.board.size === 0 && !this.#telling) this.#told = this.#heard
    else this.#telling ??= this.#tellAll()
  }

  /** What failed is told with the next look. */
  async #tellAll(): Promise<void> {
    try {
      await this.#tell()
    } catch (error) {
      this.#complain(error)
      return
    } finally {
      this.#telling = undefined
    }
    // Something may have been heard between the last read and here.
    if (!this.#deps.closed.aborted) this.#hear(this.#heard)
  }

  async #tell(): Promise<void> {
    while (this.#told < this.#heard && !this.#deps.closed.aborted) {
      const upTo = this.#heard
      const { commits, caughtUp } = await this.#deps.page(this.#told)
      for (const commit of commits) this.#deps.board.publish(noticeOf(commit))
      this.#told = caughtUp ? Math.max(upTo, commits.at(-1)?.position ?? 0) : commits.at(-1)!.position
      this.#heard = Math.max(this.#heard, this.#told)
    }
  }

  /** Looks now and then whether something was missed, and after every loss of the connection. */
  async #watch(): Promise<void> {
    const { closed, recheckMs } = this.#deps
    for (let failures = 0; !closed.aborted; ) {
      if (failures === 0) await this.#rested(recheckMs)
      else await this.#paused(pauseBefore(failures, Math.random()))
      this.#isLost = false
      failures = (await this.#look()) ? 0 : failures + 1
    }
  }

  async #rested(milliseconds: number): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    if (this.#isLost) return
    const signal = AbortSignal.any([this.#deps.closed, woken.signal])
    await delay(milliseconds, undefined, { signal }).catch(() => {})
  }

  /** Whatever is lost meanwhile: who asks again and again is to wait in between. */
  async #paused(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#deps.closed }).catch(() => {})
  }

  async #look(): Promise<boolean> {
    if (this.#deps.closed.aborted) return true
    try {
      await this.#session.query({ text: 'SELECT 1' })
      this.#hear(await this.#deps.head())
      this.#complained = false
      return true
    } catch (error) {
      this.#complain(error)
      return false
    }
  }
}

const noticeOf = ({ position, stream, collections, actor, traceparent, at }: StoredCommit): Notice => ({
  position,
  tenant: stream.tenant,
  account: stream.account,
  service: stream.service,
  collections,
  device: actor.device,
  traceparent,
  at,
})

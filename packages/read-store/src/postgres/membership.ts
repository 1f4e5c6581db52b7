import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresConnection } from './connection.ts'
import { quoted } from './identifier.ts'
import { Session } from './session.ts'

/** How often who isn't elected asks whether it may be, and all look whether they missed a notice. */
const CHECK_MS = 1000
/** The server ends a session that says nothing for so long: its process stands still. */
const SILENT = '10s'
const ANSWER_MS = 8000
const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 2000

const RESIGNED = 'resigned'

const SAY_SOMETHING = 'SELECT 1'

/** A time of office: resolves with the reason when it can't go on. */
export type Office = { readonly ended: Promise<unknown>; stop(): Promise<void> }

export type MembershipOptions = {
  readonly connection: PostgresConnection
  /** Of all that hold this advisory lock's key one is elected. */
  readonly lock: string
  /** On which they tell each other what is new. */
  readonly channel: string
  /** After each connect, before anything else. */
  readonly onConnected: (session: Session) => Promise<void>
  readonly onElected: (session: Session) => Office
  readonly onNotice: (payload: string) => void
  /** About once a second. */
  readonly onCheck: (session: Session) => Promise<void>
  /** The connection, or the office, was lost; it will be tried again. */
  readonly onFault: (fault: Error) => void
}

/**
 * One process among those that may project. The lock is its session's: when the process or its machine dies, or it stands
 * still, the server ends the session and gives the lock to another one within seconds.
 */
export class Membership {
  readonly #options: MembershipOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #wake = Promise.withResolvers<void>()
  #session: Session | undefined
  #retryMs = FIRST_RETRY_MS

  constructor(options: MembershipOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** The session it has now; undefined while there is none. */
  get session(): Session | undefined {
    return this.#session?.loss ? undefined : this.#session
  }

  /** Tells all other processes. Errors: STORE_UNAVAILABLE. */
  async tell(payload: string): Promise<void> {
    await this.session?.query('SELECT pg_notify($1, $2)', [this.#options.channel, payload])
  }

  /** Resigns and leaves. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#wake.resolve()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#belong()
      } catch (error) {
        if (this.#stop.signal.aborted) return
        this.#options.onFault(error instanceof Error ? error : new Error(String(error)))
        await this.#waitToRetry()
      }
    }
  }

  async #belong(): Promise<void> {
    const { connection, onConnected } = this.#options
    const session = await Session.open({
      ...{ connection, answerMs: ANSWER_MS },
      settings: { idle_session_timeout: SILENT },
    })
    this.#session = session
    try {
      session.onNotification(({ payload = '' }) => this.#heard(payload))
      await session.exec(`LISTEN ${quoted(this.#options.channel)}`)
      await onConnected(session)
      await this.#attend(session)
    } finally {
      await session.close()
    }
  }

  async #attend(session: Session): Promise<void> {
    let office: Office | undefined
    const lost = session.lost.then((reason) => Promise.reject(reason))
    lost.catch(() => {})
    try {
      while (!this.#stop.signal.aborted) {
        if (office) await session.exec(SAY_SOMETHING)
        else if (await this.#isElected(session)) office = this.#options.onElected(session)
        await this.#options.onCheck(session)
        this.#retryMs = FIRST_RETRY_MS
        const ended = office?.ended.then((reason) => Promise.reject(reason))
        await Promise.race([this.#pause(), lost, ...(ended ? [ended] : [])])
      }
    } finally {
      if (office) await this.#resign(office, session)
    }
  }

  async #isElected(session: Session): Promise<boolean> {
    const [found] = await session.exec<{ free: number }>(
      `SELECT pg_try_advisory_lock(${this.#options.lock}) AS free`,
    )
    return found?.free === 1
  }

  async #resign(office: Office, session: Session): Promise<void> {
    await office.stop()
    if (session.loss) return
    await session.exec(`SELECT pg_advisory_unlock(${this.#options.lock})`).catch(() => session.destroy())
    await this.tell(RESIGNED).catch(() => session.destroy())
  }

  #heard(payload: string): void {
    if (payload === RESIGNED) this.#wake.resolve()
    else this.#options.onNotice(payload)
  }

  async #pause(): Promise<void> {
    await Promise.race([delay(CHECK_MS, undefined, { ref: false }), this.#wake.promise])
    if (!this.#stop.signal.aborted) this.#wake = Promise.withResolvers()
  }

  async #waitToRetry(): Promise<void> {
    const wait = randomInt(this.#retryMs, this.#retryMs * 2)
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS)
    await delay(wait, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {})
  }
}

import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Announcements } from '../port.ts'
import type { PostgresConnection } from './connection.ts'
import { nameOf, quoted } from './identifier.ts'
import { Session } from './session.ts'

export type PostgresAnnouncementsOptions = {
  readonly connection: PostgresConnection
  /** All who use the same name hear each other. */
  readonly name: string
  /** Told once of each time that nothing can be heard; it is tried again. */
  readonly onFault: (fault: Error) => void
}

/** What is told within this time goes together: a transaction of the server for each would be too dear. */
const GATHER_MS = 20
/** A payload has less than 8,000 bytes (https://www.postgresql.org/docs/18/sql-notify.html). */
const MAX_BYTES = 7900
/** While there is no connection. What is more is lost, as it may be. */
const MAX_WAITING = 10_000
/** A connection whose server is gone without a word is found out by asking. */
const CHECK_MS = 15_000
const ANSWER_MS = 8000
const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 2000

/** None of them is worth a wait for the disk. */
const SETTINGS = { synchronous_commit: 'off' }

class PostgresAnnouncements implements Announcements {
  readonly #options: PostgresAnnouncementsOptions
  readonly #channel: string
  /** One's own texts come back too. */
  readonly #self = randomUUID()
  readonly #listeners = new Set<(text: string) => void>()
  readonly #ending = new AbortController()
  readonly #running: Promise<void>
  #waiting: string[] = []
  #timer: NodeJS.Timeout | undefined
  #session: Session | undefined
  #retryMs = FIRST_RETRY_MS

  constructor(options: PostgresAnnouncementsOptions) {
    this.#options = options
    this.#channel = nameOf('announcements', options.name)
    this.#running = this.#run()
  }

  tell(text: string): void {
    if (this.#ending.signal.aborted || this.#waiting.length >= MAX_WAITING) return
    this.#waiting.push(text)
    this.#timer ??= setTimeout(() => this.#send(), GATHER_MS)
  }

  hear(listener: (text: string) => void): { close(): void } {
    this.#listeners.add(listener)
    return { close: () => void this.#listeners.delete(listener) }
  }

  async close(): Promise<void> {
    this.#send()
    this.#ending.abort()
    await this.#running
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const session = this.#session
    if (session === undefined) return
    // A failure is the connection's, and told there.
    for (const payload of payloadsOf(this.#self, this.#waiting.splice(0)))
      session.query('SELECT pg_notify($1, $2)', [this.#channel, payload]).catch(() => {})
  }

  #heard(payload: string): void {
    const [from, ...texts] = payload.split('\n')
    if (from === this.#self) return
    for (const text of texts) for (const listener of this.#listeners) listener(text)
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        await this.#listen()
      } catch (error) {
        if (signal.aborted) return
        this.#options.onFault(error instanceof Error ? error : new Error(String(error)))
        await this.#waitToRetry()
      }
    }
  }

  async #listen(): Promise<void> {
    const { connection } = this.#options
    const session = await Session.open({ connection, settings: SETTINGS, answerMs: ANSWER_MS })
    try {
      session.onNotification(({ payload = '' }) => this.#heard(payload))
      await session.exec(`LISTEN ${quoted(this.#channel)}`)
      this.#session = session
      this.#retryMs = FIRST_RETRY_MS
      this.#send()
      await this.#attend(session)
    } finally {
      this.#session = undefined
      await session.close()
    }
  }

  /** Until the end, or until the connection is lost. */
  async #attend(session: Session): Promise<void> {
    const { signal } = this.#ending
    const lost = session.lost.then((reason) => Promise.reject(reason))
    lost.catch(() => {})
    while (!signal.aborted) {
      const pause = delay(CHECK_MS, undefined, { signal, ref: false }).catch(() => {})
      await Promise.race([pause, lost])
      if (!signal.aborted) await session.exec('SELECT 1')
    }
  }

  async #waitToRetry(): Promise<void> {
    const wait = randomInt(this.#retryMs, this.#retryMs * 2)
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS)
    await delay(wait, undefined, { signal: this.#ending.signal, ref: false }).catch(() => {})
  }
}

/** A line that names who tells, then a line for each text. */
export const payloadsOf = (self: string, texts: readonly string[]): readonly string[] => {
  const payloads: string[] = []
  let lines = self
  for (const text of texts) {
    if (lines !== self && Buffer.byteLength(lines) + Buffer.byteLength(text) >= MAX_BYTES) {
      payloads.push(lines)
      lines = self
    }
    lines += `\n${text}`
  }
  return lines === self ? payloads : [...payloads, lines]
}

/** Announcements by NOTIFY. It begins to connect, and goes on for as long as it takes. */
export const openPostgresAnnouncements = (options: PostgresAnnouncementsOptions): Announcements =>
  new PostgresAnnouncements(options)

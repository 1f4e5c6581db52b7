import type { Session } from './session.ts'

// What writes to the log that way waits, at its end, until all before it is on disk (and with the synchronous standby).
const FLUSH = `BEGIN; SET LOCAL synchronous_commit = on; SELECT pg_logical_emit_message(true, 'relais', ''); COMMIT`

/**
 * Makes what was committed durable: all commits of one moment share one wait for the disk. Its session must have been open
 * before they were made: a server that lost them in a crash has lost the session too, so that none is confirmed.
 */
export class GroupedFlush {
  readonly session: Session
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(session: Session) {
    this.session = session
  }

  /** Resolves when everything committed before the call is durable. */
  flush(): Promise<void> {
    if (!this.#running) return this.#start()
    this.#next ??= this.#running.then(ignore, ignore).then(() => {
      this.#next = undefined
      return this.#start()
    })
    return this.#next
  }

  #start(): Promise<void> {
    const flush = this.#flush().finally(() => {
      if (this.#running === flush) this.#running = undefined
    })
    this.#running = flush
    return flush
  }

  async #flush(): Promise<void> {
    await this.session.exec(FLUSH)
  }
}

const ignore = () => {}

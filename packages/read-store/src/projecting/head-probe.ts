import type { CommitFilter, EventLog } from '@relais/event-log'

const FIRST_MS = 5
const LAST_MS = 100

export type HeadProbeOptions = {
  readonly log: Pick<EventLog, 'head'>
  readonly filter: CommitFilter
  readonly checkpoint: () => number
  readonly reached: (position: number) => void
}

/**
 * A position may belong to another service's commit, which no projection of ours will ever pass. Then the log's heads
 * tell: if nothing of ours is newer than our rows, they are the rows of every position up to the log's end.
 */
export class HeadProbe {
  readonly #options: HeadProbeOptions
  #timer: NodeJS.Timeout | undefined
  #wait = FIRST_MS

  constructor(options: HeadProbeOptions) {
    this.#options = options
  }

  /** Asks again and again, ever more rarely, until stopped. */
  start(): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => void this.#ask(), this.#wait)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#wait = FIRST_MS
  }

  async #ask(): Promise<void> {
    const timer = this.#timer
    const position = await this.#passed().catch(() => 0)
    if (position > 0) this.#options.reached(position)
    if (this.#timer !== timer) return
    this.#wait = Math.min(this.#wait * 2, LAST_MS)
    this.#timer = setTimeout(() => void this.#ask(), this.#wait)
  }

  // In this order: a commit of ours up to the end of the whole log is then also up to our own head.
  async #passed(): Promise<number> {
    const end = await this.#options.log.head({})
    const own = await this.#options.log.head(this.#options.filter)
    return own <= this.#options.checkpoint() ? end : 0
  }
}

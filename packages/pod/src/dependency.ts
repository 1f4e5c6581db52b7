import { type Component, deadlineExceeded, type Logger } from '@relais/service-kit'
import { inShort, pauseBefore } from './waiting.ts'

export type DependencyOptions = {
  readonly name: string
  /** Rejects where it can't be reached. */
  check(): Promise<unknown>
  readonly logger: Logger
  /** Longest time that a check may take; default 4 s. */
  readonly timeoutMs?: number
  /** Between checks while it is there; default 2 s. */
  readonly everyMs?: number
  readonly random?: () => number
}

/** One question may get lost on a busy machine. */
const LOST_AFTER = 2

/** A server or peer that is asked again and again whether it is there. Says once that it was lost, and once that it is back. */
export class Dependency implements Component {
  readonly name: string
  readonly #options: Required<DependencyOptions>
  #failures = 0
  #seen = false
  #told = false
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: DependencyOptions) {
    this.name = options.name
    this.#options = { timeoutMs: 4_000, everyMs: 2_000, random: Math.random, ...options }
  }

  /**
   * Checks once, then from time to time. One that is lost is asked more slowly the longer it is, and no more slowly than one that is there: pods
   * wait for each other, and what each of them waits adds up.
   */
  async start(): Promise<void> {
    await this.#look()
    if (!this.#stopped) this.#timer = setTimeout(() => void this.start(), this.#pause()).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  health() {
    const there = this.#seen && this.#failures < LOST_AFTER
    return { live: true, ready: there, ...(there ? {} : { reason: "can't be reached" }) }
  }

  #pause(): number {
    const { everyMs, random } = this.#options
    const chance = random()
    if (this.#failures === 0) return everyMs * (0.75 + chance / 2)
    return Math.min(pauseBefore(this.#failures, chance), everyMs * (0.5 + chance / 2))
  }

  async #look(): Promise<void> {
    const { check, timeoutMs, logger } = this.#options
    try {
      await within(timeoutMs, check())
      if (this.#told) logger.info({ component: this.name }, 'is there')
      this.#told = false
      this.#failures = 0
      this.#seen = true
    } catch (error) {
      this.#failures += 1
      if (this.#told || this.#stopped || this.health().ready) return
      this.#told = true
      const fields = { component: this.name, ...inShort(error) }
      if (this.#seen) logger.warn(fields, 'was lost; waiting for it')
      else logger.warn(fields, 'waiting for it')
    }
  }
}

const within = async (ms: number, work: Promise<unknown>): Promise<void> => {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(deadlineExceeded()), ms)
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

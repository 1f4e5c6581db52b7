import type { Logger } from '../logging/logger.ts'
import { describeError } from '../logging/redaction.ts'
import { type Component, type Health, healthOf } from './component.ts'

export type Lifecycle = {
  /**
   * Adds a component; components start in the order in which they were added, and stop in the reverse order.
   * One that has no `start` runs already: it is stopped whether or not the others were started.
   */
  add(component: Component): void
  /** Starts all. If one can't, those that run are stopped and its error is thrown. */
  start(): Promise<void>
  /** Lets all drain at once for at most the grace period, then stops them. Later calls wait for the first. */
  stop(): Promise<void>
  health(): Health
}

export type LifecycleOptions = {
  /** Milliseconds for which components may drain; default 10,000. */
  readonly graceMs?: number
}

type State = 'stopped' | 'starting' | 'running' | 'draining'

/** Starts and stops the parts of a process in order. */
export const createLifecycle = (logger: Logger, { graceMs = 10_000 }: LifecycleOptions = {}): Lifecycle =>
  new ProcessLifecycle(logger, graceMs)

class ProcessLifecycle implements Lifecycle {
  readonly #logger: Logger
  readonly #graceMs: number
  readonly #components: Component[] = []
  readonly #started = new Set<Component>()
  #state: State = 'stopped'
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(logger: Logger, graceMs: number) {
    this.#logger = logger
    this.#graceMs = graceMs
  }

  add(component: Component): void {
    this.#components.push(component)
  }

  async start(): Promise<void> {
    this.#state = 'starting'
    this.#starting = this.#startAll()
    try {
      await this.#starting
      if (this.#state === 'starting') this.#state = 'running'
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#halt()
    return this.#stopping
  }

  health(): Health {
    return healthOf(this.#components, this.#state === 'running')
  }

  async #startAll(): Promise<void> {
    for (const component of this.#components) {
      if (this.#state !== 'starting') return
      await component.start?.()
      this.#started.add(component)
      this.#logger.debug({ component: component.name }, 'started')
    }
  }

  /** A component that is just starting is waited for: it is stopped like the others. */
  async #halt(): Promise<void> {
    this.#state = 'draining'
    await this.#starting?.then(undefined, () => undefined)
    const running = this.#components.filter(
      (component) => component.start === undefined || this.#started.has(component),
    )
    await Promise.all(running.map((component) => drain(component, this.#graceMs, this.#logger)))
    for (const component of running.reverse()) await stop(component, this.#logger)
    this.#state = 'stopped'
  }
}

const drain = async (component: Component, graceMs: number, logger: Logger): Promise<void> => {
  if (component.drain === undefined) return
  const { name } = component
  const { promise: late, resolve } = Promise.withResolvers<'late'>()
  const timer = setTimeout(resolve, graceMs, 'late')
  try {
    if ((await Promise.race([component.drain(graceMs), late])) === 'late')
      logger.warn({ component: name }, 'still busy after the grace period')
  } catch (error) {
    logger.error({ component: name, ...describeError(error) }, 'could not drain')
  } finally {
    clearTimeout(timer)
  }
}

/** One component that can't stop doesn't keep the others from it. */
const stop = async (component: Component, logger: Logger): Promise<void> => {
  try {
    await component.stop?.()
    logger.debug({ component: component.name }, 'stopped')
  } catch (error) {
    logger.error({ component: component.name, ...describeError(error) }, 'could not stop')
  }
}

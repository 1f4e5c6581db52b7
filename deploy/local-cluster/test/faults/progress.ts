import { setTimeout as sleep } from 'node:timers/promises'

/** How often each of those who work has come to an end with something. */
export class Progress {
  readonly #steps = new Map<string, number>()

  /** Somebody works from now on. */
  begins(worker: string): void {
    this.#steps.set(worker, this.#steps.get(worker) ?? 0)
  }

  step(worker: string): void {
    this.#steps.set(worker, (this.#steps.get(worker) ?? 0) + 1)
  }

  /** Who has made no step since `before`. */
  idleSince(before: ReadonlyMap<string, number>): readonly string[] {
    return [...this.#steps]
      .filter(([worker, steps]) => steps <= (before.get(worker) ?? 0))
      .map(([name]) => name)
  }

  snapshot(): ReadonlyMap<string, number> {
    return new Map(this.#steps)
  }
}

const LOOK_EVERY_MS = 50

/** Resolves when each has made a step. Errors: who hasn't within the time. */
export const untilEachStepped = async (progress: Progress, withinMs: number): Promise<void> => {
  const before = progress.snapshot()
  const deadline = performance.now() + withinMs
  for (let idle = progress.idleSince(before); idle.length > 0; idle = progress.idleSince(before)) {
    if (performance.now() > deadline)
      throw new Error(`though nothing was hurt for ${withinMs} ms, nothing was done by ${idle.join(', ')}`)
    await sleep(LOOK_EVERY_MS)
  }
}

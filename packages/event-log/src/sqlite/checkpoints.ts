import type { UpkeepCalls, WalState, WriterCalls } from './calls.ts'
import type { Thread } from './thread.ts'

/** New frames (pages of 4 KiB) in the WAL after which upkeep copies them into the file, beside the appends. */
const COPY_EVERY = 1024

/** Frames in the WAL after which the writer copies the little that upkeep has left, so that the WAL starts again. */
const RESTART_AT = 4096

type Deps = {
  readonly writer: Thread<WriterCalls>
  /** Started when first needed: a quiet log has one thread. */
  readonly upkeep: () => Promise<Thread<UpkeepCalls>>
  readonly onFault: (error: unknown) => void
}

/**
 * Keeps the WAL short without appends' waiting for it. Under a steady load there are always frames that upkeep hasn't copied yet,
 * so now and then the writer copies the last ones itself.
 */
export class Checkpoints {
  readonly #deps: Deps
  #frames = 0
  #copyAt = COPY_EVERY
  #running: Promise<void> | undefined

  constructor(deps: Deps) {
    this.#deps = deps
  }

  grown(frames: number) {
    const restarted = frames < this.#frames
    this.#frames = frames
    if (restarted) this.#copyAt = COPY_EVERY
    if (this.#running || frames < this.#copyAt) return
    // Also what fails (the disk is full) is tried again only after so many frames more.
    this.#copyAt = frames + COPY_EVERY
    this.#hold(this.#copy().catch(this.#deps.onFault))
  }

  /** Runs `work` while nothing is copied: two checkpoints at once are in each other's way. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running) await this.#running
    const result = work()
    this.#hold(result)
    return await result
  }

  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  #hold(work: Promise<unknown>) {
    const done = () => {
      this.#running = undefined
    }
    this.#running = work.then(done, done)
  }

  async #copy(): Promise<void> {
    const upkeep = await this.#deps.upkeep()
    if (!isRestartDue(await upkeep.call('checkpoint', undefined))) return
    // Once more: what came during the first copy was many pages, what comes during the second is few.
    await upkeep.call('checkpoint', undefined)
    await this.#deps.writer.call('checkpoint', { truncate: false })
  }
}

/** Not while a reader (a backup) keeps frames from being copied: the WAL couldn't start again. */
const isRestartDue = ({ frames, copied }: WalState) => frames >= RESTART_AT && copied === frames

import { setTimeout as delay } from 'node:timers/promises'
import { storeClosed } from '../errors.ts'
import type { Follower } from '../projecting/follower.ts'
import { catchUp } from './catch-up.ts'
import { chooseGeneration, nextGeneration } from './choose-generation.ts'
import type { Generation, GenerationOptions } from './generation.ts'
import { type GenerationEntry, listGenerations, type Place, removeGeneration } from './registry.ts'
import type { Session } from './session.ts'

export type TermOptions = {
  readonly session: Session
  readonly place: Place
  readonly options: GenerationOptions
  /** Readers go over to these rows; resolves when they have. */
  readonly serve: (entry: GenerationEntry) => Promise<void>
  /** True as long as this process reads these rows. */
  readonly isRead: (entry: GenerationEntry) => boolean
  /** After each transaction of a generation, whether it serves yet or not. */
  readonly onProjected: (generation: Generation) => void
}

type Progress = (generation: Generation) => void

/** The time for which this process projects, for all processes: from its election until its session or its writing ends. */
export class Term {
  readonly #options: TermOptions
  readonly #stop = new AbortController()
  readonly #ended = Promise.withResolvers<Error>()
  readonly #chosen = Promise.withResolvers<Generation>()
  #current: Generation | undefined
  #rebuilding: Promise<void> | undefined

  constructor(options: TermOptions) {
    this.#options = options
    this.#chosen.promise.catch(() => {}) // only a rebuild waits for it
  }

  /** What is kept at the log's end; undefined until it was chosen. */
  get current(): Generation | undefined {
    return this.#current
  }

  /** Resolves when it can't go on, with the reason. */
  get ended(): Promise<Error> {
    return this.#ended.promise
  }

  /** Resolves when the rows are at the log's end and serve. Rejects if they never were, and can't be brought there. */
  async start(progress: Progress): Promise<void> {
    const { session, place, options, serve } = this.#options
    const first = await chooseGeneration(session, place, options)
    // Choosing asks the log, which may be gone for longer than the time of office lasts.
    if (this.#stop.signal.aborted) return this.#giveUp(first)
    this.#current = first
    this.#chosen.resolve(first)
    this.#endWith(first)
    if (first.entry.ready) await serve(first.entry)
    const follower = this.#follow(first, progress)
    await follower.rested
    if (first.entry.ready) return
    if (follower.fault) throw follower.fault
    if (this.#stop.signal.aborted) throw storeClosed()
    await first.analyze()
    await first.markReady()
    await serve(first.entry)
  }

  rebuild(progress: Progress): Promise<void> {
    this.#rebuilding ??= this.#rebuild(progress).finally(() => {
      this.#rebuilding = undefined
    })
    return this.#rebuilding
  }

  /** Removes what versions before this one and rebuilds have left, unless some process still reads it. */
  async tidy(): Promise<void> {
    if (this.#rebuilding || !this.#current) return
    const { session, place, isRead } = this.#options
    const { version, number } = this.#current.entry
    for (const entry of await listGenerations(session, place)) {
      const isOlder = entry.version < version || (entry.version === version && entry.number !== number)
      if (isOlder && !isRead(entry)) await removeGeneration(session, entry)
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#chosen.reject(storeClosed())
    await this.#rebuilding?.catch(() => {})
    await this.#current?.close()
  }

  async #giveUp(generation: Generation): Promise<never> {
    await generation.close()
    throw storeClosed()
  }

  async #rebuild(progress: Progress): Promise<void> {
    const { session, place, options, serve } = this.#options
    await this.#chosen.promise
    const old = this.#current!
    if (this.#stop.signal.aborted) throw storeClosed()
    const next = await nextGeneration(session, place, options)
    try {
      await this.#bringUp(next, old, progress)
    } catch (error) {
      await next.close()
      if (old.follower?.isStopped && !this.#stop.signal.aborted) this.#follow(old, () => {})
      throw error
    }
    this.#current = next
    this.#endWith(next)
    await serve(next.entry).finally(() => old.close())
  }

  async #bringUp(next: Generation, old: Generation, progress: Progress): Promise<void> {
    await catchUp(next, {
      options: this.#options.options,
      serving: () => old.checkpoint,
      onProjected: () => this.#projected(next, progress),
      signal: this.#stop.signal,
    })
    await next.analyze()
    // The old rows stand until the new ones are as far: nobody who goes over sees older ones.
    await old.follower?.stop()
    while (next.checkpoint < old.checkpoint) {
      if (next.fault || this.#stop.signal.aborted) throw next.fault ?? storeClosed()
      await delay(1)
    }
    await next.markReady()
  }

  #follow(generation: Generation, progress: Progress): Follower {
    return generation.follow(() => this.#projected(generation, progress))
  }

  #projected(generation: Generation, progress: Progress): void {
    progress(generation)
    this.#options.onProjected(generation)
    const { fault } = generation
    if (fault && 'code' in fault && fault.code === 'PROJECTOR_REPLACED') this.#ended.resolve(fault)
  }

  #endWith(generation: Generation): void {
    void generation.session.lost.then((reason) => {
      if (this.#current === generation) this.#ended.resolve(reason)
    })
  }
}

import type { StoredCommit } from '@relais/event-log'
import { count, gauge, isMeasuring, observe } from '@relais/service-kit/telemetry/metrics.ts'
import { parseTraceparent } from '@relais/service-kit/telemetry/trace-context.ts'
import type { Gathered, Projector, ReadModel, Writer } from './port.ts'

export type ObservedProjectionOptions = {
  readonly model: ReadModel
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Position of the log's last commit of the model's service. */
  readonly head: () => Promise<number>
}

/** Commits of which it isn't yet known that their rows can be seen; beyond, the oldest are forgotten: figures, not facts. */
const MAX_PENDING = 4096

type Pending = Pick<StoredCommit, 'position' | 'at' | 'traceparent'>

/** How far and how fast rows follow the log: from append to visible, lag, commits per second, live and in a rebuild. */
export class ObservedProjection {
  readonly #options: ObservedProjectionOptions
  readonly #openedAt: number
  readonly #counts = { live: 0, rebuild: 0 }
  #pending: Pending[] = []
  /** Up to here rows were seen: what comes again is a rebuild. Within a batch accounts may come side by side. */
  #reached = 0

  constructor(options: ObservedProjectionOptions) {
    this.#options = options
    this.#openedAt = options.clock()
  }

  /** The model, watched: to be opened in its place. */
  get model(): ReadModel {
    const { model } = this.#options
    return {
      ...model,
      project: (writer: Writer, commit: StoredCommit, gathered: Gathered) => {
        if (isMeasuring()) this.#note(commit)
        return model.project(writer, commit, gathered)
      },
    }
  }

  /** What projects the model, once it is open. */
  watch(projector: Projector): { close(): void } {
    const projected = projector.onProjected((checkpoint) => this.#visible(checkpoint))
    const lag = gauge('relais_projection_lag_positions', async () => [
      { labels: this.#labels, value: Math.max(0, (await this.#options.head()) - projector.checkpoint()) },
    ])
    return {
      close: () => {
        projected.close()
        lag.close()
      },
    }
  }

  get #labels() {
    return { model: this.#options.model.name }
  }

  #note({ position, at, traceparent }: StoredCommit): void {
    const live = at >= this.#openedAt && position > this.#reached
    this.#counts[live ? 'live' : 'rebuild'] += 1
    if (!live) return
    if (this.#pending.length === MAX_PENDING) this.#pending.shift()
    this.#pending.push({ position, at, traceparent })
  }

  #visible(checkpoint: number): void {
    for (const phase of ['live', 'rebuild'] as const) {
      if (this.#counts[phase] > 0)
        count('relais_projected_commits', { ...this.#labels, phase }, this.#counts[phase])
      this.#counts[phase] = 0
    }
    this.#reached = Math.max(this.#reached, checkpoint)
    if (this.#pending.length === 0) return
    const now = this.#options.clock()
    for (const { position, at, traceparent } of this.#pending) {
      if (position > checkpoint) continue
      const trace = parseTraceparent(traceparent)
      const traceId = trace?.sampled ? trace.traceId : undefined
      observe('relais_append_to_visible_seconds', this.#labels, { seconds: (now - at) / 1000, traceId })
    }
    this.#pending = this.#pending.filter(({ position }) => position > checkpoint)
  }
}

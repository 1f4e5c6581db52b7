import { setTimeout as pause } from 'node:timers/promises'
import type { Installation, Listed } from './installation.ts'
import { until } from './scene.ts'

/** A change of a number of pods: to how many, and when, in ms since 1970 but whole seconds. */
export type Scaled = { readonly to: number; readonly at: number }

const LOOK_MS = 1000
/** Figures are read every fifteen seconds, and pods of a busy machine take their time. */
const LIMIT_MS = 600_000

/** What a HorizontalPodAutoscaler has its controller do. */
export class ScalingLog {
  readonly #installation: Installation
  readonly #name: string
  readonly scaled: Scaled[] = []

  constructor(installation: Installation, name: string) {
    this.#installation = installation
    this.#name = name
  }

  /** As the API server has it now. */
  async now(): Promise<Listed> {
    const all = await this.#installation.list('horizontalpodautoscalers')
    const found = all.find(({ metadata }) => metadata.name === this.#name)
    if (found === undefined) throw new Error(`there is no HorizontalPodAutoscaler ${this.#name}`)
    return found
  }

  /** Until it wants so many pods, and writes down each change meanwhile. */
  async untilWanted(replicas: number): Promise<Listed> {
    const isWanted = async () => {
      await pause(LOOK_MS)
      const found = await this.now()
      this.#note(found)
      const { desiredReplicas, currentReplicas } = found.status
      return desiredReplicas === replicas && currentReplicas === replicas
    }
    await until(`${replicas} pods are wanted by ${this.#name}`, isWanted, LIMIT_MS)
    return this.now()
  }

  #note({ status }: Listed): void {
    const at = Date.parse(status.lastScaleTime ?? '')
    if (Number.isNaN(at) || at === this.scaled.at(-1)?.at) return
    this.scaled.push({ to: status.desiredReplicas, at })
  }
}

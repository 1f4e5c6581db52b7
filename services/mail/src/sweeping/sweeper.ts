import { type BlobStore, isSpace } from '@relais/blob-store'
import type { Logger } from '@relais/service-kit/logging/logger.ts'
import type { Rest } from '../process/rest.ts'

type SweeperDeps = {
  readonly blobs: Pick<BlobStore, 'tenants'>
  readonly sweep: (tenant: string) => Promise<number>
  readonly logger: Logger
  readonly rest: Rest
}

const FIRST_AFTER_MS = 10 * 60_000
const EVERY_MS = 24 * 3600_000

/** Sweeps all tenants once a day, but for what another service keeps in a space of its own, one after the other; one's failure is told and isn't the next one's. */
export class Sweeper {
  private readonly deps: SweeperDeps
  private readonly stopping = new AbortController()
  private readonly running: Promise<void>

  constructor(deps: SweeperDeps) {
    this.deps = deps
    this.running = this.run()
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  private async run(): Promise<void> {
    for (let rest = FIRST_AFTER_MS; await this.rested(rest); rest = EVERY_MS) {
      await this.told(undefined, async () => {
        const names = await this.deps.blobs.tenants()
        for (const tenant of names.filter((name) => !isSpace(name)))
          await this.told(tenant, () => this.sweep(tenant))
      })
    }
  }

  private async sweep(tenant: string): Promise<void> {
    if (this.stopping.signal.aborted) return
    const count = await this.deps.sweep(tenant)
    if (count > 0) this.deps.logger.info({ tenant, count }, 'blobs were swept')
  }

  private async told(tenant: string | undefined, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.deps.logger.error({ err: error, tenant }, 'blobs could not be swept')
    }
  }

  /** False: it is to stop. */
  private async rested(ms: number): Promise<boolean> {
    const { signal } = this.stopping
    await this.deps.rest(ms, signal)
    return !signal.aborted
  }
}

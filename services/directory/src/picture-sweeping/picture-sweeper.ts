import { setTimeout as delay } from 'node:timers/promises'
import { type BlobStore, tenantOfSpace } from '@relais/blob-store'
import type { EventLog } from '@relais/event-log'
import type { Projector } from '@relais/read-store'
import { describeError, type Logger } from '@relais/service-kit'
import { DIRECTORY_SERVICE } from '../events.ts'
import { referencedPictures } from '../queries/pictures.ts'

type SweeperDeps = {
  readonly log: EventLog
  readonly blobs: Pick<BlobStore, 'tenants' | 'sweep'>
  readonly projector: Projector
  readonly clock: () => number
  readonly logger: Logger
}

const DAY_MS = 24 * 3600_000
const FIRST_AFTER_MS = 12 * 60_000
const ROWS_WITHIN_MS = 60_000

/**
 * Removes the pictures of a tenant that nobody has any more: replaced, removed, of erased accounts. A picture is written before its
 * commit, so those of the last day stay. Rows decide, so they must have all that the log had when it began. Answers with how many went.
 */
export const sweepPictures = async (
  { log, blobs, projector, clock }: Omit<SweeperDeps, 'logger'>,
  { space, olderThanMs = DAY_MS }: { readonly space: string; readonly olderThanMs?: number },
): Promise<number> => {
  const tenant = tenantOfSpace(space, DIRECTORY_SERVICE)
  if (tenant === undefined) return 0
  await projector.waitFor(await log.head({ tenant, service: DIRECTORY_SERVICE }), clock() + ROWS_WITHIN_MS)
  const fault = projector.fault()
  if (fault) throw fault
  return blobs.sweep(space, (ids) => referencedPictures(projector.store, tenant, ids), olderThanMs)
}

/** Sweeps the pictures of all tenants once a day; one's failure is told and isn't the next one's. */
export class PictureSweeper {
  readonly #deps: SweeperDeps
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>

  constructor(deps: SweeperDeps) {
    this.#deps = deps
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    for (let rest = FIRST_AFTER_MS; ; rest = DAY_MS) {
      await delay(rest, undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return
      const spaces = await this.#deps.blobs.tenants().catch((error: unknown) => this.#tell(error))
      for (const space of spaces ?? []) if (!signal.aborted) await this.#sweep(space)
    }
  }

  async #sweep(space: string): Promise<void> {
    try {
      const count = await sweepPictures(this.#deps, { space })
      if (count > 0) this.#deps.logger.info({ space, count }, 'pictures were swept')
    } catch (error) {
      this.#tell(error, space)
    }
  }

  #tell(error: unknown, space?: string): undefined {
    this.#deps.logger.error({ ...describeError(error), space }, 'pictures could not be swept')
  }
}

import type { BlobStore } from '@relais/blob-store'
import type { EventLog } from '@relais/event-log'
import type { Projector } from '@relais/read-store'
import { MAIL_SERVICE } from '../events.ts'
import { referencedBlobs } from '../queries/blobs.ts'

type SweepDeps = {
  readonly log: EventLog
  readonly projector: Projector
  readonly blobs: BlobStore
  readonly clock: () => number
}

const DAY_MS = 24 * 3600 * 1000

/** A blob is written before its commit: younger ones may be on their way. */
const OLDER_THAN_MS = DAY_MS

/** mail-transport tries for days; what it sends may not be kept anywhere else. */
const SUBMISSION_KEPT_MS = 14 * DAY_MS

const ROWS_WITHIN_MS = 60_000

/**
 * Removes the blobs of a tenant that nothing refers to: messages deleted for good, deliveries that failed. Rows decide, so they must
 * have everything that was in the log when it began. Answers with how many went.
 */
export const sweepBlobs = async (
  { log, projector, blobs, clock }: SweepDeps,
  tenant: string,
): Promise<number> => {
  await projector.waitFor(await log.head({ tenant, service: MAIL_SERVICE }), clock() + ROWS_WITHIN_MS)
  const fault = projector.fault()
  if (fault) throw fault
  const submittedAfter = clock() - SUBMISSION_KEPT_MS
  const isReferenced = (ids: readonly string[]) =>
    referencedBlobs(projector.store, tenant, { blobs: ids, submittedAfter })
  return blobs.sweep(tenant, isReferenced, OLDER_THAN_MS)
}

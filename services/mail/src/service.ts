import type { BlobStore } from '@relais/blob-store'
import type { EventLog } from '@relais/event-log'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { MailServiceImplementation } from '@relais/proto/mail/v1/mail.ts'
import type { Projector, ReadModel, ReadStore, Schema } from '@relais/read-store'
import type { Call, CallExtras } from '@relais/service-kit/call.ts'
import { retryable } from '@relais/service-kit/errors.ts'
import type { Logger } from '@relais/service-kit/logging/logger.ts'
import { delegating } from './api/delegating.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { ownerOnly, type Rights } from './rights/rights.ts'
import { openMail, type Running } from './running.ts'

/** Rows of a service's own, which no log can rebuild. */
export type StoreDefinition = {
  readonly name: string
  readonly schema: Schema
  readonly version: number
}

export type MailDeps = {
  readonly log: EventLog
  readonly blobs: BlobStore
  readonly openProjector: (model: ReadModel) => Promise<Projector>
  readonly openStore: (definition: StoreDefinition) => Promise<ReadStore>
  readonly directory: DirectoryClient<CallExtras>
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Ids that are never given twice. */
  readonly ids: () => string
  readonly logger: Logger
  /** Default: owners alone, and services. */
  readonly rights?: Rights
  readonly limits?: Partial<Limits>
}

export type MailService = {
  readonly handlers: MailServiceImplementation<Call>
  /** Opens its rows, builds what is missing of them, and starts its processes. Errors: those of the stores. */
  start(): Promise<void>
  /** Stops its processes and closes what it opened; callers are drained before. Log and blobs aren't its own. */
  stop(): Promise<void>
  /** Builds the rows anew beside the present ones. */
  rebuild(progress?: (position: number, head: number) => void): Promise<void>
  /** Removes blobs of a tenant that nothing refers to; it happens once a day by itself. */
  sweep(tenant: string): Promise<number>
  /** Position of the last commit whose rows are there. */
  checkpoint(): number
  /** Why it doesn't get on, if it doesn't. */
  fault(): Error | undefined
}

/** Mailboxes, messages, quotas and submission of accounts. Opens no port, reads no environment. */
export const createMail = (deps: MailDeps): MailService => {
  const parts = { rights: ownerOnly, ...deps, limits: { ...defaultLimits, ...deps.limits } }
  let running: Running | undefined
  const current = () => {
    if (running === undefined) throw notRunning()
    return running
  }
  return {
    handlers: delegating(() => current().handlers),
    start: async () => {
      running ??= await openMail(parts)
    },
    stop: async () => {
      const stopping = running
      running = undefined
      await stopping?.stop()
    },
    rebuild: (progress) => current().projector.rebuild(progress),
    sweep: (tenant) => current().sweep(tenant),
    checkpoint: () => running?.projector.checkpoint() ?? 0,
    fault: () => running?.fault(),
  }
}

const notRunning = () => retryable('UNAVAILABLE', 'mail is not running')

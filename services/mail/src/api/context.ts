import type { BlobStore } from '@relais/blob-store'
import type { EventLog } from '@relais/event-log'
import type { Projector, ReadStore } from '@relais/read-store'
import type { Call } from '@relais/service-kit/call.ts'
import type { Logger } from '@relais/service-kit/logging/logger.ts'
import type { CallContext } from 'nice-grpc-common'
import type { Accounts } from '../accounts/accounts.ts'
import type { MailStreams } from '../commands/streams.ts'
import type { Usage } from '../commands/usage.ts'
import type { SearchTexts } from '../ingest/search-texts.ts'
import type { Limits } from '../limits.ts'
import type { MimeWorkers } from '../mime/workers/pool.ts'
import type { Onboarding } from '../onboarding/onboarding.ts'
import type { Rights } from '../rights/rights.ts'

/** What every handler finds. */
export type Handling = {
  readonly log: EventLog
  readonly projector: Projector
  readonly searchStore: ReadStore
  readonly blobs: BlobStore
  readonly accounts: Accounts
  readonly onboarding: Onboarding
  readonly streams: MailStreams
  readonly usage: Usage
  readonly parser: MimeWorkers
  readonly searchTexts: SearchTexts
  readonly rights: Rights
  readonly limits: Limits
  readonly clock: () => number
  readonly ids: () => string
  readonly logger: Logger
}

export type HandlerCall = CallContext & Call

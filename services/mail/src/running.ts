import type { MailServiceImplementation } from '@relais/proto/mail/v1/mail.ts'
import type { Projector, ReadStore } from '@relais/read-store'
import type { Call } from '@relais/service-kit/call.ts'
import { Accounts } from './accounts/accounts.ts'
import { type AnsweringDeps, answering } from './answering/answering.ts'
import type { Handling } from './api/context.ts'
import { createHandlers } from './api/handlers.ts'
import { MailStreams } from './commands/streams.ts'
import { Usage } from './commands/usage.ts'
import { createFeedHandlers } from './device-feed/handlers.ts'
import { eraseAccount } from './erasure/erasure.ts'
import { SearchTexts } from './ingest/search-texts.ts'
import type { Limits } from './limits.ts'
import { createMimeWorkers, type MimeWorkers } from './mime/workers/pool.ts'
import { accountLife } from './onboarding/account-life.ts'
import { Onboarding } from './onboarding/onboarding.ts'
import { Following, PROCESS_SCHEMA } from './process/follow.ts'
import { rest } from './process/rest.ts'
import { mailRows } from './projections/mail-rows.ts'
import type { Rights } from './rights/rights.ts'
import { indexing } from './search/indexing.ts'
import { SEARCH_STORE } from './search/schema.ts'
import type { MailDeps } from './service.ts'
import { sweepBlobs } from './sweeping/sweep.ts'
import { Sweeper } from './sweeping/sweeper.ts'

export type MailParts = MailDeps & { readonly rights: Rights; readonly limits: Limits }

/** The service while it runs. */
export type Running = {
  readonly handlers: MailServiceImplementation<Call>
  readonly projector: Projector
  sweep(tenant: string): Promise<number>
  /** Why rows or processes stand still, if they do. */
  fault(): Error | undefined
  stop(): Promise<void>
}

type Opened = {
  readonly projector: Projector
  readonly processStore: ReadStore
  readonly searchStore: ReadStore
  readonly parser: MimeWorkers
}

export const openMail = async (parts: MailParts): Promise<Running> => {
  const opened = await openStores(parts)
  const handling = handlingOf(parts, opened)
  const projected = opened.projector.onProjected((checkpoint) => handling.streams.forget(checkpoint))
  const following = startFollowing({ ...handling, directory: parts.directory }, opened)
  const sweeper = new Sweeper({
    blobs: parts.blobs,
    logger: parts.logger,
    rest,
    sweep: (tenant) => sweepBlobs(handling, tenant),
  })
  return {
    handlers: { ...createHandlers(handling), ...createFeedHandlers(handling) },
    projector: opened.projector,
    sweep: (tenant) => sweepBlobs(handling, tenant),
    fault: () => opened.projector.fault() ?? following.map((one) => one.fault()).find((fault) => fault),
    stop: async () => {
      await Promise.all([...following, sweeper].map((process) => process.stop()))
      projected.close()
      handling.accounts.close()
      await closeAll(opened)
    },
  }
}

/** One after the other, so that what was opened is closed where the next can't be. */
const openStores = async ({ openProjector, openStore }: MailParts): Promise<Opened> => {
  const closing: (() => Promise<void>)[] = []
  try {
    const processStore = await openStore({ name: 'mail-processes', schema: PROCESS_SCHEMA, version: 1 })
    closing.push(() => processStore.close())
    const searchStore = await openStore(SEARCH_STORE)
    closing.push(() => searchStore.close())
    const projector = await openProjector(mailRows)
    return { projector, processStore, searchStore, parser: createMimeWorkers() }
  } catch (error) {
    for (const close of closing) await close()
    throw error
  }
}

const closeAll = async ({ projector, processStore, searchStore, parser }: Opened) => {
  await parser.close()
  await projector.stop()
  await searchStore.close()
  await processStore.close()
}

const handlingOf = (parts: MailParts, { projector, searchStore, parser }: Opened): Handling => {
  const { log, blobs, directory, clock, ids, logger, rights, limits } = parts
  const accounts = new Accounts({ directory, log, clock })
  const streams = new MailStreams({ log, projector, clock })
  const usage = new Usage(projector, clock)
  const onboarding = new Onboarding({ projector, streams, accounts })
  const searchTexts = new SearchTexts({ blobs, parser })
  return {
    ...{ log, projector, searchStore, blobs, accounts, onboarding, streams, usage, parser, searchTexts },
    ...{ rights, limits, clock, ids, logger },
  }
}

const startFollowing = (handling: AnsweringDeps, { processStore, searchStore }: Opened) => {
  const { log, projector, searchTexts, onboarding, limits, clock, logger } = handling
  const erase: Parameters<typeof accountLife>[0]['erase'] = (key, caller) =>
    eraseAccount(handling, key, caller)
  return [
    new Following({ log, logger, store: processStore }, accountLife({ onboarding, erase, clock, logger })),
    new Following({ log, logger, store: processStore }, answering(handling)),
    new Following(
      { log, logger, store: searchStore },
      indexing({ store: searchStore, projector, searchTexts, clock, gatherMs: limits.searchGatherMs }),
    ),
  ]
}

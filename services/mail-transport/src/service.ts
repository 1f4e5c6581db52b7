import type { BlobStore } from '@relais/blob-store'
import type { EventLog } from '@relais/event-log'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { MailTransportServiceImplementation } from '@relais/proto/mail_transport/v1/mail_transport.ts'
import type { Projector, ReadModel, ReadStore } from '@relais/read-store'
import { type Call, type CallExtras, gauge, type Logger } from '@relais/service-kit'
import { createHandlers } from './api/handlers.ts'
import { createDeliveryServer } from './inbound/delivery-server.ts'
import { KnownRecipients } from './inbound/known-recipients.ts'
import type { MailServer, ServerTls } from './inbound/server.ts'
import { sweepSpool } from './inbound/spool.ts'
import { createSubmissionServer } from './inbound/submission-server.ts'
import { Dispatcher } from './outbound/dispatcher.ts'
import { eraseAccounts } from './outbound/erase-accounts.ts'
import { followForEver, REACTION_SCHEMA, type Reaction } from './outbound/reaction.ts'
import { createSmarthost, type SmarthostOptions } from './outbound/smarthost.ts'
import { takeSubmissions } from './outbound/take-submissions.ts'
import { queueModel } from './projections/queue.ts'
import { queueLength } from './queries/queue.ts'

/** Rows of a service's own, which no log can rebuild. */
export type StoreDefinition = {
  readonly name: string
  readonly schema: readonly string[]
  readonly version: number
}

export type MailTransportDeps = {
  readonly log: EventLog
  readonly blobs: BlobStore
  readonly directory: DirectoryClient<CallExtras>
  readonly mail: MailClient<CallExtras>
  readonly openProjector: (model: ReadModel) => Promise<Projector>
  readonly openStore: (definition: StoreDefinition) => Promise<ReadStore>
  /** For messages on their way to several tenants. */
  readonly spoolFolder: string
  readonly clock: () => number
  readonly newId: () => string
  readonly random: () => number
  readonly logger: Logger
  readonly serverName: string
  readonly maxMessageBytes: number
  readonly smarthost: SmarthostOptions | undefined
}

export type ListenerOptions = {
  readonly tls: ServerTls | undefined
  readonly implicitTls?: boolean
  readonly passwordsInClear?: boolean
}

export type MailTransport = {
  readonly handlers: MailTransportServiceImplementation<Call>
  readonly projector: Projector
  /** Servers that aren't listening yet. */
  lmtp(options: ListenerOptions): MailServer
  smtp(options: ListenerOptions): MailServer
  submission(options: ListenerOptions): MailServer
  /** Starts to work the queue off. */
  start(): void
  /** Drains its servers, ends what is on its way, closes its rows. */
  stop(graceMs?: number): Promise<void>
}

const DEFAULT_GRACE_MS = 5_000

/** Mail in over LMTP, SMTP and submission; mail out to accounts here and to one smarthost. */
export const createMailTransport = async (deps: MailTransportDeps): Promise<MailTransport> => {
  const { logger } = deps
  const projector = await deps.openProjector(queueModel)
  const reactions = await deps.openStore({
    name: 'mail-transport-reactions',
    schema: REACTION_SCHEMA,
    version: 1,
  })
  await sweepSpool(deps.spoolFolder)
  const smarthost = deps.smarthost && createSmarthost(deps.smarthost, deps.blobs)
  const recipients = new KnownRecipients(deps)
  const parts = { ...deps, projector, smarthost, reactions, recipients }
  const dispatcher = new Dispatcher(parts)
  const queued = gauge('relais_outbound_queue', async () => [{ value: await queueLength(projector.store) }])
  const ending = new AbortController()
  const servers: MailServer[] = []
  const tracked = (server: MailServer) => {
    servers.push(server)
    return server
  }
  let following: Promise<unknown> = Promise.resolve()
  const react = (reaction: Reaction) => followForEver(reaction, { ...parts, logger }, ending.signal)
  return {
    handlers: createHandlers(parts),
    projector,
    lmtp: ({ tls }) => tracked(createDeliveryServer({ ...deps, protocol: 'lmtp', tls }, parts)),
    smtp: ({ tls }) => tracked(createDeliveryServer({ ...deps, protocol: 'smtp', tls }, parts)),
    submission: ({ tls, implicitTls = false, passwordsInClear = false }) =>
      tracked(createSubmissionServer({ ...deps, tls, implicitTls, passwordsInClear }, parts)),
    start: () => {
      dispatcher.start()
      following = Promise.all([react(takeSubmissions(parts)), react(eraseAccounts(parts))])
    },
    stop: async (graceMs = DEFAULT_GRACE_MS) => {
      await Promise.all(servers.map((server) => server.drain(graceMs)))
      queued.close()
      recipients.close()
      ending.abort()
      await following
      await dispatcher.stop()
      smarthost?.close()
      await projector.stop()
      await reactions.close()
    },
  }
}

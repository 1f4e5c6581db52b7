import type { RequestListener } from 'node:http'
import type { EventLog } from '@relais/event-log'
import type { DeviceSyncServiceImplementation } from '@relais/proto/device_sync/v1/device_sync.ts'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { Announcements, Projector, ReadModel, ReadStore } from '@relais/read-store'
import { type Call, type CallExtras, describeError, type Logger } from '@relais/service-kit'
import { createHandlers } from './api/handlers.ts'
import { trustedCertificates } from './certificates/trusted-certificates.ts'
import type { Command } from './commands/command.ts'
import { createCommands } from './commands/table.ts'
import { DEVICE_SYNC } from './device/events.ts'
import { type AccountRef, DeviceRegistry } from './devices/device-registry.ts'
import { type DeviceRowSource, DeviceRowStore } from './devices/device-row-store.ts'
import { SharedDeviceRows } from './devices/shared-device-rows.ts'
import { Erasure } from './erasure/erasure.ts'
import { showHeld } from './held/held-figures.ts'
import { HeldRequests } from './held/held-requests.ts'
import { ByteBudget } from './http/byte-budget.ts'
import { trustedProxies } from './http/client-address.ts'
import { createEasEndpoint, type EasEndpointDeps } from './http/endpoint.ts'
import { defaultEasConfig, type EasEndpointConfig } from './http/endpoint-config.ts'
import { createEntrance } from './http/entrance.ts'
import { Loops } from './looping/loops.ts'
import { deviceReadModel } from './projections/devices.ts'
import { FollowedAccounts } from './push/followed-accounts.ts'
import { newerRequestsBy } from './push/newer-requests.ts'
import { Waiters } from './push/waiters.ts'
import { type LocalStore, localStore, sharedStore } from './row-stores.ts'
import { findsElsewhere } from './search/finds-elsewhere.ts'
import { RunningFinds } from './search/running-finds.ts'
import { AccountSettings } from './sign-in/account-settings.ts'
import { DirectoryFollower } from './sign-in/directory-follower.ts'
import { RememberedCredentials } from './sign-in/remembered-credentials.ts'
import { SERVICE_IDENTITY } from './sign-in/service-identity.ts'
import { SignIn } from './sign-in/sign-in.ts'
import { Traces } from './tracing/traces.ts'

export type DeviceSyncDeps = {
  readonly log: EventLog
  readonly directory: DirectoryClient<CallExtras>
  readonly mail: MailClient<CallExtras>
  readonly openProjector: (model: ReadModel) => Promise<Projector>
  readonly openStore: (store: LocalStore) => Promise<ReadStore>
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly logger: Logger
  /** Of the log, 24 bits: another one after a restore, so that no key of before is taken for one of after. Default 0. */
  readonly incarnation?: number
  /** Other processes use the store of rows too. Default: this one alone does, which is faster. */
  readonly sharedRows?: boolean
  /** What these processes tell each other. */
  readonly announcements?: Announcements
  /** PEM of authorities whose certificates of signed mail are believed; default: those that Node comes with. */
  readonly trustedCertificates?: string
  /** From 0 to 1; default Math.random. */
  readonly random?: () => number
  readonly config?: Partial<EasEndpointConfig>
}

export type DeviceSync = {
  /** For administrators, over gRPC. */
  readonly handlers: DeviceSyncServiceImplementation<Call>
  /** For phones: of an HTTP(S) server made with easServerOptions. */
  readonly listener: RequestListener
  /** Rows of devices; rebuilt from the log. */
  readonly projector: Projector
  readonly held: HeldRequests
  /** Follows the log. Answers are given before, but nothing is remembered. */
  start(): Promise<void>
  /** Answers what waits, spread over the time given: the phones ask again, elsewhere or after the restart. */
  drain(graceMs: number): Promise<void>
  /** After the listener's server has stopped taking requests: writes what is in memory and closes. */
  stop(): Promise<void>
}

const rowSource = ({ sharedRows, logger }: DeviceSyncDeps, store: ReadStore): DeviceRowSource =>
  sharedRows ? new SharedDeviceRows({ store, logger }) : new DeviceRowStore({ store, logger })

/** Rows of one account go in milliseconds; a projector that is far behind gets its time. */
const ERASE_MS = 60_000

type Parts = { readonly projector: Projector; readonly store: ReadStore }

const assemble = (deps: DeviceSyncDeps, { projector, store }: Parts) => {
  const { log, directory, mail, clock, logger } = deps
  const config: EasEndpointConfig = { ...defaultEasConfig, ...deps.config }
  const held = new HeldRequests()
  const traces = new Traces()
  const remembered = new RememberedCredentials({ clock })
  const signIn = new SignIn({ directory, remembered, incarnation: deps.incarnation })
  const settings = new AccountSettings(directory, clock)
  const registry = new DeviceRegistry({ log, projector, clock })
  const rowStore = rowSource(deps, store)
  const accounts = new FollowedAccounts({ log, mail, clock })
  const elsewhere = deps.announcements && newerRequestsBy(deps.announcements)
  const waiters = new Waiters({ clock, elsewhere, random: deps.random ?? Math.random })
  const finds = new RunningFinds({
    clock,
    elsewhere: deps.announcements && findsElsewhere(deps.announcements),
  })
  const commands: ReadonlyMap<string, Command> = createCommands({
    finds,
    mail,
    directory,
    trusted: trustedCertificates(deps.trustedCertificates),
    settings,
    registry,
    accounts,
    waiters,
    clock,
  })
  const erase = async (owner: AccountRef, cause: number) => {
    await rowStore.remove(owner.tenant, owner.account)
    await registry.erase(owner, cause, {
      identity: { ...SERVICE_IDENTITY, tenant: owner.tenant },
      deadline: Date.now() + ERASE_MS,
      correlation: `erase:${cause}`,
      traceparent: '',
    })
  }
  const erasure = new Erasure({ log, store, erase, logger })
  const follower = new DirectoryFollower({
    log,
    directory,
    remembered,
    signIn,
    settings,
    held,
    logger,
  })
  const endpoint: EasEndpointDeps = {
    ...{ signIn, settings, registry, rowStore, commands, held, waiters, clock, logger, config },
    maxDevices: config.maxDevices,
    entrance: createEntrance(config),
    loops: new Loops({ logger, rowStore, maxRepeats: config.maxRepeats }),
    traces,
    budget: new ByteBudget(config.maxBodiesBytes),
    proxies: trustedProxies(config.trustedProxies),
  }
  return { held, registry, rowStore, follower, erasure, endpoint, accounts, waiters, finds }
}

/** Notices may be lost; this covers them (architecture 6). */
const RECHECK_MS = 90_000

/** Of the grace period: what waited until then is still to be read, written and sent. */
const ANSWERED_WITHIN = 0.75

const recheckHeads = async (accounts: FollowedAccounts, logger: Logger): Promise<void> => {
  try {
    await accounts.recheck()
  } catch (error) {
    logger.warn({ err: describeError(error) }, 'heads can not be read again; trying later')
  }
}

/** Exchange ActiveSync: makes the service's parts; opens no port, reads no environment. */
export const createDeviceSync = async (deps: DeviceSyncDeps): Promise<DeviceSync> => {
  const projector = await deps.openProjector(deviceReadModel)
  const store = await deps.openStore(deps.sharedRows ? sharedStore : localStore)
  const parts = assemble(deps, { projector, store })
  const { held, registry, rowStore, follower, erasure, endpoint, accounts, waiters, finds } = parts
  const recheck = deps.log.notices({ service: DEVICE_SYNC }, ({ tenant, account }) => {
    void held.recheckAccount(tenant, account)
  })
  const figures = showHeld(held)
  let recheckTimer: NodeJS.Timeout | undefined
  return {
    handlers: createHandlers({ ...endpoint, projector, registry, rowStore, held }),
    listener: createEasEndpoint(endpoint),
    projector,
    held,
    start: async () => {
      await follower.start()
      recheckTimer = setInterval(() => void recheckHeads(accounts, deps.logger), RECHECK_MS)
      erasure.start()
    },
    drain: (graceMs) => waiters.drain(graceMs * ANSWERED_WITHIN),
    stop: async () => {
      clearInterval(recheckTimer)
      figures.close()
      endpoint.traces.close()
      accounts.close()
      waiters.close()
      finds.close()
      recheck.close()
      await follower.stop()
      await erasure.stop()
      registry.close()
      await rowStore.close()
      await store.close()
      await projector.stop()
    },
  }
}

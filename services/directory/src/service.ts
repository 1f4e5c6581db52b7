import type { BlobStore } from '@relais/blob-store'
import type { EventLog } from '@relais/event-log'
import {
  DirectoryDefinition,
  type DirectoryServiceImplementation,
} from '@relais/proto/directory/v1/directory.ts'
import type { Projector, ReadModel, ReadStore } from '@relais/read-store'
import type { Call, Logger } from '@relais/service-kit'
import { retryable } from '@relais/service-kit/errors.ts'
import { accountCalls } from './api/account-calls.ts'
import { appPasswordCalls } from './api/app-password-calls.ts'
import { certificateCalls } from './api/certificate-calls.ts'
import { gatewayCalls } from './api/gateway-calls.ts'
import type { FoundAccount, Parts } from './api/parts.ts'
import { peopleCalls } from './api/people-calls.ts'
import { pictureCalls } from './api/picture-calls.ts'
import { tenantCalls } from './api/tenant-calls.ts'
import { Claims } from './commands/claims.ts'
import { DirectoryStreams } from './commands/streams.ts'
import { DEFAULT_COST } from './credential/password-hash.ts'
import { Erasure } from './erasure/erasure.ts'
import { DEFAULT_GUESS_LIMITS, Guesses, type GuessLimits } from './guessing/guesses.ts'
import { createIds } from './ids.ts'
import { PictureSweeper } from './picture-sweeping/picture-sweeper.ts'
import { parseList } from './projections/account-row.ts'
import { directoryModel } from './projections/directory.ts'
import type { AccountViewRow } from './queries/account-view.ts'
import { findByLogin } from './queries/addresses.ts'
import { changeSettings } from './settings/change-settings.ts'
import type { SettingValues } from './settings/known-settings.ts'
import { createFingerprints } from './sign-in/fingerprint.ts'
import { type HashingOptions, PasswordHasher } from './sign-in/password-hasher.ts'
import { SignIn } from './sign-in/sign-in.ts'
import { SignInMemory } from './sign-in/sign-in-memory.ts'
import { SIGN_IN_SCHEMA, SIGN_IN_SCHEMA_VERSION } from './sign-in/sign-in-store.ts'

/** Rows of a service's own, which no log can rebuild. */
export type StoreDefinition = {
  readonly name: string
  readonly schema: readonly string[]
  readonly version: number
}

export type DirectoryDeps = {
  readonly log: EventLog
  /** Pictures of people. */
  readonly blobs: BlobStore
  readonly openProjector: (model: ReadModel) => Promise<Projector>
  readonly openStore: (definition: StoreDefinition) => Promise<ReadStore>
  /** 32 bytes from outside the data folder's databases: remembered credentials are worthless without it. */
  readonly credentialKey: Uint8Array
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Bytes that nobody can foresee. */
  readonly random: (count: number) => Uint8Array
  readonly logger: Logger
  /** What holds where no operator has set anything; names as in settings/known-settings.ts. */
  readonly settings?: SettingValues
  readonly hashing?: Partial<HashingOptions>
  readonly guessLimits?: GuessLimits
}

export type Directory = {
  readonly handlers: DirectoryServiceImplementation<Call>
  /** Opens its rows, builds what is missing of them, and starts its processes. Errors: those of the stores. */
  start(): Promise<void>
  /** Writes what is pending and closes what it opened; the log isn't its own. */
  stop(): Promise<void>
  /** Position of the last commit whose rows are there. */
  checkpoint(): number
  /** Why it doesn't get on, if it doesn't. */
  fault(): Error | undefined
}

const DEFAULT_HASHING: HashingOptions = { cost: DEFAULT_COST, concurrency: 2, waiting: 400 }

type Running = {
  readonly handlers: DirectoryServiceImplementation<Call>
  readonly projector: Projector
  readonly erasure: Erasure
  readonly stop: () => Promise<void>
}

const foundAccount = (row: AccountViewRow): FoundAccount => ({
  tenant: row.tenant,
  account: row.account,
  state: row.state,
  tenantState: row.tenant_state,
  version: row.credential_version,
  passwordHash: row.password_hash,
  appPasswords: parseList(row.app_passwords),
  row,
})

const signInParts = (deps: DirectoryDeps, projector: Projector, store: ReadStore) => {
  const { clock, random, logger } = deps
  const fingerprints = createFingerprints(deps.credentialKey)
  const hasher = new PasswordHasher({ ...DEFAULT_HASHING, ...deps.hashing, random, clock })
  const memory = new SignInMemory({ store, fingerprints, clock, logger })
  const guesses = new Guesses(deps.guessLimits ?? DEFAULT_GUESS_LIMITS)
  const find = async (login: Parameters<typeof findByLogin>[1]) => {
    const row = await findByLogin(projector.store, login)
    return row && foundAccount(row)
  }
  const signIn = new SignIn<FoundAccount>({ find, hasher, memory, guesses, fingerprints, clock })
  return { hasher, memory, signIn }
}

const createHandlers = (parts: Parts): DirectoryServiceImplementation<Call> => ({
  ...gatewayCalls(parts),
  ...peopleCalls(parts),
  ...tenantCalls(parts),
  ...accountCalls(parts),
  ...appPasswordCalls(parts),
  ...pictureCalls(parts),
  ...certificateCalls(parts),
})

const open = async (deps: DirectoryDeps): Promise<Running> => {
  const { log, blobs, clock, random, logger } = deps
  const store = await deps.openStore({
    name: 'directory-sign-in',
    schema: SIGN_IN_SCHEMA,
    version: SIGN_IN_SCHEMA_VERSION,
  })
  const projector = await deps.openProjector(directoryModel).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  const ids = createIds(clock, random)
  const claims = new Claims({ log, clock, ids })
  const streams = new DirectoryStreams({ log, projector, clock })
  const signIn = signInParts(deps, projector, store)
  const configured = deps.settings ?? {}
  const parts = { projector, streams, claims, blobs, ...signIn, configured, logger, clock, ids, random }
  const erasure = new Erasure({ log, store, streams, claims, memory: signIn.memory, ids, clock, logger })
  erasure.start()
  const sweeper = new PictureSweeper({ log, blobs, projector, clock, logger })
  const stop = async () => {
    await sweeper.stop()
    await erasure.stop()
    await signIn.memory.flush()
    await projector.stop()
    await store.close()
  }
  return { handlers: createHandlers(parts), projector, erasure, stop }
}

const notRunning = () => retryable('UNAVAILABLE', 'the directory is not running')

/** The handlers of whatever runs when a call comes. */
const delegating = (running: () => Running): DirectoryServiceImplementation<Call> => {
  type Handler = (request: unknown, context: unknown) => Promise<unknown>
  const handler =
    (name: string): Handler =>
    async (request, context) =>
      (running().handlers as unknown as Record<string, Handler>)[name]!(request, context)
  const names = Object.keys(DirectoryDefinition.methods)
  return Object.fromEntries(
    names.map((name) => [name, handler(name)]),
  ) as unknown as DirectoryServiceImplementation<Call>
}

/** Tenants, domains, accounts, sign-in and settings. Opens no port, reads no environment. */
export const createDirectory = (deps: DirectoryDeps): Directory => {
  changeSettings({}, { set: deps.settings ?? {}, cleared: [] })
  let running: Running | undefined
  return {
    handlers: delegating(() => {
      if (running === undefined) throw notRunning()
      return running
    }),
    start: async () => {
      running ??= await open(deps)
    },
    stop: async () => {
      const stopping = running
      running = undefined
      await stopping?.stop()
    },
    checkpoint: () => running?.projector.checkpoint() ?? 0,
    fault: () => running?.projector.fault() ?? running?.erasure.fault(),
  }
}

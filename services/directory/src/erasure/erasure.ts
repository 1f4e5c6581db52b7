import { setTimeout as sleep } from 'node:timers/promises'
import type { EventLog, StoredCommit } from '@relais/event-log'
import type { ReadStore } from '@relais/read-store'
import { describeError, type Logger } from '@relais/service-kit'
import { parseAddress } from '../address/address.ts'
import { ERASER } from '../claim/claim.ts'
import type { Claims } from '../commands/claims.ts'
import { addressName, type Name } from '../commands/names.ts'
import { accountStream, type Command, type DirectoryStreams, tenantStream } from '../commands/streams.ts'
import { DIRECTORY_SERVICE, type DirectoryEvent } from '../events.ts'
import type { Ids } from '../ids.ts'
import { knownEvents } from '../known-events.ts'
import type { SignInMemory } from '../sign-in/sign-in-memory.ts'
import { eraseSubject, readPosition, writePosition } from '../sign-in/sign-in-store.ts'

type Deps = {
  readonly log: EventLog
  readonly store: ReadStore
  readonly streams: DirectoryStreams
  readonly claims: Claims
  readonly memory: SignInMemory
  readonly ids: Ids
  readonly clock: () => number
  readonly logger: Logger
}

const NAME = 'erasure'
const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 60_000
const STEP_TIMEOUT_MS = 60_000

/** Every address that an account ever had. */
const addressesOf = (history: readonly DirectoryEvent[]): readonly string[] => [
  ...new Set(
    history
      .filter((event) => event.type === 'AccountCreated' || event.type === 'AliasAdded')
      .map(({ payload }) => payload.address),
  ),
]

/**
 * Erases deleted accounts: first the claims of their addresses, then the tenant is told, then all of the account's streams are purged.
 * Cut off anywhere, it does it again from the start, which it can until the purge is done: AccountDeleted goes with it.
 */
export class Erasure {
  readonly #deps: Deps
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #pause = FIRST_PAUSE_MS
  #fault: Error | undefined

  constructor(deps: Deps) {
    this.#deps = deps
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Why it doesn't get on, if it doesn't; it tries again by itself. */
  fault(): Error | undefined {
    return this.#fault
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#follow(signal)
      } catch (error) {
        if (signal.aborted) return
        this.#fault = error instanceof Error ? error : new Error(String(error))
        this.#deps.logger.error({ err: describeError(error) }, 'deleted accounts are not being erased')
        await sleep(this.#pause, undefined, { signal }).catch(() => undefined)
        this.#pause = Math.min(2 * this.#pause, MAX_PAUSE_MS)
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { log, store } = this.#deps
    const after = await readPosition(store, NAME)
    for await (const { commits } of log.follow({ service: DIRECTORY_SERVICE }, after, { signal })) {
      for (const commit of commits) await this.#react(commit)
      const last = commits.at(-1)
      if (last) await writePosition(store, NAME, last.position)
      this.#fault = undefined
      this.#pause = FIRST_PAUSE_MS
    }
  }

  async #react(commit: StoredCommit): Promise<void> {
    if (!commit.events.some(({ type }) => type === 'AccountDeleted')) return
    const { tenant, account } = commit.stream
    const command = this.#command(tenant, `erase-${account}`)
    for (const address of addressesOf(await this.#history(tenant, account))) {
      const parsed = parseAddress(address)
      if (parsed) await this.#eraseClaim(addressName(tenant, parsed), account, command)
    }
    await this.#tell(command, commit)
    await this.#deps.memory.flush()
    await eraseSubject(this.#deps.store, { tenant, account })
    await this.#deps.log.purge(tenant, account)
    this.#deps.logger.info({ tenant, account }, 'account erased')
  }

  async #history(tenant: string, account: string): Promise<readonly DirectoryEvent[]> {
    const commits: StoredCommit[] = []
    for await (const batch of this.#deps.log.read(accountStream(tenant, account), 0)) commits.push(...batch)
    return knownEvents(commits)
  }

  async #eraseClaim(name: Name, account: string, command: Command): Promise<void> {
    const { claims, log } = this.#deps
    for (;;) {
      const { holder, position } = await claims.read(name)
      if (position === 0 || ![account, '', ERASER].includes(holder)) return
      if (holder !== ERASER && !(await claims.seize({ name, position }, command))) continue
      await log.purge(name.stream.tenant, name.stream.account)
      return
    }
  }

  /** What stays of an account is its id. */
  async #tell(command: Command, { stream, position }: StoredCommit): Promise<void> {
    const erased: DirectoryEvent = { type: 'AccountErased', payload: { account: stream.account } }
    const change = { stream: tenantStream(stream.tenant), events: [erased], causation: position }
    await this.#deps.streams.append(command, change)
  }

  #command(tenant: string, commandId: string): Command {
    const { clock, ids } = this.#deps
    const actor = { kind: 'service', id: DIRECTORY_SERVICE, device: '' }
    const identity = { tenant, actor, principal: '' }
    const call = {
      identity,
      deadline: clock() + STEP_TIMEOUT_MS,
      correlation: ids.command(),
      traceparent: '',
    }
    return { call, commandId }
  }
}

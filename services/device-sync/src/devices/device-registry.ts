import { ConflictError, type EventLog, type NewCommit, type Subscription } from '@relais/event-log'
import type { Projector } from '@relais/read-store'
import { type Call, retryable } from '@relais/service-kit'
import { type DeviceCommand, decide } from '../device/decide.ts'
import { type AccountDevices, evolve } from '../device/device.ts'
import { DEVICE_SYNC, type DeviceEvent, deviceEvents } from '../device/events.ts'
import { accountDevices } from '../queries/devices.ts'

export type AccountRef = { readonly tenant: string; readonly account: string }

/** Devices of an account as of a position of its stream. */
type Known = { readonly devices: AccountDevices; readonly head: number }

type Loading = { readonly known: Promise<Known>; outdated: boolean }

export type DeviceRegistryOptions = {
  readonly log: EventLog
  readonly projector: Projector
  readonly clock: () => number
  /** Accounts whose devices are kept in memory; default 20,000. */
  readonly maxAccounts?: number
}

/** Who asks, until when. */
export type Asking = Pick<Call, 'identity' | 'deadline' | 'correlation' | 'traceparent'>

/** architecture.md 3: on conflict catch up and decide again, at most 5 times. */
const MAX_ATTEMPTS = 5

const keyOf = ({ tenant, account }: AccountRef): string => `${tenant}/${account}`

/** The facts of devices: remembered per account, read from rows where not, appended to the account's stream. */
export class DeviceRegistry {
  readonly #options: Required<DeviceRegistryOptions>
  /** Least recently used first. */
  readonly #known = new Map<string, Known>()
  /** Positions that rows don't have yet, by account: reading waits for them. */
  readonly #pending = new Map<string, number>()
  /** Accounts being read, and whether a commit came meanwhile. */
  readonly #loading = new Map<string, Loading>()
  /** End of the last decision, by account. */
  readonly #turns = new Map<string, Promise<void>>()
  readonly #subscriptions: readonly Subscription[]

  constructor(options: DeviceRegistryOptions) {
    this.#options = { maxAccounts: 20_000, ...options }
    this.#subscriptions = [
      options.log.notices({ service: DEVICE_SYNC }, (notice) =>
        this.#outdate(keyOf(notice), notice.position),
      ),
      options.projector.onProjected((checkpoint) => this.#projected(checkpoint)),
    ]
  }

  #outdate(key: string, position: number): void {
    this.#expect(key, position)
    if ((this.#known.get(key)?.head ?? 0) < position) this.#known.delete(key)
    const loading = this.#loading.get(key)
    if (loading) loading.outdated = true
  }

  #expect(key: string, position: number): void {
    if (position <= this.#options.projector.checkpoint()) return
    this.#pending.set(key, Math.max(position, this.#pending.get(key) ?? 0))
  }

  #projected(checkpoint: number): void {
    for (const [key, position] of this.#pending) if (position <= checkpoint) this.#pending.delete(key)
  }

  /** All devices of an account. */
  async devicesOf(owner: AccountRef, deadline: number): Promise<AccountDevices> {
    return (await this.#of(owner, deadline)).devices
  }

  /** The same, of which nothing is missing that any process has appended: notices of what others did may be on their way yet. */
  async devicesAtHead(owner: AccountRef, deadline: number): Promise<AccountDevices> {
    const head = await this.#options.log.head({ ...owner, service: DEVICE_SYNC })
    this.#outdate(keyOf(owner), head)
    return this.devicesOf(owner, deadline)
  }

  async #of(owner: AccountRef, deadline: number): Promise<Known> {
    const key = keyOf(owner)
    const known = this.#known.get(key)
    if (known) return this.#remember(key, known)
    return (this.#loading.get(key) ?? this.#load(key, owner, deadline)).known
  }

  #load(key: string, owner: AccountRef, deadline: number): Loading {
    const loading: Loading = { outdated: false, known: this.#read(key, owner, deadline) }
    this.#loading.set(key, loading)
    loading.known.then(
      (known) => {
        this.#loading.delete(key)
        if (!loading.outdated) this.#remember(key, known)
      },
      () => this.#loading.delete(key),
    )
    return loading
  }

  async #read(key: string, { tenant, account }: AccountRef, deadline: number): Promise<Known> {
    const { projector } = this.#options
    await projector.waitFor(this.#pending.get(key) ?? 0, deadline)
    return projector.store.snapshot((reader) => accountDevices(reader, tenant, account))
  }

  #remember(key: string, given: Known): Known {
    const present = this.#known.get(key)
    const known = present && present.head > given.head ? present : given
    this.#known.delete(key)
    this.#known.set(key, known)
    if (this.#known.size > this.#options.maxAccounts)
      this.#known.delete(this.#known.keys().next().value ?? '')
    return known
  }

  /** Decides and appends. Answers with the devices afterwards and the position of the last change. */
  execute(owner: AccountRef, command: DeviceCommand, asking: Asking): Promise<Known> {
    return this.#inTurn(keyOf(owner), () => this.#execute(owner, command, asking))
  }

  /** One decision per account at a time: only other processes can conflict. */
  #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key) ?? Promise.resolve()
    const result = before.then(work)
    const over = result.then(
      () => undefined,
      () => undefined,
    )
    this.#turns.set(key, over)
    void over.then(() => {
      if (this.#turns.get(key) === over) this.#turns.delete(key)
    })
    return result
  }

  async #execute(owner: AccountRef, command: DeviceCommand, asking: Asking): Promise<Known> {
    for (let attempt = 1; ; attempt += 1) {
      const known = await this.#of(owner, asking.deadline)
      const events = decide(known.devices, command)
      if (events.length === 0) return known
      try {
        return await this.#append(owner, { known, command, events, asking })
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        if (attempt === MAX_ATTEMPTS)
          throw retryable('CONFLICT', 'the devices were changed at the same time, again and again', {
            cause: error,
          })
        this.#outdate(keyOf(owner), error.head)
      }
    }
  }

  async #append(
    owner: AccountRef,
    decision: { known: Known; command: DeviceCommand; events: readonly DeviceEvent[]; asking: Asking },
  ): Promise<Known> {
    const commit = this.#commitOf(owner, decision)
    const { position } = await this.#options.log.append(commit)
    const devices = decision.events.reduce(
      (before, event) => evolve(before, event, commit.at),
      decision.known.devices,
    )
    const key = keyOf(owner)
    this.#expect(key, position)
    return this.#remember(key, { devices, head: position })
  }

  #commitOf(
    { tenant, account }: AccountRef,
    {
      known,
      command,
      events,
      asking,
    }: { known: Known; command: DeviceCommand; events: readonly DeviceEvent[]; asking: Asking },
  ): NewCommit {
    return {
      stream: { tenant, account, service: DEVICE_SYNC },
      events: events.map((event) => deviceEvents.encode(event.type, event.payload as never)),
      // The head makes it unique: the same decision on the same state is the same commit.
      commandId: `${command.type}:${command.device}:${known.head}`,
      actor: asking.identity.actor,
      principal: account,
      expected: known.head,
      correlation: asking.correlation,
      traceparent: asking.traceparent,
      at: this.#options.clock(),
    }
  }

  /**
   * The account is deleted: takes away its rows. Expects nothing, for its stream is being purged, and has nothing to do the second time.
   * `cause` is the position of the commit that says so.
   */
  async erase(owner: AccountRef, cause: number, asking: Asking): Promise<void> {
    const { log, projector, clock } = this.#options
    const key = keyOf(owner)
    this.#known.delete(key)
    if ((await this.#read(key, owner, asking.deadline)).head === 0) return
    const { position } = await log.append({
      stream: { ...owner, service: DEVICE_SYNC },
      events: [deviceEvents.encode('DevicesErased', {})],
      commandId: `erase:${cause}`,
      actor: asking.identity.actor,
      principal: owner.account,
      causation: cause,
      correlation: asking.correlation,
      traceparent: asking.traceparent,
      at: clock(),
    })
    await projector.waitFor(position, asking.deadline)
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.close()
  }
}

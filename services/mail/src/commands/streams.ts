import { type Appended, ConflictError, type EventLog, type NewCommit } from '@relais/event-log'
import type { Projector, Reader } from '@relais/read-store'
import type { Call } from '@relais/service-kit/call.ts'
import { RelaisError, retryable } from '@relais/service-kit/errors.ts'
import { MAIL_SERVICE, type MailEvent, mailEvents } from '../events.ts'
import { type AccountKey, streamHead } from '../queries/account.ts'
import { AccountGates } from './gates.ts'
import { touchedCollections } from './touched.ts'

export type { AccountKey }

/** Who asks for a commit, and under which id. */
export type Command = AccountKey & {
  readonly call: Pick<Call, 'identity' | 'deadline' | 'correlation' | 'traceparent'>
  readonly commandId: string
  readonly syncKey?: string
  readonly causation?: number
}

export type Decision<State> = {
  readonly load: (reader: Reader, checkpoint: number) => Promise<State>
  readonly decide: (state: State) => readonly MailEvent[]
  /** Mailboxes whose heads move by events that name placements only. */
  readonly mailboxes?: (state: State) => readonly string[]
}

export type Outcome<State> = {
  /** Of the commit; where nothing changed, the checkpoint that says so. */
  readonly position: number
  /** True: this command id had been appended before. */
  readonly repeated: boolean
  readonly events: readonly MailEvent[]
  /** What the decision was based on. */
  readonly state: State
}

type Asked<State> = { readonly command: Command; readonly decision: Decision<State> }

/** What was decided on rows: up to their checkpoint, with the stream's last commit at `head`. */
type Decided<State> = {
  readonly state: State
  readonly events: readonly MailEvent[]
  readonly head: number
  readonly checkpoint: number
}
type Change = { readonly events: readonly MailEvent[]; readonly mailboxes?: readonly string[] }

type Appending = {
  /** Whose heads move by events that name placements only. */
  readonly mailboxes?: readonly string[]
  readonly expected?: number
}

/** architecture.md 3: on conflict catch up and decide again, at most 5 times. */
const MAX_ATTEMPTS = 5

type StreamsDeps = {
  readonly log: EventLog
  readonly projector: Projector
  readonly clock: () => number
}

/** Appends decisions to the mail streams of accounts. */
export class MailStreams {
  private readonly deps: StreamsDeps
  private readonly gates = new AccountGates()
  /** Positions that this process appended and the rows don't have yet. */
  private readonly appended = new Map<string, number>()

  constructor(deps: StreamsDeps) {
    this.deps = deps
  }

  /**
   * Appends without deciding, and waits for no rows: what commutes with everything else in the account (deliveries, devices' changes)
   * expects nothing, what was decided before expects the head that it was decided on. Throws ConflictError where that isn't it.
   */
  append(
    command: Command,
    events: readonly MailEvent[],
    { mailboxes, expected }: Appending = {},
  ): Promise<Appended> {
    const key = keyOf(command)
    const write = () => this.write(key, { ...this.commitOf(command, { events, mailboxes }), expected })
    return expected === undefined ? this.gates.shared(key, write) : this.gates.exclusive(key, write)
  }

  /**
   * Decides and appends what commutes with everything else (seen, flags, categories): expects nothing; waits for the rows. Nothing finds out
   * later that its rows were behind and a part of it was missed, so they have all from the first.
   */
  async commute<State>(command: Command, decision: Decision<State>): Promise<Outcome<State>> {
    const asked = { command, decision }
    const outcome = await this.gates.shared(keyOf(command), async () =>
      this.appendDecided(asked, await this.onAllRows(asked)),
    )
    await this.deps.projector.waitFor(outcome.position, command.call.deadline)
    return outcome
  }

  /** Decides on rows that have everything up to the stream's head, appends expecting that head, and waits for the rows. */
  async execute<State>(command: Command, decision: Decision<State>): Promise<Outcome<State>> {
    const outcome = await this.gates.exclusive(keyOf(command), () => this.attempt({ command, decision }))
    await this.deps.projector.waitFor(outcome.position, command.call.deadline)
    return outcome
  }

  /** Resolves when the rows have everything that this process has appended for the account. */
  async settled(account: AccountKey, deadline: number): Promise<void> {
    const position = this.appended.get(keyOf(account))
    if (position !== undefined) await this.deps.projector.waitFor(position, deadline)
  }

  private async attempt<State>(asked: Asked<State>): Promise<Outcome<State>> {
    for (let attempt = 1; ; attempt++) {
      const decided = await this.decided(asked)
      try {
        return await this.appendDecided(asked, decided, decided.head)
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        if (attempt === MAX_ATTEMPTS) throw conflict(error)
        await this.deps.projector.waitFor(error.head, asked.command.call.deadline)
      }
    }
  }

  /** An append finds out that rows are behind. A refusal, or that there is nothing to do, is never appended: it needs all rows. */
  private async decided<State>(asked: Asked<State>): Promise<Decided<State>> {
    const first = await this.onRows(asked).catch((error: unknown) => {
      if (error instanceof RelaisError && !error.retryable) return undefined
      throw error
    })
    if (first !== undefined && first.events.length > 0) return first
    return this.onAllRows(asked, first)
  }

  /** Decides on rows that have all that the log has of the account. `first`: a decision that will do if its rows had all. */
  private async onAllRows<State>(asked: Asked<State>, first?: Decided<State>): Promise<Decided<State>> {
    const head = await this.deps.log.head(streamOf(asked.command))
    if (first !== undefined && first.checkpoint >= head) return first
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      await this.deps.projector.waitFor(head, asked.command.call.deadline)
      const decided = await this.onRows(asked, head)
      if (decided !== undefined) return decided
    }
    throw conflict()
  }

  /**
   * Decides on rows that have everything this process appended for the account. Undefined: they don't have all up to `least`. They say so
   * themselves: a database that crashed may have gone back behind what is remembered of it.
   */
  private async onRows<State>(
    { command, decision: { load, decide } }: Asked<State>,
    least = 0,
  ): Promise<Decided<State> | undefined> {
    const { projector } = this.deps
    await projector.waitFor(this.appended.get(keyOf(command)) ?? 0, command.call.deadline)
    const basis = await projector.store.snapshot(async (reader, checkpoint) =>
      checkpoint < least
        ? undefined
        : { state: await load(reader, checkpoint), head: await streamHead(reader, command), checkpoint },
    )
    return basis && { ...basis, events: decide(basis.state) }
  }

  private async appendDecided<State>(
    { command, decision }: Asked<State>,
    { state, events, checkpoint }: Decided<State>,
    expected?: number,
  ): Promise<Outcome<State>> {
    if (events.length === 0) return { position: checkpoint, repeated: false, events, state }
    const mailboxes = decision.mailboxes?.(state)
    const commit = { ...this.commitOf(command, { events, mailboxes }), expected }
    return { ...(await this.write(keyOf(command), commit)), events, state }
  }

  private async write(key: string, commit: NewCommit) {
    const appended = await this.deps.log.append(commit)
    this.remember(key, appended.position)
    return appended
  }

  private remember(key: string, position: number) {
    if (position <= this.deps.projector.checkpoint()) return
    this.appended.set(key, Math.max(position, this.appended.get(key) ?? 0))
  }

  /** Forgets positions that the rows have; the projector calls it after each batch. */
  forget(checkpoint: number) {
    for (const [key, position] of this.appended) if (position <= checkpoint) this.appended.delete(key)
  }

  private commitOf(command: Command, { events, mailboxes }: Change): NewCommit {
    const { tenant, account, call, commandId, syncKey, causation } = command
    return {
      stream: streamOf({ tenant, account }),
      events: events.map((event) => encodeEvent(event)),
      commandId,
      actor: call.identity.actor,
      principal: account,
      correlation: call.correlation,
      traceparent: call.traceparent,
      at: this.deps.clock(),
      collections: touchedCollections(events, mailboxes),
      syncKey,
      causation,
    }
  }
}

const encodeEvent = <Event extends MailEvent>(event: Event) =>
  mailEvents.encode(event.type, event.payload as never)

const streamOf = ({ tenant, account }: AccountKey) => ({ tenant, account, service: MAIL_SERVICE })

const keyOf = ({ tenant, account }: AccountKey) => `${tenant}/${account}`

const conflict = (cause?: ConflictError) =>
  retryable('CONFLICT', 'the mailbox was changed at the same time, again and again', { cause })

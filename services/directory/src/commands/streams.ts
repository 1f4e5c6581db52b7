import { type Appended, ConflictError, type EventLog, type NewCommit } from '@relais/event-log'
import type { Event, Stream } from '@relais/proto/common/v1/log.ts'
import type { Projector, Reader } from '@relais/read-store'
import type { Call } from '@relais/service-kit/call.ts'
import { retryable } from '@relais/service-kit/errors.ts'
import { DIRECTORY_SERVICE, type DirectoryEvent, directoryEvents, NOBODY } from '../events.ts'

/** Who asks for a commit, and under which id. */
export type Command = {
  readonly call: Pick<Call, 'identity' | 'deadline' | 'correlation' | 'traceparent'>
  readonly commandId: string
}

export const platformStream: Stream = { tenant: NOBODY, account: NOBODY, service: DIRECTORY_SERVICE }

export const tenantStream = (tenant: string): Stream => ({
  tenant,
  account: NOBODY,
  service: DIRECTORY_SERVICE,
})

export const accountStream = (tenant: string, account: string): Stream => ({
  tenant,
  account,
  service: DIRECTORY_SERVICE,
})

export type Decision<State> = {
  readonly stream: Stream
  /** The state and the position of its stream's last commit. */
  readonly load: (reader: Reader) => Promise<{ readonly state: State; readonly position: number }>
  readonly decide: (state: State) => readonly DirectoryEvent[] | Promise<readonly DirectoryEvent[]>
  /** What must be so before the commit, anew for each attempt: claims of names. */
  readonly prepare?: (() => Promise<unknown>) | undefined
}

export type Outcome = {
  /** Of the commit; where nothing changed, of the one that says so. */
  readonly position: number
}

type Change = {
  readonly stream: Stream
  readonly events: readonly Event[]
  readonly expected?: number
  readonly causation?: number
}

/** architecture.md 3: on conflict catch up and decide again, at most 5 times. */
export const MAX_ATTEMPTS = 5

export const conflict = () => retryable('CONFLICT', 'others changed the same thing at the same time')

const encoded = (event: DirectoryEvent): Event => {
  const encode = directoryEvents.encode as (type: string, payload: unknown) => Event
  return encode(event.type, event.payload)
}

/** A commit as a command makes it. */
export const commitOf = (
  { call, commandId }: Command,
  change: Change & { readonly at: number },
): NewCommit => ({
  ...change,
  commandId,
  actor: call.identity.actor,
  principal: call.identity.principal,
  correlation: call.correlation,
  traceparent: call.traceparent,
})

type StreamsDeps = {
  readonly log: EventLog
  readonly projector: Projector
  readonly clock: () => number
}

/** Appends decisions to the directory's streams. */
export class DirectoryStreams {
  readonly #deps: StreamsDeps

  constructor(deps: StreamsDeps) {
    this.#deps = deps
  }

  /** Decides, appends, and waits until the rows show it. Errors: the decision's, CONFLICT, DEADLINE_EXCEEDED. */
  async execute<State>(command: Command, decision: Decision<State>): Promise<Outcome> {
    await this.catchUp(command, decision.stream)
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const { state, position } = await decision.load(this.#deps.projector.store)
      const events = await decision.decide(state)
      if (events.length === 0) return { position }
      await decision.prepare?.()
      const appended = await this.#tryAppend(command, { stream: decision.stream, events, expected: position })
      if (appended !== undefined) return { position: appended }
    }
    throw conflict()
  }

  /** Appends without looking at rows: for streams that nobody knows yet. Errors: ConflictError. */
  append(
    command: Command,
    { events, ...change }: Omit<Change, 'events'> & { readonly events: readonly DirectoryEvent[] },
  ): Promise<Appended> {
    const { log, clock } = this.#deps
    return log.append(commitOf(command, { ...change, events: events.map(encoded), at: clock() }))
  }

  waitFor(position: number, { call }: Command): Promise<void> {
    return this.#deps.projector.waitFor(position, call.deadline)
  }

  /**
   * Waits until the rows have all that a stream has now. An append finds out that rows are behind (another process decided, or a database
   * lost its last moments); a refusal, or a decision that there is nothing to do, is never appended.
   */
  async catchUp(command: Command, stream: Stream): Promise<void> {
    await this.waitFor(await this.#deps.log.head(stream), command)
  }

  /** Undefined: another commit came first, and its rows are there now. */
  async #tryAppend(
    command: Command,
    change: { stream: Stream; events: readonly DirectoryEvent[]; expected: number },
  ): Promise<number | undefined> {
    try {
      const { position } = await this.append(command, change)
      await this.waitFor(position, command)
      return position
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      await this.waitFor(error.head, command)
      return undefined
    }
  }
}

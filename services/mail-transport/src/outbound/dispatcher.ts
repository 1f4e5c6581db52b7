import type { EventLog } from '@relais/event-log'
import type { Event } from '@relais/proto/common/v1/log.ts'
import type { Projector } from '@relais/read-store'
import { inSpan, type Logger } from '@relais/service-kit'
import { transportEvents } from '../events.ts'
import { dueRows, nextDue, type QueueRow } from '../queries/queue.ts'
import { type AttemptDeps, attemptSubmission } from './attempt.ts'
import { type BounceDeps, type Failure, notifySender } from './bounce.ts'
import { type Attempt, type Decision, decideAfter } from './retry.ts'

export type DispatcherDeps = AttemptDeps &
  BounceDeps & {
    readonly log: EventLog
    readonly projector: Projector
    readonly newId: () => string
    /** From 0 to 1. */
    readonly random: () => number
    readonly logger: Logger
  }

const SUBMISSIONS_AT_ONCE = 8
const PAGE = 500
const PROJECTION_MS = 60_000
/** After an error that isn't a recipient's: the directory or the log can't be reached. */
const PAUSE_MS = 5_000
const MAX_TIMER_MS = 2 ** 31 - 1

/** Works the queue off: every due recipient is tried, what came of it is recorded, failures are told to the sender. */
export class Dispatcher {
  readonly #deps: DispatcherDeps
  readonly #busy = new Map<string, Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  /** Until it is over nothing is tried, whatever is due or new: it would fail the same way at once. */
  #pausing: NodeJS.Timeout | undefined
  #projected: { close(): void } | undefined
  #stopped = false
  #looking = false
  #again = false

  constructor(deps: DispatcherDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#projected = this.#deps.projector.onProjected(() => this.wake())
    this.wake()
  }

  /** Looks for what is due, soon. */
  wake(): void {
    this.#again = true
    if (this.#looking || this.#stopped || this.#pausing !== undefined) return
    this.#looking = true
    void this.#look().finally(() => {
      this.#looking = false
      if (this.#again) this.wake()
    })
  }

  /** Starts nothing new and waits for the attempts on their way. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#projected?.close()
    clearTimeout(this.#timer)
    clearTimeout(this.#pausing)
    await Promise.allSettled(this.#busy.values())
  }

  async #look(): Promise<void> {
    this.#again = false
    try {
      const due = await dueRows(this.#deps.projector.store, this.#deps.clock(), PAGE)
      for (const rows of bySubmission(due)) {
        if (this.#stopped || this.#busy.size >= SUBMISSIONS_AT_ONCE) return
        this.#begin(rows)
      }
      await this.#sleepUntilNext()
    } catch (error) {
      this.#pause(error)
    }
  }

  async #sleepUntilNext(): Promise<void> {
    const next = await nextDue(this.#deps.projector.store)
    if (next === undefined || this.#busy.size > 0) return
    this.#wakeIn(Math.max(0, next - this.#deps.clock()))
  }

  #begin(rows: readonly QueueRow[]): void {
    const key = keyOf(rows[0]!)
    if (this.#busy.has(key)) return
    const work = workOff(rows, this.#deps).then(
      () => this.#done(key),
      (error) => {
        this.#busy.delete(key)
        this.#pause(error)
      },
    )
    this.#busy.set(key, work)
  }

  #done(key: string): void {
    this.#busy.delete(key)
    this.wake()
  }

  #pause(error: unknown): void {
    if (this.#stopped || this.#pausing !== undefined) return
    this.#deps.logger.warn({ err: error }, 'the outbound queue pauses')
    this.#pausing = setTimeout(() => {
      this.#pausing = undefined
      this.wake()
    }, PAUSE_MS)
  }

  #wakeIn(ms: number): void {
    if (this.#stopped) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.wake(), Math.min(ms, MAX_TIMER_MS))
  }
}

const keyOf = ({ tenant, submission }: QueueRow) => `${tenant}/${submission}`

const bySubmission = (rows: readonly QueueRow[]) => Map.groupBy(rows, keyOf).values()

/** Resolves when the outcome is recorded and the queue's rows say so. Part of the trace of the submission. */
const workOff = (rows: readonly QueueRow[], deps: DispatcherDeps): Promise<void> => {
  const { traceparent = '', tenant = '', attempts = 0 } = rows[0] ?? {}
  const attributes = {
    'relais.tenant': tenant,
    'relais.attempt': attempts + 1,
    'relais.recipients': rows.length,
  }
  return inSpan('outbound attempt', { kind: 'consumer', parent: traceparent, attributes }, () =>
    attempt(rows, deps),
  )
}

const attempt = async (rows: readonly QueueRow[], deps: DispatcherDeps): Promise<void> => {
  const attempts = await attemptSubmission(rows, deps)
  const decisions = rows.map((row, n) =>
    decideAfter(row, attempts[n] ?? LOST, { now: deps.clock(), random: deps.random() }),
  )
  await notifySender(failuresOf(rows, decisions), deps)
  const position = await record(rows, decisions, deps)
  await deps.projector.waitFor(position, deps.clock() + PROJECTION_MS)
}

const LOST: Attempt = { outcome: 'not-now', reply: '4.3.0 the outcome is not known' }

const failuresOf = (rows: readonly QueueRow[], decisions: readonly Decision[]): Failure[] =>
  rows.flatMap((row, n) => {
    const decision = decisions[n]
    return decision?.type === 'RecipientFailed' ? [{ row, reply: decision.reply }] : []
  })

const record = async (
  rows: readonly QueueRow[],
  decisions: readonly Decision[],
  deps: DispatcherDeps,
): Promise<number> => {
  const { tenant, account, submission } = rows[0]!
  const { position } = await deps.log.append({
    stream: { tenant, account, service: 'mail-transport' },
    events: rows.flatMap((row, n) => eventOf(row, decisions[n])),
    commandId: `attempt:${submission}:${deps.newId()}`,
    actor: { kind: 'service', id: 'mail-transport', device: '' },
    principal: account,
    causation: submission,
    at: deps.clock(),
  })
  return position
}

const eventOf = ({ submission, recipient, sender }: QueueRow, decision: Decision | undefined): Event[] => {
  if (decision === undefined) return []
  switch (decision.type) {
    case 'RecipientDelivered':
      return [
        transportEvents.encode(decision.type, {
          submission,
          recipient,
          route: decision.route,
          reply: decision.reply,
        }),
      ]
    case 'RecipientDeferred': {
      const { attempts, nextAttemptAt, reply } = decision
      return [
        transportEvents.encode(decision.type, { submission, recipient, attempts, nextAttemptAt, reply }),
      ]
    }
    case 'RecipientFailed':
      return [
        transportEvents.encode(decision.type, {
          submission,
          recipient,
          reply: decision.reply,
          notified: sender !== '',
        }),
      ]
  }
}

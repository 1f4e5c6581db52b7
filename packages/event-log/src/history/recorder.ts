import { ConflictError, type EventLog, LogUnavailableError, type NewCommit } from '../port.ts'
import type { AppendCall, Outcome } from './check-history.ts'

/** Appends and keeps what it learned of each, for `checkHistory`. */
export class Recorder {
  readonly #calls: AppendCall[] = []
  readonly #clock: () => number

  /** `clock` never goes back; all recorders of a history have the same. */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  get calls(): readonly AppendCall[] {
    return this.#calls
  }

  count(kind: Outcome['kind']): number {
    return this.#calls.filter(({ outcome }) => outcome.kind === kind).length
  }

  /** Errors: those that aren't a log's to give. */
  async append(log: Pick<EventLog, 'append'>, commit: NewCommit): Promise<Outcome> {
    const began = this.#clock()
    const outcome = await outcomeOf(log, commit)
    const { stream, commandId, expected } = commit
    this.#calls.push({ stream, commandId, expected, began, ended: this.#clock(), outcome })
    return outcome
  }
}

const outcomeOf = async (log: Pick<EventLog, 'append'>, commit: NewCommit): Promise<Outcome> => {
  try {
    return { kind: 'known', ...(await log.append(commit)) }
  } catch (error) {
    if (error instanceof ConflictError) return { kind: 'refused', head: error.head }
    if (error instanceof LogUnavailableError) return { kind: 'unknown' }
    throw error
  }
}

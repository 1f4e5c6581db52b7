import { CommitsLostError } from '../port.ts'
import type { Ledger } from './ledger.ts'
import type { LogApi, LogMessage } from './log-api.ts'
import type { Search } from './verified-reading.ts'

/** What somebody should look at. */
export type LogAlarm =
  /** A commit is nowhere; nothing that belongs to its stream is told any more. */
  | { readonly kind: 'commit-lost'; readonly subject: string; readonly position: number }
  /** One replica lacks a commit that others have: it was read from them. */
  | { readonly kind: 'replica-damaged'; readonly subject: string; readonly position: number }
  /** The log ends before a position that was projected already. */
  | { readonly kind: 'log-went-back'; readonly position: number; readonly head: number }

type Deps = {
  readonly api: LogApi
  readonly ledger: Ledger
  readonly onAlarm: (alarm: LogAlarm) => void
}

/** Which replica answers is chance: so often a commit is asked for before it counts as lost. */
const TRIES = 8

/** Tells commits that are lost from those that were erased, and finds those that only one replica has lost. */
export class Losses implements Search {
  readonly #deps: Deps

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /**
   * A commit that a reading lacks, from whichever replica has it; undefined: its account was erased.
   * Errors: CommitsLostError, after an alarm, and kept until it is settled.
   */
  async find(subject: string, position: number): Promise<LogMessage | undefined> {
    const leaders = await this.#atLeader(subject, position)
    if (!leaders && (await this.#isErased(subject, position))) return undefined
    const found = leaders ?? (await this.#anywhere(subject, position))
    if (!found) return await this.lost(subject, position)
    this.#deps.onAlarm({ kind: 'replica-damaged', subject, position })
    return found
  }

  /** Errors: CommitsLostError unless the commit was erased with its account. */
  async check(subject: string, position: number): Promise<void> {
    if (!(await this.#isErased(subject, position))) await this.lost(subject, position)
  }

  /** Alarms, and keeps what is lost for readers to come. Always throws. */
  async lost(subject: string, position: number): Promise<never> {
    this.#deps.onAlarm({ kind: 'commit-lost', subject, position })
    await this.#deps.ledger.keepLoss(subject, position)
    throw new CommitsLostError(position)
  }

  /**
   * Refuses a reading of what is known to be lost: a commit that is still missing, or one that is there again but before where it begins.
   * Errors: CommitsLostError.
   */
  async refuse(subject: string, after: number): Promise<void> {
    const loss = await this.#deps.ledger.loss(subject)
    if (!loss) return
    const isBack = await this.#atLeader(loss.subject, loss.position)
    if (!isBack || after >= loss.position) throw new CommitsLostError(loss.position)
  }

  wentBack(position: number, head: number): never {
    this.#deps.onAlarm({ kind: 'log-went-back', position, head })
    throw new CommitsLostError(position)
  }

  /** For those who only want what there is: a loss is alarmed, and passed over. */
  get tolerant(): Search {
    return {
      find: (subject, position) => this.find(subject, position).catch(unlessLost),
      check: (subject, position) => this.check(subject, position).catch(unlessLost),
    }
  }

  async #isErased(subject: string, position: number): Promise<boolean> {
    return (await this.#deps.ledger.erasedUpTo(subject)) >= position
  }

  async #atLeader(subject: string, position: number): Promise<LogMessage | undefined> {
    const message = await this.#deps.api.leaderAt(position)
    return message?.subject === subject ? message : undefined
  }

  async #anywhere(subject: string, position: number): Promise<LogMessage | undefined> {
    for (let tries = 0; tries < TRIES; tries++) {
      const { messages } = await this.#deps.api.batch({ subject, from: position, count: 1, maxBytes: 1 })
      if (messages[0]?.position === position) return messages[0]
    }
    return undefined
  }
}

const unlessLost = (error: unknown): undefined => {
  if (!(error instanceof CommitsLostError)) throw error
}

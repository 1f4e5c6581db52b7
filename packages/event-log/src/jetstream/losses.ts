import { setTimeout as sleep } from 'node:timers/promises'
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
  readonly api: Pick<LogApi, 'leaderAt' | 'batch' | 'info'>
  readonly ledger: Pick<Ledger, 'erasedUpTo' | 'keepLoss' | 'loss'>
  readonly onAlarm: (alarm: LogAlarm) => void
  /** Milliseconds for which it must be so before a commit counts as lost: a deposed leader may go on for twenty seconds. */
  readonly confirm: number
  readonly closed: AbortSignal
}

/** Which replica answers is chance: so often a commit is asked for at a time. */
const TRIES = 8

/** Tells commits that are lost from those that were erased, and finds those that only one replica has lost. */
export class Losses implements Search {
  readonly #deps: Deps
  readonly #suspected = new Set<number>()
  readonly #told = new Set<string>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /**
   * A commit that a reading lacks, from whichever replica has it; undefined: its account was erased.
   * Errors: CommitsLostError, after an alarm, and kept until it is settled.
   */
  async find(subject: string, position: number): Promise<LogMessage | undefined> {
    return await this.#confirmed(subject, position, async () => {
      const leaders = await this.#atLeader(subject, position)
      if (!leaders && (await this.isErased(subject, position))) return 'erased'
      const found = leaders ?? (await this.#anywhere(subject, position))
      if (found) this.#suspectReplica(subject, position)
      return found
    })
  }

  /** Errors: CommitsLostError unless the commit was erased with its account. */
  async check(subject: string, position: number): Promise<void> {
    await this.#confirmed(subject, position, async () =>
      (await this.isErased(subject, position)) ? 'erased' : undefined,
    )
  }

  /** Looks after a commit that seems to be missing, and alarms if it is. */
  suspect(subject: string, position: number) {
    if (this.#suspected.has(position)) return
    this.#suspected.add(position)
    this.find(subject, position)
      .catch(() => undefined) // the alarm has told
      .finally(() => this.#suspected.delete(position))
  }

  async isErased(subject: string, position: number): Promise<boolean> {
    return (await this.#deps.ledger.erasedUpTo(subject)) >= position
  }

  /** Alarms, and keeps what is lost for readers to come. Always throws. */
  async lost(subject: string, position: number): Promise<never> {
    this.#alarm({ kind: 'commit-lost', subject, position })
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

  /** Errors: CommitsLostError where the log ends before a position that was given. */
  async requireReached(position: number): Promise<void> {
    for (const since = performance.now(); ; await this.#pause()) {
      const { state } = await this.#deps.api.info()
      if (state.last_seq >= position) return
      if (performance.now() - since < this.#deps.confirm) continue
      this.#alarm({ kind: 'log-went-back', position, head: state.last_seq })
      throw new CommitsLostError(position)
    }
  }

  /** For those who only want what there is: a loss is alarmed, and passed over. */
  get tolerant(): Search {
    return {
      find: (subject, position) => this.find(subject, position).catch(unlessLost),
      check: (subject, position) => this.check(subject, position).catch(unlessLost),
    }
  }

  /** A replica that is just being given what it missed has gaps for a moment; one that still has them later is damaged. */
  #suspectReplica(subject: string, position: number) {
    if (this.#suspected.has(position)) return
    this.#suspected.add(position)
    const look = async () => {
      await sleep(this.#deps.confirm, undefined, { ref: false, signal: this.#deps.closed })
      for (let tries = 0; tries < 2 * TRIES; tries++) {
        if (await this.#replicaAt(subject, position)) continue
        return this.#alarm({ kind: 'replica-damaged', subject, position })
      }
    }
    look()
      .catch(() => undefined) // whoever meets the gap again looks again
      .finally(() => this.#suspected.delete(position))
  }

  /** Each once: whoever comes upon the same again needn't be told. */
  #alarm(alarm: LogAlarm) {
    const { onAlarm } = this.#deps
    const key = `${alarm.kind} ${alarm.position}`
    if (this.#told.has(key)) return
    if (this.#told.size < MAX_ALARMS) this.#told.add(key)
    onAlarm(alarm)
  }

  async #confirmed(
    subject: string,
    position: number,
    look: () => Promise<LogMessage | 'erased' | undefined>,
  ): Promise<LogMessage | undefined> {
    for (const since = performance.now(); ; await this.#pause()) {
      const found = await look()
      if (found) return found === 'erased' ? undefined : found
      if (performance.now() - since >= this.#deps.confirm) return await this.lost(subject, position)
    }
  }

  async #pause() {
    const pause = Math.min(CONFIRM_PAUSE, this.#deps.confirm)
    await sleep(pause, undefined, { signal: this.#deps.closed })
  }

  async #atLeader(subject: string, position: number): Promise<LogMessage | undefined> {
    const message = await this.#deps.api.leaderAt(position)
    return message?.subject === subject ? message : undefined
  }

  async #anywhere(subject: string, position: number): Promise<LogMessage | undefined> {
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await this.#replicaAt(subject, position)
      if (found) return found
    }
    return undefined
  }

  /** Of whichever replica answers. */
  async #replicaAt(subject: string, position: number): Promise<LogMessage | undefined> {
    const { messages } = await this.#deps.api.batch({ subject, from: position, count: 1, maxBytes: 1 })
    return messages[0]?.position === position ? messages[0] : undefined
  }
}

/** Alarms that are remembered. */
const MAX_ALARMS = 10_000

const CONFIRM_PAUSE = 1000

const unlessLost = (error: unknown): undefined => {
  if (!(error instanceof CommitsLostError)) throw error
}

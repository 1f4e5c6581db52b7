import { hash } from 'node:crypto'
import { COMMAND_RETENTION_MS } from '../port.ts'
import { CommandTable, type Fingerprint } from './command-table.ts'
import { type Told, toldBy } from './envelope.ts'
import type { LogMessage } from './log-api.ts'
import { behind, coveredPages } from './pages.ts'
import { type ReadingDeps, VerifiedReading } from './verified-reading.ts'

const DAY = 24 * 3600 * 1000

/** Servers' clocks and ours may differ: so much longer is indexed than is promised. */
const SPARE = DAY

/** Commits read at a time when a stream's commands are read. */
const COVER_BATCH = 2000

export type Known = { readonly position: number; readonly attempt: string }

type Deps = ReadingDeps & {
  readonly isErased: (subject: string, position: number) => Promise<boolean>
  readonly at: (position: number) => Promise<LogMessage | undefined>
  readonly clock: () => number
}

/**
 * Which command made which commit, for the last 14 days, of those streams that this process appends to: read of the log when a stream is
 * first appended to, kept up from notices and our own appends. It holds fingerprints; that a command is known is said only after the commit
 * itself was read.
 */
export class CommandIndex {
  readonly #deps: Deps
  readonly #table = new CommandTable(COMMAND_RETENTION_MS + SPARE)

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /**
   * Adds what a stream has up to its last commit, which the leader knows; later ones are the caller's to add.
   * Errors: one that is tried again, where who was asked doesn't have as much.
   */
  async cover(last: LogMessage): Promise<void> {
    const since = Date.now() - COMMAND_RETENTION_MS - SPARE
    if (last.stored < since) return
    const { subject, position: upTo } = last
    const reading = new VerifiedReading(this.#deps)
    const request = { subject, after: 0, since, upTo, count: COVER_BATCH }
    let first: LogMessage | undefined
    let end = 0
    for await (const messages of coveredPages((wanted) => reading.page(wanted), request)) {
      for (const message of messages) this.#addMessage(message)
      first ??= messages[0]
      end = messages.at(-1)?.position ?? end
    }
    if (first === undefined || end !== upTo) throw behind()
    await this.#coverBefore(first, since)
  }

  /** Each commit names the one before it: what a replica left out at the beginning shows. */
  async #coverBefore(first: LogMessage, since: number): Promise<void> {
    let { previous } = toldBy(first.subject, first.headers)
    while (previous > 0) {
      const message = await this.#deps.search.find(first.subject, previous)
      if (message === undefined || message.stored < since) return
      this.#addMessage(message)
      previous = toldBy(message.subject, message.headers).previous
    }
  }

  #addMessage({ subject, headers, position, stored }: LogMessage) {
    this.add(subject, toldBy(subject, headers).commandId, position, stored)
  }

  add(subject: string, commandId: string, position: number, stored: number) {
    this.#table.add(fingerprintOf(subject, commandId), position, stored)
  }

  /** The commit that the command made within the time that commands are kept. */
  async find(subject: string, commandId: string): Promise<Known | undefined> {
    for (const position of this.#table.find(fingerprintOf(subject, commandId))) {
      const told = await this.#toldAt(subject, position)
      if (told?.commandId === commandId && this.#isKept(told)) return { position, attempt: told.attempt }
    }
    return undefined
  }

  /** That a commit isn't there counts only if its account was erased: who says so may be a leader that was deposed. */
  async #toldAt(subject: string, position: number): Promise<Told | undefined> {
    const message = await this.#deps.at(position)
    if (message?.subject === subject) return toldBy(subject, message.headers)
    if (!message && !(await this.#deps.isErased(subject, position))) throw behind()
    return undefined
  }

  #isKept({ appended }: Told): boolean {
    return this.#deps.clock() - appended <= COMMAND_RETENTION_MS
  }
}

const fingerprintOf = (subject: string, commandId: string): Fingerprint => {
  const digest = hash('sha1', `${subject}\n${commandId}`, 'buffer')
  return { low: digest.readUInt32LE(0), high: digest.readUInt32LE(4) }
}

import { hash } from 'node:crypto'
import { COMMAND_RETENTION_MS } from '../port.ts'
import { type AllCommitsDeps, allCommits } from './all-commits.ts'
import { CommandTable, type Fingerprint } from './command-table.ts'
import { type Told, toldBy } from './envelope.ts'
import type { LogMessage } from './log-api.ts'
import { behind } from './pages.ts'

const DAY = 24 * 3600 * 1000

/** Servers' clocks and ours may differ: so much longer is indexed than is promised. */
const SPARE = DAY

/** Commits read at a time when the index is made. */
const BUILD_BATCH = 2000

export type Known = { readonly position: number; readonly attempt: string }

type Deps = AllCommitsDeps & {
  readonly isErased: (subject: string, position: number) => Promise<boolean>
  readonly at: (position: number) => Promise<LogMessage | undefined>
  readonly clock: () => number
}

/**
 * Which command made which commit, for the last 14 days: made of the log when it is first needed, kept up from notices and our own appends. It holds
 * fingerprints; that a command is known is said only after the commit itself was read.
 */
export class CommandIndex {
  readonly #deps: Deps
  readonly #table = new CommandTable(COMMAND_RETENTION_MS + SPARE)
  #built: Promise<void> | undefined

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Resolves when every commit up to a position has been added; later ones are the caller's to add. */
  built(upTo: () => number): Promise<void> {
    this.#built ??= this.#build(upTo()).catch((error: unknown) => {
      this.#built = undefined
      throw error
    })
    return this.#built
  }

  /** True once somebody has asked for it: before that, nothing need be added. */
  get wanted(): boolean {
    return this.#built !== undefined
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

  async #build(upTo: number): Promise<void> {
    const since = Date.now() - COMMAND_RETENTION_MS - SPARE
    for await (const messages of allCommits(this.#deps, { after: 0, since, upTo, count: BUILD_BATCH })) {
      for (const { subject, headers, position, stored } of messages) {
        this.add(subject, toldBy(subject, headers).commandId, position, stored)
      }
    }
  }
}

const fingerprintOf = (subject: string, commandId: string): Fingerprint => {
  const digest = hash('sha1', `${subject}\n${commandId}`, 'buffer')
  return { low: digest.readUInt32LE(0), high: digest.readUInt32LE(4) }
}

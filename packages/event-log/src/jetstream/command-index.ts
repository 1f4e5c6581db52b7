import { hash } from 'node:crypto'
import { COMMAND_RETENTION_MS } from '../port.ts'
import { CommandTable } from './command-table.ts'
import { type Told, toldBy } from './envelope.ts'
import type { LogMessage } from './log-api.ts'
import { coveredPages } from './pages.ts'
import { ALL_COMMITS } from './subjects.ts'
import { type ReadingDeps, VerifiedReading } from './verified-reading.ts'

const DAY = 24 * 3600 * 1000

/** Servers' clocks and ours may differ: so much longer is indexed than is promised. */
const SPARE = DAY

/** Commits read at a time when the index is made. */
const BUILD_BATCH = 2000

export type Known = { readonly position: number; readonly attempt: string }

type Deps = ReadingDeps & {
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
      const message = await this.#deps.at(position)
      if (message?.subject !== subject) continue
      const told = toldBy(subject, message.headers)
      if (told.commandId === commandId && this.#isKept(told)) return { position, attempt: told.attempt }
    }
    return undefined
  }

  #isKept({ appended }: Told): boolean {
    return this.#deps.clock() - appended <= COMMAND_RETENTION_MS
  }

  async #build(upTo: number): Promise<void> {
    const since = Date.now() - COMMAND_RETENTION_MS - SPARE
    const pages = { subject: ALL_COMMITS, after: 0, since, upTo, count: BUILD_BATCH }
    const reading = new VerifiedReading(this.#deps)
    for await (const messages of coveredPages((request) => reading.page(request), pages)) {
      for (const { subject, headers, position, stored } of messages) {
        this.add(subject, toldBy(subject, headers).commandId, position, stored)
      }
    }
  }
}

/** 32 bits: of a million commands one look-up in four thousand reads a commit for nothing. */
const fingerprintOf = (subject: string, commandId: string): number =>
  hash('sha1', `${subject}\n${commandId}`, 'buffer').readUInt32LE(0)

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { COMMAND_RETENTION_MS } from '../port.ts'
import { CommandIndex } from './command-index.ts'
import { StreamNumbers } from './stream-numbers.ts'
import { transaction } from './transaction.ts'

export type AppendRequest = {
  readonly tenant: string
  readonly account: string
  readonly service: string
  readonly commandId: string
  readonly expected: number | undefined
  readonly record: Uint8Array
}

/** `conflict`: the stream's head, which isn't what was expected. */
export type AppendResult =
  | { readonly position: number; readonly repeated: boolean }
  | { readonly conflict: number }

/** Appends groups of commits. Runs on the writer thread; every call is one transaction. */
export class Writer {
  readonly #db: DatabaseSync
  readonly #streams: StreamNumbers
  readonly #commands: CommandIndex
  readonly #head: StatementSync
  readonly #insert: StatementSync
  /** The last position given; what was rolled back is given again, for nobody has seen it. */
  #last: number

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#streams = new StreamNumbers(db)
    this.#commands = new CommandIndex(db)
    this.#head = db.prepare('SELECT max(position) AS head FROM commits WHERE stream = ?')
    this.#insert = db.prepare('INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?)')
    this.#last = lastPosition(db)
  }

  get last(): number {
    return this.#last
  }

  append(requests: readonly AppendRequest[], now: number): AppendResult[] {
    const last = this.#last
    try {
      return transaction(this.#db, () => {
        this.#commands.forget(now - COMMAND_RETENTION_MS, requests.length)
        return requests.map((request) => this.#appendOne(request, now))
      })
    } catch (error) {
      this.#last = last
      this.#streams.clear()
      throw error
    }
  }

  /** The next call looks streams up in the file again. */
  forgetStreams() {
    this.#streams.clear()
  }

  #appendOne(request: AppendRequest, now: number): AppendResult {
    const { commandId, expected, record } = request
    const { stream, tenant, service } = this.#streams.of(request)
    const first = this.#commands.find(stream, commandId, now - COMMAND_RETENTION_MS)
    if (first !== undefined) return { position: first, repeated: true }
    if (expected !== undefined) {
      const head = Number(this.#head.get(stream)?.head ?? 0)
      if (head !== expected) return { conflict: head }
    }
    const position = ++this.#last
    this.#insert.run(position, stream, tenant, service, now, record)
    this.#commands.remember(stream, commandId, position)
    return { position, repeated: false }
  }
}

/** The log's `last` is what counts where a purge has taken the last commits. */
const lastPosition = (db: DatabaseSync): number => {
  const row = db
    .prepare(
      "SELECT max(value, coalesce((SELECT max(position) FROM commits), 0)) AS last FROM log WHERE key = 'last'",
    )
    .get()
  return Number(row?.last)
}

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { transaction } from './transaction.ts'

export type EraseRequest = {
  readonly tenant: string
  readonly account: string
  /** Commits after this position stay. */
  readonly upTo: number
}

export type Erased = { readonly commits: number; readonly done: boolean }

/** Rows erased in one step: appends wait for one step at most. */
const STEP = 500

/** Erases an account in steps of one transaction each. `secure_delete` overwrites what was deleted with zeros. */
export class Erasure {
  readonly #db: DatabaseSync
  readonly #streams: StatementSync
  readonly #keepLast: StatementSync
  readonly #commits: StatementSync
  readonly #commands: StatementSync
  readonly #emptyStreams: StatementSync

  constructor(db: DatabaseSync) {
    this.#db = db
    const ofAccount = 'account = ? AND tenant = (SELECT id FROM tenants WHERE name = ?)'
    this.#streams = db.prepare(`SELECT id FROM streams WHERE ${ofAccount}`)
    this.#keepLast = db.prepare("UPDATE log SET value = max(value, ?) WHERE key = 'last'")
    this.#commits = db.prepare(`
      DELETE FROM commits WHERE position IN
        (SELECT position FROM commits WHERE stream = ? AND position <= ? LIMIT ?)`)
    this.#commands = db.prepare(`
      DELETE FROM commands WHERE stream = ? AND id IN
        (SELECT id FROM commands WHERE stream = ? AND position <= ? LIMIT ?)`)
    this.#emptyStreams = db.prepare(`
      DELETE FROM streams WHERE ${ofAccount} AND NOT EXISTS (SELECT 1 FROM commits WHERE stream = streams.id)`)
  }

  /** `last`: the last position given, which no later commit may get again. */
  step({ tenant, account, upTo }: EraseRequest, last: number): Erased {
    return transaction(this.#db, () => {
      let commits = 0
      let room = STEP
      for (const row of this.#streams.all(account, tenant)) {
        const stream = Number(row.id)
        const erased = Number(this.#commits.run(stream, upTo, room).changes)
        const commands = Number(this.#commands.run(stream, stream, upTo, room - erased).changes)
        commits += erased
        room -= erased + commands
      }
      if (commits > 0) this.#keepLast.run(last)
      if (room > 0) this.#emptyStreams.run(account, tenant)
      return { commits, done: room > 0 }
    })
  }
}

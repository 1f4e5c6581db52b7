import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Commit } from '@relais/proto/common/v1/log.ts'

/** Old commands forgotten with each group of appends, beyond one for each new commit, so that forgetting never falls behind. */
const SPARE = 16

/** Which command made which commit. Runs inside the writer's transactions. */
export class CommandIndex {
  readonly #find: StatementSync
  readonly #put: StatementSync
  readonly #remove: StatementSync
  readonly #unforgotten: StatementSync
  readonly #forgotten: StatementSync
  /** When the oldest command that is still kept was appended, as far as known: until it is too old there is nothing to do. */
  #oldest = 0

  constructor(db: DatabaseSync) {
    this.#find = db.prepare(
      'SELECT c.position, c.appended FROM commands k JOIN commits c USING (position) WHERE k.stream = ? AND k.id = ?',
    )
    this.#put = db.prepare('INSERT OR REPLACE INTO commands VALUES (?, ?, ?)')
    this.#remove = db.prepare('DELETE FROM commands WHERE stream = ? AND id = ? AND position = ?')
    this.#unforgotten = db.prepare(`
      SELECT position, stream, appended, record FROM commits
      WHERE position > (SELECT value FROM log WHERE key = 'forgotten') ORDER BY position LIMIT ?`)
    this.#forgotten = db.prepare("UPDATE log SET value = ? WHERE key = 'forgotten'")
  }

  /** Position of the commit that the command made, unless that was appended before `expiry`. */
  find(stream: number, id: string, expiry: number): number | undefined {
    const row = this.#find.get(stream, id)
    return row && Number(row.appended) >= expiry ? Number(row.position) : undefined
  }

  remember(stream: number, id: string, position: number) {
    this.#put.run(stream, id, position)
  }

  /** Removes the oldest commands of before `expiry`: a small step, paid with the append of `appending` commits. */
  forget(expiry: number, appending: number) {
    if (this.#oldest >= expiry) return
    let forgotten = 0
    for (const row of this.#unforgotten.all(appending + SPARE)) {
      this.#oldest = Number(row.appended)
      if (this.#oldest >= expiry) break
      forgotten = Number(row.position)
      this.#remove.run(Number(row.stream), Commit.decode(row.record as Uint8Array).commandId, forgotten)
    }
    if (forgotten > 0) this.#forgotten.run(forgotten)
  }
}

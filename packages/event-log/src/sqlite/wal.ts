import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { WalState } from './calls.ts'

type Mode = 'NOOP' | 'PASSIVE' | 'TRUNCATE'

/** The write-ahead log of a connection: https://www.sqlite.org/pragma.html#pragma_wal_checkpoint */
export class Wal {
  readonly #statements: Record<Mode, StatementSync>

  constructor(db: DatabaseSync) {
    const prepare = (mode: Mode) => db.prepare(`PRAGMA wal_checkpoint(${mode})`)
    this.#statements = { NOOP: prepare('NOOP'), PASSIVE: prepare('PASSIVE'), TRUNCATE: prepare('TRUNCATE') }
  }

  state(): WalState {
    return this.checkpoint('NOOP')
  }

  checkpoint(mode: Mode): WalState {
    const row = this.#statements[mode].get()!
    return { busy: row.busy !== 0, frames: Number(row.log), copied: Number(row.checkpointed) }
  }
}

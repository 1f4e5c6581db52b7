import assert from 'node:assert/strict'
import { waitUntil } from '@relais/testing'
import { holdingsOf, sessionsOf } from './holdings.ts'
import type { Hurtable } from './lines.ts'
import { type Bounds, type Holding, judgeHoldings, judgeSessions, type Sessions } from './verdict.ts'

/** What a service may hold more of than before the faults, when its work is done. */
const BOUNDS: Bounds = { descriptors: 40, heapMiB: 40, timers: 20, residentMiB: 400 }

/** Connections of a few readers are made when they are needed. */
const MORE_SESSIONS = 20

const RESTED_MS = 30_000

/** What services and PostgreSQL hold at rest, before faults and after. */
export class Leaks {
  readonly #hurtable: Pick<Hurtable, 'cluster' | 'insides'>
  #holdings: readonly Holding[] = []
  #sessions: Sessions = new Map()

  constructor(hurtable: Pick<Hurtable, 'cluster' | 'insides'>) {
    this.#hurtable = hurtable
  }

  /** Takes what is held now for what is held without faults. */
  async begin(): Promise<void> {
    const { cluster, insides } = this.#hurtable
    this.#holdings = await holdingsOf(cluster, insides)
    this.#sessions = await sessionsOf(cluster)
  }

  /** Errors: what is held, and by whom, that wasn't before. */
  async judge(): Promise<void> {
    await waitUntil(async () => (await this.#wrong()).length === 0, { within: RESTED_MS }).catch(async () =>
      assert.deepEqual(await this.#wrong(), []),
    )
  }

  async #wrong(): Promise<readonly string[]> {
    const { cluster, insides } = this.#hurtable
    return [
      ...judgeHoldings(await holdingsOf(cluster, insides), this.#holdings, BOUNDS),
      ...judgeSessions(await sessionsOf(cluster), this.#sessions, MORE_SESSIONS),
    ]
  }
}

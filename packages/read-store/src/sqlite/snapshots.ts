import { storeClosed } from '../errors.ts'
import type { Reader } from '../port.ts'
import { Connection } from './connection.ts'
import { Scoped } from './scoped.ts'

type Snapshot = { readonly connection: Connection; readonly checkpoint: number; users: number }

const MAX_IDLE = 2

const CHECKPOINT = 'SELECT position FROM relais_checkpoint'

/**
 * Read transactions, each on a connection of its own. Whoever asks before the next commit shares the one that
 * is open, so many requests of one moment cost one BEGIN.
 */
export class Snapshots {
  readonly #path: string
  readonly #idle: Connection[] = []
  #current: Snapshot | undefined
  #live = 0
  #closed = false
  #drained: (() => void) | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Reads at one moment. */
  async use<T>(read: (reader: Reader, checkpoint: number) => Promise<T>): Promise<T> {
    if (this.#closed) throw storeClosed()
    this.#current ??= this.#begin()
    const snapshot = this.#current
    const reader = new Scoped(snapshot.connection)
    snapshot.users += 1
    try {
      return await read(reader, snapshot.checkpoint)
    } finally {
      reader.end()
      this.#leave(snapshot)
    }
  }

  /** There are new rows: who asks from now on sees them. */
  renew(): void {
    this.#current = undefined
  }

  /** Lets those who read finish. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#live > 0) await new Promise<void>((resolve) => (this.#drained = resolve))
    for (const connection of this.#idle.splice(0)) connection.close()
  }

  #begin(): Snapshot {
    const connection = this.#idle.pop() ?? new Connection(this.#path, { readOnly: true, cacheKiB: 4096 })
    try {
      connection.run('BEGIN')
      const checkpoint = connection.get<{ position: number }>(CHECKPOINT)?.position ?? 0
      this.#live += 1
      return { connection, checkpoint, users: 0 }
    } catch (error) {
      connection.close()
      throw error
    }
  }

  #leave(snapshot: Snapshot): void {
    snapshot.users -= 1
    if (snapshot.users > 0) return
    if (this.#current === snapshot) this.#current = undefined
    if (snapshot.connection.isInTransaction) snapshot.connection.run('COMMIT')
    if (this.#idle.length < MAX_IDLE) this.#idle.push(snapshot.connection)
    else snapshot.connection.close()
    this.#live -= 1
    if (this.#live === 0) this.#drained?.()
  }
}

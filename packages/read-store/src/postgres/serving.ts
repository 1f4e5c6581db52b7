import type { PostgresConnection } from './connection.ts'
import { quoted } from './identifier.ts'
import { Readers } from './readers.ts'
import { type GenerationEntry, generationLock, schemaOf } from './registry.ts'
import type { Session } from './session.ts'

export type ServingOptions = { readonly connection: PostgresConnection; readonly readers: number }

/** A generation whose rows this process reads. */
export class Serving {
  readonly entry: GenerationEntry
  readonly readers: Readers

  constructor(entry: GenerationEntry, { connection, readers }: ServingOptions) {
    this.entry = entry
    this.readers = new Readers({
      ...{ connection, schema: schemaOf(entry), most: readers },
      checkpointSql: 'SELECT position FROM relais_checkpoint',
    })
  }

  /** Keeps others from removing it as long as the session lasts. */
  async hold(session: Session): Promise<void> {
    await session.exec(`SELECT pg_advisory_lock_shared(${generationLock(this.entry)})`)
  }

  async checkpoint(session: Session): Promise<number> {
    const table = `${quoted(schemaOf(this.entry))}.relais_checkpoint`
    const [row] = await session.exec<{ position: number }>(`SELECT position FROM ${table}`)
    return row?.position ?? 0
  }

  /** Lets those who read finish; then it may be removed. */
  async leave(session: Session): Promise<void> {
    await this.readers.close()
    if (session.loss) return
    await session.exec(`SELECT pg_advisory_unlock_shared(${generationLock(this.entry)})`)
  }
}

import type { StoredCommit } from '@relais/event-log'
import { StreamGapError } from '../errors.ts'
import type { Reader, Writer } from '../port.ts'

export type StreamState = {
  /** Position of the last commit of the stream that was projected; 0 before the first. */
  readonly position: number
  /** Position of the commit at which a gap was found; 0 while there is none. */
  readonly stopped: number
}

type Row = StreamState & { readonly tenant: string; readonly account: string; readonly service: string }

export const STREAM_TABLE = `CREATE TABLE IF NOT EXISTS relais_stream (
  tenant TEXT NOT NULL, account TEXT NOT NULL, service TEXT NOT NULL, position INTEGER NOT NULL, stopped INTEGER NOT NULL,
  PRIMARY KEY (tenant, account, service)) WITHOUT ROWID`

const READ = 'SELECT position, stopped FROM relais_stream WHERE tenant = ? AND account = ? AND service = ?'
const WRITE = `INSERT INTO relais_stream VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (tenant, account, service) DO UPDATE SET position = excluded.position, stopped = excluded.stopped`

const READ_STOPPED = 'SELECT * FROM relais_stream WHERE stopped > 0 ORDER BY stopped LIMIT 1'

/** The gap at which a stream has stood still for longest; undefined if none does. */
export const readGap = async (reader: Reader): Promise<StreamGapError | undefined> => {
  const row = await reader.get<Row>(READ_STOPPED)
  if (!row) return undefined
  const { tenant, account, service } = row
  return new StreamGapError({ tenant, account, service }, row.stopped, row.position)
}

/** About 150 bytes each. */
const MAX_REMEMBERED = 50_000

const NEW: StreamState = { position: 0, stopped: 0 }

const keyOf = ({ tenant, account, service }: StoredCommit['stream']) => `${tenant}\0${account}\0${service}`

/** The last projected position of each stream: in memory for speed, in the store for the truth. */
export class StreamPositions {
  readonly #known = new Map<string, StreamState>()
  readonly #changed = new Map<string, Row>()

  async of(writer: Writer, stream: StoredCommit['stream']): Promise<StreamState> {
    const key = keyOf(stream)
    const known = this.#changed.get(key) ?? this.#known.get(key)
    if (known) return known
    const { tenant, account, service } = stream
    const state = (await writer.get<StreamState>(READ, tenant, account, service)) ?? NEW
    this.#remember(key, state)
    return state
  }

  set({ tenant, account, service }: StoredCommit['stream'], { position, stopped }: StreamState): void {
    const row = { tenant, account, service, position, stopped }
    this.#changed.set(keyOf(row), row)
  }

  /** Writes what has changed, as part of the transaction that changed it. */
  async write(writer: Writer): Promise<void> {
    for (const { tenant, account, service, position, stopped } of this.#changed.values()) {
      await writer.write(WRITE, tenant, account, service, position, stopped)
    }
  }

  committed(): void {
    for (const [key, state] of this.#changed) this.#remember(key, state)
    this.#changed.clear()
  }

  rolledBack(): void {
    this.#changed.clear()
  }

  #remember(key: string, state: StreamState): void {
    if (this.#known.size >= MAX_REMEMBERED && !this.#known.has(key)) {
      this.#known.delete(this.#known.keys().next().value!)
    }
    this.#known.set(key, state)
  }
}

import { randomUUID } from 'node:crypto'
import type { ReadStore } from '@relais/read-store'
import { describeError, type Logger } from '@relais/service-kit'
import type { DeviceRef } from '../held/held-requests.ts'
import type { DeviceRows, RowKind } from './device-rows.ts'
import {
  type DeviceRange,
  decodeRow,
  deleteRows,
  nameOf,
  type RowChange,
  readRange,
  readRows,
  refKey,
  type StoredRow,
  writeChange,
} from './row-statements.ts'

/** Tables of the service's local store. Not a read model: it can't be rebuilt, and needn't be. */
export const deviceRowSchema: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS device_rows (
    tenant TEXT NOT NULL, account TEXT NOT NULL, device TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
    value BYTEA NOT NULL, PRIMARY KEY (tenant, account, device, kind, key))`,
]

/** Bytes until somebody asks: most rows of a device aren't read by most requests. */
type Cell = { kind: string; key: string; bytes?: Uint8Array; value?: unknown }

class LoadedRows implements DeviceRows {
  readonly device: DeviceRef
  readonly run: string
  readonly #cells = new Map<string, Cell>()
  readonly #store: DeviceRowStore
  /** Not yet written, by name. */
  #changes: Map<string, RowChange> | undefined

  constructor(device: DeviceRef, stored: readonly StoredRow[], store: DeviceRowStore) {
    this.device = device
    this.run = store.run
    this.#store = store
    for (const { kind, key, value } of stored) this.#cells.set(nameOf(kind, key), { kind, key, bytes: value })
  }

  get<Value>(kind: RowKind<Value>, key = ''): Value | undefined {
    const name = nameOf(kind.name, key)
    const cell = this.#cells.get(name)
    if (!cell?.bytes) return cell?.value as Value | undefined
    const value = this.#store.decoded(this.device, kind, cell.bytes)
    if (value === undefined) this.#cells.delete(name)
    else this.#cells.set(name, { kind: cell.kind, key: cell.key, value })
    return value
  }

  put<Value>(kind: RowKind<Value>, value: Value, key = ''): void {
    const name = nameOf(kind.name, key)
    this.#cells.set(name, { kind: kind.name, key, value })
    this.#change(name, { kind: kind.name, key, encode: () => kind.encode(value) })
  }

  delete(kind: { readonly name: string }, key = ''): void {
    const name = nameOf(kind.name, key)
    if (this.#cells.delete(name)) this.#change(name, { kind: kind.name, key, encode: undefined })
  }

  #change(name: string, change: RowChange): void {
    this.#changes ??= new Map()
    this.#changes.set(name, change)
    this.#store.schedule(this)
  }

  keys(kind: { readonly name: string }): readonly string[] {
    return [...this.#cells.values()].filter((cell) => cell.kind === kind.name).map((cell) => cell.key)
  }

  saved(): Promise<void> {
    return this.#store.flush()
  }

  /** Nobody else has these rows: what was put counts already. */
  async commit(): Promise<boolean> {
    return true
  }

  rest(): void {}

  async refresh(): Promise<void> {}

  /** The device was removed: nobody may bring its rows back. */
  forget(): void {
    this.#cells.clear()
    this.#changes = undefined
  }

  /** What isn't written yet; it is the caller's from now on. */
  takeChanges(): ReadonlyMap<string, RowChange> {
    const changes = this.#changes ?? new Map()
    this.#changes = undefined
    return changes
  }

  /** They couldn't be written. Newer changes of the same row win. */
  giveBack(changes: ReadonlyMap<string, RowChange>): void {
    this.#changes = new Map([...changes, ...(this.#changes ?? [])])
    this.#store.schedule(this)
  }
}

export type DeviceRowStoreOptions = {
  readonly store: ReadStore
  readonly logger: Logger
  /** Devices kept in memory; default 20,000. */
  readonly maxDevices?: number
  /** Longest time that a change is only in memory; default 100 ms. */
  readonly writeBehindMs?: number
}

/** Where rows of devices come from. */
export interface DeviceRowSource {
  /** Rows of one device, for one request. A device that has none has an empty set. */
  of(device: DeviceRef): Promise<DeviceRows>
  /** Rows of one kind for many devices of a tenant, by `account/device`. */
  range<Value>(kind: RowKind<Value>, tenant: string, range: DeviceRange): Promise<ReadonlyMap<string, Value>>
  /** Erases the rows of a device, or of all devices of an account. */
  remove(tenant: string, account: string, device?: string): Promise<void>
  close(): Promise<void>
}

/** Rows of all devices, of which this process is the only user: the recently used ones in memory, all in the local store. */
export class DeviceRowStore implements DeviceRowSource {
  /** What is written behind is lost in a crash. */
  readonly run = randomUUID()
  readonly #options: Required<DeviceRowStoreOptions>
  /** Least recently used first. */
  readonly #recent = new Map<string, LoadedRows>()
  /** Whoever still holds rows that aren't recent any more gets the same object again: two copies would lose changes. */
  readonly #evicted = new Map<string, WeakRef<LoadedRows>>()
  readonly #loading = new Map<string, Promise<LoadedRows>>()
  readonly #finalized = new FinalizationRegistry((key: string) => {
    if (!this.#evicted.get(key)?.deref()) this.#evicted.delete(key)
  })
  #dirty = new Set<LoadedRows>()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(options: DeviceRowStoreOptions) {
    this.#options = { maxDevices: 20_000, writeBehindMs: 100, ...options }
  }

  /** Rows of one device. A device that has none has an empty set. */
  async of(device: DeviceRef): Promise<DeviceRows> {
    const key = refKey(device)
    const present = this.#recent.get(key) ?? this.#evicted.get(key)?.deref()
    if (present) return this.#use(key, present)
    const loading = this.#loading.get(key) ?? this.#load(key, device)
    return this.#use(key, await loading)
  }

  #load(key: string, device: DeviceRef): Promise<LoadedRows> {
    const loading = this.#read(device).finally(() => this.#loading.delete(key))
    this.#loading.set(key, loading)
    return loading
  }

  async #read(device: DeviceRef): Promise<LoadedRows> {
    return new LoadedRows(device, await readRows(this.#options.store, device), this)
  }

  #use(key: string, rows: LoadedRows): LoadedRows {
    this.#recent.delete(key)
    this.#recent.set(key, rows)
    this.#evicted.delete(key)
    if (this.#recent.size > this.#options.maxDevices) this.#evictOldest()
    return rows
  }

  /** Rows with unwritten changes stay alive in #dirty. */
  #evictOldest(): void {
    const oldest = this.#recent.entries().next().value
    if (!oldest) return
    const [key, rows] = oldest
    this.#recent.delete(key)
    this.#evicted.set(key, new WeakRef(rows))
    this.#finalized.register(rows, key)
  }

  schedule(rows: LoadedRows): void {
    this.#dirty.add(rows)
    this.#timer ??= setTimeout(() => this.#onTimer(), this.#options.writeBehindMs).unref()
  }

  #onTimer(): void {
    this.flush().catch((error: unknown) => {
      this.#options.logger.error({ err: describeError(error) }, "device rows can't be written; trying again")
    })
  }

  /** Writes what isn't yet; resolves when it is durable. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const written = this.#writing.catch(() => undefined).then(() => this.#write())
    this.#writing = written
    return written
  }

  async #write(): Promise<void> {
    const batch = [...this.#dirty].map((rows) => ({ rows, changes: rows.takeChanges() }))
    this.#dirty = new Set()
    if (batch.length === 0) return
    try {
      await this.#options.store.transaction(async (writer) => {
        for (const { rows, changes } of batch)
          for (const change of changes.values()) await writeChange(writer, rows.device, change)
      })
    } catch (error) {
      for (const { rows, changes } of batch) rows.giveBack(changes)
      throw error
    }
  }

  /** Rows of one kind for many devices of a tenant, by `account/device`, without keeping their devices in memory. */
  async range<Value>(
    kind: RowKind<Value>,
    tenant: string,
    { first, last }: DeviceRange,
  ): Promise<ReadonlyMap<string, Value>> {
    await this.flush()
    return readRange(this.#options, kind, { tenant, first, last })
  }

  decoded<Value>(device: DeviceRef, kind: RowKind<Value>, bytes: Uint8Array): Value | undefined {
    return decodeRow(this.#options.logger, device, kind, bytes)
  }

  /** Erases the rows of a device, or of all devices of an account. */
  async remove(tenant: string, account: string, device?: string): Promise<void> {
    this.#forget(`${tenant}/${account}/`, device)
    await this.flush()
    await this.#options.store.transaction((writer) => deleteRows(writer, { tenant, account, device }))
  }

  #forget(prefix: string, device: string | undefined): void {
    const gone = (key: string) =>
      device === undefined ? key.startsWith(prefix) : key === `${prefix}${device}`
    for (const key of [...this.#recent.keys(), ...this.#evicted.keys()].filter(gone)) {
      ;(this.#recent.get(key) ?? this.#evicted.get(key)?.deref())?.forget()
      this.#recent.delete(key)
      this.#evicted.delete(key)
    }
  }

  async close(): Promise<void> {
    await this.flush()
  }
}

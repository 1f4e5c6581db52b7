import type { ReadStore, Writer } from '@relais/read-store'
import { describeError, type Logger } from '@relais/service-kit'
import type { DeviceRef } from '../held/held-requests.ts'
import type { DeviceRows, RowKind } from './device-rows.ts'

/** Tables of the service's local store. Not a read model: it can't be rebuilt, and needn't be. */
export const deviceRowSchema: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS device_rows (
    tenant TEXT NOT NULL, account TEXT NOT NULL, device TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
    value BYTEA NOT NULL, PRIMARY KEY (tenant, account, device, kind, key))`,
]

type DevicePlace = { readonly account: string; readonly device: string }

/** Both ends included, in the order of (account, device). */
export type DeviceRange = { readonly first: DevicePlace; readonly last: DevicePlace }

type StoredRow = { kind: string; key: string; value: Uint8Array }

/** Bytes until somebody asks: most rows of a device aren't read by most requests. */
type Cell = { kind: string; key: string; bytes?: Uint8Array; value?: unknown }

const nameOf = (kind: string, key: string): string => `${kind}\u0000${key}`
const refKey = ({ tenant, account, device }: DeviceRef): string => `${tenant}/${account}/${device}`

type Change = { kind: string; key: string; encode: (() => Uint8Array) | undefined }

class LoadedRows implements DeviceRows {
  readonly device: DeviceRef
  readonly #cells = new Map<string, Cell>()
  readonly #store: DeviceRowStore
  /** Not yet written, by name; undefined encode: delete. */
  changes = new Map<string, Change>()

  constructor(device: DeviceRef, stored: readonly StoredRow[], store: DeviceRowStore) {
    this.device = device
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

  #change(name: string, change: Change): void {
    this.changes.set(name, change)
    this.#store.schedule(this)
  }

  keys(kind: { readonly name: string }): readonly string[] {
    return [...this.#cells.values()].filter((cell) => cell.kind === kind.name).map((cell) => cell.key)
  }

  saved(): Promise<void> {
    return this.#store.flush()
  }

  /** The device was removed: nobody may bring its rows back. */
  forget(): void {
    this.#cells.clear()
    this.changes.clear()
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

/** Rows of all devices: the recently used ones in memory, all in the local store. */
export class DeviceRowStore {
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
    const stored = await this.#options.store.all<StoredRow>(
      'SELECT kind, key, value FROM device_rows WHERE tenant = ? AND account = ? AND device = ?',
      device.tenant,
      device.account,
      device.device,
    )
    return new LoadedRows(device, stored, this)
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
    const batch = [...this.#dirty].map((rows) => ({ rows, changes: rows.changes }))
    this.#dirty = new Set()
    for (const { rows } of batch) rows.changes = new Map()
    if (batch.length === 0) return
    try {
      await this.#options.store.transaction(async (writer) => {
        for (const { rows, changes } of batch)
          for (const change of changes.values()) await writeChange(writer, rows.device, change)
      })
    } catch (error) {
      for (const { rows, changes } of batch) this.#retry(rows, changes)
      throw error
    }
  }

  /** Newer changes of the same row win. */
  #retry(rows: LoadedRows, changes: Map<string, Change>): void {
    rows.changes = new Map([...changes, ...rows.changes])
    this.schedule(rows)
  }

  /** Rows of one kind for many devices of a tenant, by `account/device`, without keeping their devices in memory. */
  async range<Value>(
    kind: RowKind<Value>,
    tenant: string,
    { first, last }: DeviceRange,
  ): Promise<ReadonlyMap<string, Value>> {
    await this.flush()
    const rows = await this.#options.store.all<{ account: string; device: string; value: Uint8Array }>(
      `SELECT account, device, value FROM device_rows WHERE tenant = ? AND kind = ?
       AND (account, device) >= (?, ?) AND (account, device) <= (?, ?)`,
      ...[tenant, kind.name, first.account, first.device, last.account, last.device],
    )
    const found = new Map<string, Value>()
    for (const { account, device, value } of rows) {
      const decoded = this.decoded({ tenant, account, device }, kind, value)
      if (decoded !== undefined) found.set(`${account}/${device}`, decoded)
    }
    return found
  }

  /** Undefined: what is stored can't be read, and counts as lost. */
  decoded<Value>(
    { tenant, account, device }: DeviceRef,
    kind: RowKind<Value>,
    bytes: Uint8Array,
  ): Value | undefined {
    try {
      return kind.decode(bytes)
    } catch (error) {
      this.#options.logger.warn(
        { tenant, account, device, kind: kind.name, err: describeError(error) },
        "a device row can't be read; it counts as lost",
      )
      return undefined
    }
  }

  /** Erases the rows of a device, or of all devices of an account. */
  async remove(tenant: string, account: string, device?: string): Promise<void> {
    this.#forget(`${tenant}/${account}/`, device)
    await this.flush()
    await this.#options.store.transaction(async (writer) => {
      if (device === undefined)
        await writer.run('DELETE FROM device_rows WHERE tenant = ? AND account = ?', tenant, account)
      else
        await writer.run(
          'DELETE FROM device_rows WHERE tenant = ? AND account = ? AND device = ?',
          tenant,
          account,
          device,
        )
    })
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

const writeChange = async (
  writer: Writer,
  { tenant, account, device }: DeviceRef,
  change: Change,
): Promise<void> => {
  const { kind, key, encode } = change
  if (!encode)
    await writer.run(
      'DELETE FROM device_rows WHERE tenant = ? AND account = ? AND device = ? AND kind = ? AND key = ?',
      ...[tenant, account, device, kind, key],
    )
  else
    await writer.run(
      `INSERT INTO device_rows (tenant, account, device, kind, key, value) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (tenant, account, device, kind, key) DO UPDATE SET value = excluded.value`,
      ...[tenant, account, device, kind, key, encode()],
    )
}

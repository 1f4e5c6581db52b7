import { randomInt } from 'node:crypto'
import type { Reader, ReadStore, Writer } from '@relais/read-store'
import { type Logger, terminal } from '@relais/service-kit'
import type { DeviceRef } from '../held/held-requests.ts'
import { type DeviceRowSource, deviceRowSchema } from './device-row-store.ts'
import type { DeviceRows, RowKind } from './device-rows.ts'
import { GroupedWrites, OF_DEVICE, placeOf } from './grouped-writes.ts'
import {
  type DeviceRange,
  decodeRow,
  deleteRows,
  nameOf,
  type RowChange,
  readRange,
  refKey,
  type StoredRow,
} from './row-statements.ts'

/** The same rows, and how often those of a device were changed: who decided on others decides again. */
export const sharedRowSchema: readonly string[] = [
  ...deviceRowSchema,
  `CREATE TABLE IF NOT EXISTS device_row_versions (
    tenant TEXT NOT NULL, account TEXT NOT NULL, device TEXT NOT NULL, version BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, device))`,
]

type Cell = {
  readonly kind: string
  readonly key: string
  bytes: Uint8Array | undefined
  value: unknown
}

/** A device's rows at one version. Only what is decoded in it changes. */
type Snapshot = {
  /** Undefined: the device has no rows. */
  readonly version: number | undefined
  readonly cells: ReadonlyMap<string, Cell>
}

const NO_CELLS: Snapshot['cells'] = new Map()

/** A change and what it means for whoever reads it here. */
type Put = RowChange & { readonly value: unknown; readonly lastWins: boolean }

/** Rows of a device for one request: a snapshot, and what the request changes. */
class RequestRows implements DeviceRows {
  readonly device: DeviceRef
  /** What was committed stays. */
  readonly run = ''
  readonly #shared: SharedDeviceRows
  #base: Snapshot
  #puts = new Map<string, Put>()

  constructor(device: DeviceRef, base: Snapshot, shared: SharedDeviceRows) {
    this.device = device
    this.#base = base
    this.#shared = shared
  }

  get<Value>(kind: RowKind<Value>, key = ''): Value | undefined {
    const name = nameOf(kind.name, key)
    const put = this.#puts.get(name)
    if (put !== undefined) return put.value as Value | undefined
    const cell = this.#base.cells.get(name)
    if (cell?.bytes !== undefined) {
      cell.value = this.#shared.decoded(this.device, kind, cell.bytes)
      cell.bytes = undefined
    }
    return cell?.value as Value | undefined
  }

  put<Value>(kind: RowKind<Value>, value: Value, key = ''): void {
    const { name, lastWins = false } = kind
    this.#puts.set(nameOf(name, key), { kind: name, key, value, lastWins, encode: () => kind.encode(value) })
  }

  delete(kind: { readonly name: string }, key = ''): void {
    const name = nameOf(kind.name, key)
    if (!this.#base.cells.has(name)) this.#puts.delete(name)
    else this.#puts.set(name, { kind: kind.name, key, value: undefined, lastWins: false, encode: undefined })
  }

  keys(kind: { readonly name: string }): readonly string[] {
    const there = new Map(
      [...this.#base.cells].map(([name, cell]) => [name, cell as { kind: string; key: string }]),
    )
    for (const [name, put] of this.#puts)
      if (put.encode === undefined) there.delete(name)
      else there.set(name, put)
    return [...there.values()].filter((one) => one.kind === kind.name).map(({ key }) => key)
  }

  /** There are ten thousands that wait, and none of them reads anything before it goes on. */
  rest(): void {
    this.#base = { version: this.#base.version, cells: NO_CELLS }
    this.#shared.forget(this.device)
  }

  /** `commit` comes before the answer. */
  async saved(): Promise<void> {}

  async commit(): Promise<boolean> {
    if (this.#puts.size === 0) return true
    const next = await this.#shared.write(this.device, this.#base, this.#puts)
    if (next === undefined) {
      await this.refresh()
      return false
    }
    this.#base = next
    this.#puts = new Map()
    return true
  }

  async refresh(): Promise<void> {
    this.#puts = new Map()
    const had = this.#base.version !== undefined
    this.#base = await this.#shared.current(this.device)
    if (had && this.#base.version === undefined)
      throw terminal('DEVICE_REMOVED', 'the device was removed while it was served')
  }
}

export type SharedDeviceRowsOptions = {
  readonly store: ReadStore
  readonly logger: Logger
  /** A number below 2^48 that hardly comes twice; default: a random one. */
  readonly newVersion?: () => number
  /** Devices whose rows are kept in memory until another version is seen; default 20,000. */
  readonly maxDevices?: number
}

/**
 * Rows of all devices in a store that several processes use. What is in memory is believed only if the store says, for each request,
 * that its version is still the last one: one small read. A request's changes are one transaction that succeeds only on the version
 * that it was decided on.
 */
export class SharedDeviceRows implements DeviceRowSource {
  readonly #options: Required<SharedDeviceRowsOptions>
  /** Least recently used first. */
  readonly #recent = new Map<string, Snapshot>()
  readonly #group: GroupedWrites

  constructor(options: SharedDeviceRowsOptions) {
    this.#options = { maxDevices: 20_000, newVersion: randomVersion, ...options }
    this.#group = new GroupedWrites(options.store)
  }

  async of(device: DeviceRef): Promise<DeviceRows> {
    return new RequestRows(device, await this.current(device), this)
  }

  /** A device's rows as they are now. */
  async current(device: DeviceRef): Promise<Snapshot> {
    const { store } = this.#options
    const key = refKey(device)
    const known = this.#recent.get(key)
    const version = known && (await versionOf(store, device))
    if (known !== undefined && known.version === version) return this.#keep(key, known)
    return this.#keep(key, await readSnapshot(store, device))
  }

  /** It is read again when it is needed again. */
  forget(device: DeviceRef): void {
    this.#recent.delete(refKey(device))
  }

  /** Undefined: nothing was written, the version is another one. */
  async write(
    device: DeviceRef,
    base: Snapshot,
    puts: ReadonlyMap<string, Put>,
  ): Promise<Snapshot | undefined> {
    const anyVersion = [...puts.values()].every(({ lastWins }) => lastWins)
    const next = this.#options.newVersion()
    const step = { device, base: base.version, anyVersion, next }
    const written = await this.#group.write(step, [...puts.values()])
    const key = refKey(device)
    this.#recent.delete(key)
    if (!written) return undefined
    const cells = changed(base.cells, puts)
    // Whoever changes what the last writer may change doesn't know what others did meanwhile: it is read again next time.
    return anyVersion ? { version: base.version, cells } : this.#keep(key, { version: next, cells })
  }

  decoded<Value>(device: DeviceRef, kind: RowKind<Value>, bytes: Uint8Array): Value | undefined {
    return decodeRow(this.#options.logger, device, kind, bytes)
  }

  range<Value>(
    kind: RowKind<Value>,
    tenant: string,
    range: DeviceRange,
  ): Promise<ReadonlyMap<string, Value>> {
    return readRange(this.#options, kind, { tenant, ...range })
  }

  async remove(tenant: string, account: string, device?: string): Promise<void> {
    await this.#options.store.transaction(async (writer) => {
      await deleteVersions(writer, { tenant, account, device })
      await deleteRows(writer, { tenant, account, device })
    })
  }

  async close(): Promise<void> {
    this.#recent.clear()
  }

  #keep(key: string, snapshot: Snapshot): Snapshot {
    this.#recent.delete(key)
    this.#recent.set(key, snapshot)
    if (this.#recent.size > this.#options.maxDevices)
      this.#recent.delete(this.#recent.keys().next().value ?? '')
    return snapshot
  }
}

const randomVersion = (): number => randomInt(2 ** 48 - 1)

const versionOf = async (reader: Reader, device: DeviceRef): Promise<number | undefined> =>
  (
    await reader.get<{ version: number }>(
      `SELECT version FROM device_row_versions WHERE ${OF_DEVICE}`,
      ...placeOf(device),
    )
  )?.version

/** In one statement, so that version and rows are of one moment. */
const READ = `SELECT v.version AS version, r.kind AS kind, r.key AS key, r.value AS value
  FROM device_row_versions v LEFT JOIN device_rows r
    ON r.tenant = v.tenant AND r.account = v.account AND r.device = v.device
  WHERE v.tenant = ? AND v.account = ? AND v.device = ?`

type ReadRow = { readonly version: number } & (StoredRow | { readonly kind: null })

const readSnapshot = async (reader: Reader, device: DeviceRef): Promise<Snapshot> => {
  const rows = await reader.all<ReadRow>(READ, ...placeOf(device))
  const cells = new Map<string, Cell>()
  for (const row of rows) {
    if (row.kind === null) continue
    const { kind, key, value } = row
    cells.set(nameOf(kind, key), { kind, key, bytes: value, value: undefined })
  }
  return { version: rows[0]?.version, cells }
}

const deleteVersions = async (
  writer: Writer,
  { tenant, account, device }: { tenant: string; account: string; device: string | undefined },
): Promise<void> => {
  if (device === undefined)
    await writer.run('DELETE FROM device_row_versions WHERE tenant = ? AND account = ?', tenant, account)
  else await writer.run(`DELETE FROM device_row_versions WHERE ${OF_DEVICE}`, tenant, account, device)
}

const changed = (
  cells: ReadonlyMap<string, Cell>,
  puts: ReadonlyMap<string, Put>,
): ReadonlyMap<string, Cell> => {
  const next = new Map(cells)
  for (const [name, { kind, key, value, encode }] of puts)
    if (encode === undefined) next.delete(name)
    else next.set(name, { kind, key, bytes: undefined, value })
  return next
}

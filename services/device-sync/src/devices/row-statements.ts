import type { Reader, ReadStore, Writer } from '@relais/read-store'
import { describeError, type Logger } from '@relais/service-kit'
import type { DeviceRef } from '../held/held-requests.ts'
import type { RowKind } from './device-rows.ts'

type DevicePlace = { readonly account: string; readonly device: string }

/** Both ends included, in the order of (account, device). */
export type DeviceRange = { readonly first: DevicePlace; readonly last: DevicePlace }

export type StoredRow = { readonly kind: string; readonly key: string; readonly value: Uint8Array }

/** Not yet written; undefined encode: taken away. */
export type RowChange = {
  readonly kind: string
  readonly key: string
  readonly encode: (() => Uint8Array) | undefined
}

export const nameOf = (kind: string, key: string): string => `${kind}\u0000${key}`

export const refKey = ({ tenant, account, device }: DeviceRef): string => `${tenant}/${account}/${device}`

export const readRows = (reader: Reader, { tenant, account, device }: DeviceRef): Promise<StoredRow[]> =>
  reader.all<StoredRow>(
    'SELECT kind, key, value FROM device_rows WHERE tenant = ? AND account = ? AND device = ?',
    ...[tenant, account, device],
  )

type Reading = { readonly store: ReadStore; readonly logger: Logger }

/** Rows of one kind for many devices of a tenant, by `account/device`. */
export const readRange = async <Value>(
  { store, logger }: Reading,
  kind: RowKind<Value>,
  { tenant, first, last }: DeviceRange & { readonly tenant: string },
): Promise<ReadonlyMap<string, Value>> => {
  const rows = await store.all<{ account: string; device: string; value: Uint8Array }>(
    `SELECT account, device, value FROM device_rows WHERE tenant = ? AND kind = ?
     AND (account, device) >= (?, ?) AND (account, device) <= (?, ?)`,
    ...[tenant, kind.name, first.account, first.device, last.account, last.device],
  )
  const found = new Map<string, Value>()
  for (const { account, device, value } of rows) {
    const decoded = decodeRow(logger, { tenant, account, device }, kind, value)
    if (decoded !== undefined) found.set(`${account}/${device}`, decoded)
  }
  return found
}

/** Undefined: what is stored can't be read, and counts as lost. */
export const decodeRow = <Value>(
  logger: Logger,
  { tenant, account, device }: DeviceRef,
  kind: RowKind<Value>,
  bytes: Uint8Array,
): Value | undefined => {
  try {
    return kind.decode(bytes)
  } catch (error) {
    logger.warn(
      { tenant, account, device, kind: kind.name, err: describeError(error) },
      "a device row can't be read; it counts as lost",
    )
    return undefined
  }
}

type Owner = { readonly tenant: string; readonly account: string; readonly device: string | undefined }

/** Takes away the rows of a device, or of all devices of an account. */
export const deleteRows = async (writer: Writer, { tenant, account, device }: Owner): Promise<void> => {
  if (device === undefined)
    await writer.run('DELETE FROM device_rows WHERE tenant = ? AND account = ?', tenant, account)
  else
    await writer.run(
      'DELETE FROM device_rows WHERE tenant = ? AND account = ? AND device = ?',
      ...[tenant, account, device],
    )
}

/** Writes one change, or takes its row away. */
export const writeChange = async (
  writer: Writer,
  { tenant, account, device }: DeviceRef,
  change: RowChange,
): Promise<void> => {
  const { kind, key, encode } = change
  if (!encode)
    await writer.write(
      'DELETE FROM device_rows WHERE tenant = ? AND account = ? AND device = ? AND kind = ? AND key = ?',
      ...[tenant, account, device, kind, key],
    )
  else
    await writer.write(
      `INSERT INTO device_rows (tenant, account, device, kind, key, value) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (tenant, account, device, kind, key) DO UPDATE SET value = excluded.value`,
      ...[tenant, account, device, kind, key, encode()],
    )
}

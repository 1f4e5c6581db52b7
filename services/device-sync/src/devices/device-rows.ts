import type { DeviceRef } from '../held/held-requests.ts'

/** A kind of row and how it is stored. A value that can't be decoded counts as lost (sync.md 2, depth). */
export type RowKind<Value> = {
  readonly name: string
  encode(value: Value): Uint8Array
  decode(bytes: Uint8Array): Value
}

/** A kind whose values are JSON. */
export const jsonRows = <Value>(name: string): RowKind<Value> => ({
  name,
  encode: (value) => Buffer.from(JSON.stringify(value), 'utf8'),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')) as Value,
})

/**
 * Sync state of one device, in memory and written behind: what can't be said in a sync key. A crash may lose the last moments;
 * `saved` waits where that would cost a resync. Values are never changed in place: put a new one.
 */
export interface DeviceRows {
  readonly device: DeviceRef
  get<Value>(kind: RowKind<Value>, key?: string): Value | undefined
  put<Value>(kind: RowKind<Value>, value: Value, key?: string): void
  delete(kind: { readonly name: string }, key?: string): void
  /** Keys of all rows of a kind. */
  keys(kind: { readonly name: string }): readonly string[]
  /** Resolves when everything put or deleted so far is durable. */
  saved(): Promise<void>
}

import { retryable } from '@relais/service-kit'
import type { DeviceRef } from '../held/held-requests.ts'

/** A kind of row and how it is stored. A value that can't be decoded counts as lost (sync.md 2, depth). */
export type RowKind<Value> = {
  readonly name: string
  /** Whoever writes last is right: two requests at once needn't know of each other for it. */
  readonly lastWins?: boolean
  encode(value: Value): Uint8Array
  decode(bytes: Uint8Array): Value
}

/** A kind whose values are JSON. */
export const jsonRows = <Value>(
  name: string,
  { lastWins = false }: { readonly lastWins?: boolean } = {},
): RowKind<Value> => ({
  name,
  lastWins,
  encode: (value) => Buffer.from(JSON.stringify(value), 'utf8'),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')) as Value,
})

/**
 * Sync state of one device: what can't be said in a sync key. Values are never changed in place: put a new one.
 * Where this process alone has the rows they are in memory and written behind: a crash may lose the last moments, and `saved` waits
 * where that would cost a resync. Where several processes share them, a request has them as they were when it came, and `commit`
 * makes its changes everybody's before it is answered.
 */
export interface DeviceRows {
  readonly device: DeviceRef
  /** Names the time since which none of these rows went back: what was noted at another is perhaps not the last that there was. */
  readonly run: string
  get<Value>(kind: RowKind<Value>, key?: string): Value | undefined
  put<Value>(kind: RowKind<Value>, value: Value, key?: string): void
  delete(kind: { readonly name: string }, key?: string): void
  /** Keys of all rows of a kind. */
  keys(kind: { readonly name: string }): readonly string[]
  /** Resolves when everything put or deleted so far is durable, or will be before the request is answered. */
  saved(): Promise<void>
  /**
   * What was put or deleted counts, for every process. False: another request of the device decided first; the rows are read again,
   * what was put is given up: decide again. Errors: DEVICE_REMOVED, those of the store.
   */
  commit(): Promise<boolean>
  /** The request waits: until `refresh` nothing is read, and what isn't committed is given up. */
  rest(): void
  /** Rows as they are now, after a wait. What isn't committed is given up. */
  refresh(): Promise<void>
}

const MAX_ATTEMPTS = 5

/**
 * Decides on rows and makes the result count; decides again where another request of the device came first, as if this one had come
 * later (sync.md 2: two requests at once are both answered, a repeat is recognised). Errors: CONFLICT, and those of `decide`.
 */
export const decidedOn = async <T>(rows: DeviceRows, decide: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const result = await decide()
    if (await rows.commit()) return result
  }
  throw retryable('CONFLICT', 'requests of the device came in each other’s way, again and again')
}

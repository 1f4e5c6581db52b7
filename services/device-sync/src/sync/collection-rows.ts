import type { ContentOptions } from '@relais/proto/mail/v1/mail.ts'
import { type CollectionState, decodeState, encodeState } from '@relais/sync-state'
import { type DeviceRows, jsonRows, type RowKind } from '../devices/device-rows.ts'

/** Options of a collection, kept as a unit: a request with Options replaces them whole, one without means them. */
export type CollectionOptions = {
  /** FilterType; undefined: everything. */
  readonly filter: number | undefined
  readonly content: ContentOptions
}

/** What the device row remembers of a collection: lost with its options, so that a lost row is noticed. */
export type CollectionRow = {
  readonly state: CollectionState
  readonly options: CollectionOptions
  /** When mail last found nothing to tell, in milliseconds since 1970; 0: not yet. */
  readonly quietAt: number
}

export const collectionRows: RowKind<CollectionRow> = {
  name: 'collection',
  encode: ({ state, ...rest }) => Buffer.from(JSON.stringify({ ...rest, state: encodeState(state) })),
  decode: (bytes) => {
    const { state, ...rest } = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return { ...rest, state: decodeState(state) }
  },
}

export const collectionState = (rows: DeviceRows, collection: string): CollectionState | undefined =>
  rows.get(collectionRows, collection)?.state

/** The last Sync that an empty one may stand for (sync.md 5, empty). */
export type RepeatableSync = {
  readonly collections: readonly {
    readonly collection: string
    readonly key: string
    readonly window: number
  }[]
  readonly window: number
  readonly waitMs: number
}

export const repeatableRows = jsonRows<RepeatableSync>('repeatable-sync')

import type { ContentOptions } from '@relais/proto/mail/v1/mail.ts'
import { type CollectionState, decodeState, encodeState } from '@relais/sync-state'
import type { DeviceRows, RowKind } from '../devices/device-rows.ts'

/** What one Options block says. */
export type ClassOptions = {
  /** FilterType; undefined: everything. */
  readonly filter: number | undefined
  readonly content: ContentOptions
  /** Conflict 0; else the server wins. */
  readonly clientWins: boolean
}

/** Options of a collection, kept as a unit: a request with Options replaces them whole, one without means them. */
export type CollectionOptions = ClassOptions & {
  /** Of text messages; absent: they aren't wanted. */
  readonly texts?: ClassOptions
  /** ConversationMode: said beside the Options, and kept until it is said otherwise. */
  readonly conversations: boolean
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

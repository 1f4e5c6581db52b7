/** Status of a Store in the answer to Search (MS-ASCMD 2.2.3.177.13). */
export const STORE_STATUS = {
  ok: 1,
  invalid: 2,
  serverError: 3,
  denied: 5,
  notFound: 6,
  tooComplex: 8,
  timedOut: 10,
  folderSync: 11,
  endOfRange: 12,
} as const

export type StoreStatus = (typeof STORE_STATUS)[keyof typeof STORE_STATUS]

/** A store can't answer, and says why by a status. */
export type Refusal = { readonly refused: StoreStatus; readonly reason: string }

export const refused = (status: StoreStatus, reason: string): Refusal => ({ refused: status, reason })

export const isRefusal = (found: object): found is Refusal => 'refused' in found

import type { Reader } from '@relais/read-store'
import { applyHint } from './cursor.ts'
import { collectionsOf, type Scope } from './rows.ts'
import { type StaleReason, staleReason } from './staleness.ts'
import type { Access, CollectionRequest, Refusal, SyncClass } from './sync-class.ts'

export const invalidKey = (reason: StaleReason): Refusal => ({ outcome: 'invalid_key', reason })

const NO_COLLECTION: Refusal = { outcome: 'no_collection' }

/** How the device stands to each collection of a request now. */
export const accessesOf = async (
  service: Pick<SyncClass<unknown>, 'access'>,
  requests: readonly CollectionRequest[],
): Promise<ReadonlyMap<string, Access>> => {
  const accesses = new Map<string, Access>()
  for (const { collection } of requests) accesses.set(collection, await service.access(collection))
  return accesses
}

export const scopeOf = (
  { tenant, account }: Pick<SyncClass<unknown>, 'tenant' | 'account'>,
  { collections }: Access,
): Scope => ({
  tenant,
  account,
  collections,
})

type Standing = { readonly scope: Scope; readonly access: Access; readonly request: CollectionRequest }

/** Why a request can't be answered from these rows; undefined: it can. */
export const refusalOf = async (
  reader: Reader,
  { scope, access, request }: Standing,
): Promise<Refusal | undefined> => {
  const collections = await collectionsOf(reader, scope)
  if (access.level === 0 || !collections.some(({ ended }) => ended === 0)) return NO_COLLECTION
  if (request.cursor === undefined) return undefined
  const reason = staleReason(applyHint(request.cursor, request.hint), { ...access, collections })
  return reason && invalidKey(reason)
}

/**
 * Why a request can't be answered, by rows that have what its key has seen and all that its account has: those that lag behind after a
 * restart refuse nothing. Errors: those of waiting.
 */
export const refusedOnArrival = async (
  service: Pick<SyncClass<unknown>, 'snapshot' | 'waitFor' | 'head' | 'end'>,
  standing: Standing,
): Promise<Refusal | undefined> => {
  const { request } = standing
  const look = () =>
    service.snapshot(async (reader, { checkpoint }) => ({
      refusal: await refusalOf(reader, standing),
      checkpoint,
    }))
  const { refusal, checkpoint } = await look()
  if (await isBeyond(service, request, checkpoint)) return invalidKey('epoch')
  const seen = presentedPosition(request)
  if (refusal === undefined && seen <= checkpoint) return undefined
  await service.waitFor(Math.max(seen, await service.head()))
  return (await look()).refusal
}

/** Positions that the rows must have before a key's request is answered. */
export const presentedPosition = ({ cursor, hint }: CollectionRequest): number =>
  Math.max(cursor?.changes.position ?? 0, hint?.position ?? 0)

/** A key that has been further than the log: it belongs to another one, whatever it says, and nothing is worth waiting for. */
export const isBeyond = async (
  service: Pick<SyncClass<unknown>, 'end'>,
  request: CollectionRequest,
  checkpoint: number,
): Promise<boolean> => {
  const position = presentedPosition(request)
  return position > checkpoint && position > (await service.end())
}

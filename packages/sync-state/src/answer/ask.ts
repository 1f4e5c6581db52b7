import type { Reader } from '@relais/read-store'
import { applyHint } from '../cursor.ts'
import type { CollectionRequest, SyncClass } from '../sync-class.ts'
import type { Applied } from './knowledge.ts'
import type { Question } from './work.ts'

export type Asked = {
  readonly request: CollectionRequest
  readonly window: number
  readonly checkpoint: number
  readonly applied: Applied
  readonly alsoWanted: ReadonlySet<number>
}

/** Of the request, or of its key (ftkey). */
const filterOf = ({ filter, cursor }: CollectionRequest): number => filter ?? cursor?.filter ?? 0

type AlsoWanting = Pick<SyncClass<unknown>, 'floor' | 'alsoWanted'>

/** What the class wants below the filter's edge. */
export const alsoWantedBy = async (
  service: AlsoWanting,
  reader: Reader,
  request: CollectionRequest,
): Promise<ReadonlySet<number>> => {
  const floor = service.floor(request.collection, filterOf(request))
  return new Set(await service.alsoWanted?.(reader, { collection: request.collection, floor }))
}

/** A collection's request as the question that its answer is computed for. */
export const questionOf = (
  service: Pick<SyncClass<unknown>, 'device' | 'floor' | 'invisibleBudget'>,
  { request, window, checkpoint, applied, alsoWanted }: Asked,
): Question => {
  const { collection, list, syncKey, getChanges, hint, sideFilter } = request
  const cursor = applyHint(request.cursor!, hint)
  const filter = filterOf(request)
  const floor = service.floor(collection, filter)
  const sideFloor = sideFilter === undefined ? undefined : service.floor(collection, sideFilter)
  const { device, invisibleBudget } = service
  const asked = { device, syncKey, cursor, list, filter, floor, sideFloor, window, getChanges }
  return { ...asked, applied, alsoWanted, invisibleBudget, snapshot: checkpoint }
}

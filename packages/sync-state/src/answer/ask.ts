import { applyHint } from '../cursor.ts'
import type { CollectionRequest, SyncClass } from '../sync-class.ts'
import type { Applied } from './knowledge.ts'
import type { Question } from './work.ts'

export type Asked = {
  readonly request: CollectionRequest
  readonly window: number
  readonly checkpoint: number
  readonly applied: Applied
}

/** A collection's request as the question that its answer is computed for. */
export const questionOf = (
  service: Pick<SyncClass<unknown>, 'device' | 'floor' | 'invisibleBudget'>,
  { request, window, checkpoint, applied }: Asked,
): Question => {
  const { collection, list, syncKey, getChanges, hint } = request
  const cursor = applyHint(request.cursor!, hint)
  const filter = request.filter ?? cursor.filter
  const floor = service.floor(collection, filter)
  const { device, invisibleBudget } = service
  const asked = { device, syncKey, cursor, list, filter, floor, window, getChanges }
  return { ...asked, applied, invisibleBudget, snapshot: checkpoint }
}

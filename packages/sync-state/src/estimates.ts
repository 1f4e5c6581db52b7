import type { Reader } from '@relais/read-store'
import { type Asked, alsoWantedBy, questionOf } from './answer/ask.ts'
import { estimate } from './answer/estimate.ts'
import { NOTHING_APPLIED } from './answer/knowledge.ts'
import { rowFeed } from './feed.ts'
import type { Scope } from './rows.ts'
import { accessesOf, invalidKey, isBeyond, refusalOf, scopeOf } from './standing.ts'
import type { CollectionRequest, Refusal, SyncClass } from './sync-class.ts'

export type Estimate = { readonly outcome: 'ok'; readonly count: number } | Refusal

/** Window of an estimate's answer: what is beyond is counted, not looked at. */
const ESTIMATE_WINDOW = 512

const NOTHING_MORE: ReadonlySet<number> = new Set()

/** How many items a device would be told of each collection, from rows that have the stream's head. */
export const estimateCollections = async <Extra>(
  service: SyncClass<Extra>,
  requests: readonly CollectionRequest[],
): Promise<readonly Estimate[]> => {
  await service.waitFor(await service.head())
  const accesses = await accessesOf(service, requests)
  const beyond = await requestsBeyond(service, requests)
  return service.snapshot(async (reader, { checkpoint }) => {
    const estimates: Estimate[] = []
    for (const request of requests) {
      const access = accesses.get(request.collection)!
      const scope = scopeOf(service, access)
      const refusal = beyond.has(request)
        ? invalidKey('epoch')
        : await refusalOf(reader, { scope, access, request })
      const alsoWanted = refusal ? NOTHING_MORE : await alsoWantedBy(service, reader, request)
      const asked = { request, window: ESTIMATE_WINDOW, checkpoint, applied: NOTHING_APPLIED, alsoWanted }
      const count = refusal ? 0 : await countOf(service, { reader, scope, asked })
      estimates.push(refusal ?? { outcome: 'ok', count })
    }
    return estimates
  })
}

const requestsBeyond = async (
  service: Pick<SyncClass<unknown>, 'end' | 'snapshot'>,
  requests: readonly CollectionRequest[],
): Promise<ReadonlySet<CollectionRequest>> => {
  const checkpoint = await service.snapshot(async (_reader, at) => at.checkpoint)
  const beyond = new Set<CollectionRequest>()
  for (const request of requests) if (await isBeyond(service, request, checkpoint)) beyond.add(request)
  return beyond
}

const countOf = (
  service: Pick<SyncClass<unknown>, 'device' | 'floor' | 'invisibleBudget'>,
  { reader, scope, asked }: { readonly reader: Reader; readonly scope: Scope; readonly asked: Asked },
): Promise<number> | number => {
  if (asked.request.cursor === undefined) return 0
  return estimate(rowFeed(reader, scope), questionOf(service, asked))
}

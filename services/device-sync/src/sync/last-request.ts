import { isRepeatable } from '@relais/sync-state'
import { StatusError } from '../commands/status-error.ts'
import { type DeviceRows, jsonRows } from '../devices/device-rows.ts'
import { collectionState } from './collection-rows.ts'
import type { Course } from './course.ts'
import type { Settled } from './settle.ts'
import {
  MAX_WINDOW,
  type RequestedCollection,
  requireFew,
  type SentSync,
  type SyncRequest,
} from './sync-request.ts'
import { SYNC_STATUS } from './sync-status.ts'

type LastCollection = {
  readonly collection: string
  readonly key: string
  readonly window: number
  /** It had nothing to tell, so the phone has this key: no other one may have been on its way to it. */
  readonly settled: boolean
}

/** The last Sync of a device: what an empty one stands for, and what a partial one leaves out. Options have rows of their own. */
type LastSync = {
  readonly collections: readonly LastCollection[]
  readonly window: number
  readonly waitMs: number
  /** Of the rows, when it was noted. */
  readonly run: string
}

const lastRows = jsonRows<LastSync>('last-sync')

const incomplete = (reason: string) => new StatusError(SYNC_STATUS.incomplete, reason)

const asBefore = ({ collection, key, window }: LastCollection): RequestedCollection => ({
  ...{ collection, key, window },
  getChanges: true,
  deletesAsMoves: true,
  options: undefined,
  conversations: undefined,
  commands: [],
  wrong: false,
})

/** What the last request leaves to a later one; Status 13 where an answer of it may not have arrived (empty). */
const repeated = (collections: readonly LastCollection[]): readonly RequestedCollection[] => {
  if (collections.some(({ settled }) => !settled))
    throw incomplete('the last answer had something in it: keys have to be named')
  return collections.map(asBefore)
}

/** A request that came after this one may have been lost with the rows: the phone may have other keys by now. */
const lastOf = (rows: DeviceRows): LastSync | undefined => {
  const last = rows.get(lastRows)
  return last?.run === rows.run ? last : undefined
}

/** An empty Sync stands for the last request if that was answered empty (sync.md 5, empty); else Status 13. */
export const emptyRequest = (rows: DeviceRows): SyncRequest => {
  const last = lastOf(rows)
  if (last === undefined) throw incomplete('there is no Sync that an empty one could repeat')
  return { ...last, collections: repeated(last.collections) }
}

/**
 * A partial Sync with what it leaves out, as the last one had it (MS-ASCMD 2.2.3.130). Errors: Status 13 where nothing is remembered,
 * or what is left out may have another key by now; 4 where nothing is said; 15.
 */
const mergedRequest = (rows: DeviceRows, sent: SentSync): SyncRequest => {
  const last = lastOf(rows)
  if (last === undefined) throw incomplete('there is no Sync that a partial one could be a part of')
  if (sent.collections.length === 0 && sent.window === undefined && sent.waitMs === undefined)
    throw new StatusError(SYNC_STATUS.protocol, 'a partial Sync says something')
  const named = new Map(sent.collections.map((one) => [one.collection, one]))
  const before = last.collections.map(({ collection }) => collection)
  const added = sent.collections.filter(({ collection }) => !before.includes(collection))
  const left = new Map(
    repeated(last.collections.filter(({ collection }) => !named.has(collection))).map((one) => [
      one.collection,
      one,
    ]),
  )
  const collections = [...before.map((id) => named.get(id) ?? left.get(id)!), ...added]
  requireFew(collections.length)
  return { collections, window: sent.window ?? last.window, waitMs: sent.waitMs ?? last.waitMs }
}

/** The whole of a request. */
export const wholeRequest = (rows: DeviceRows, sent: SentSync): SyncRequest =>
  sent.partial
    ? mergedRequest(rows, sent)
    : { collections: sent.collections, window: sent.window ?? MAX_WINDOW, waitMs: sent.waitMs ?? 0 }

export type Outcome = { readonly settled: readonly Settled[]; readonly courses: readonly Course[] }

const lastCollection = (rows: DeviceRows, course: Course, settled: Settled): LastCollection => {
  const { collection, key, window } = course.requested
  const generation = course.kind === 'presented' ? course.cursor.generation : -1
  const asked = { collection, key, generation, quiet: settled === undefined }
  return { collection, key, window, settled: isRepeatable([asked], (id) => collectionState(rows, id)) }
}

/** Remembers a request that was answered, or is held because there is nothing to tell. */
export const noteLast = (
  rows: DeviceRows,
  { window, waitMs }: SyncRequest,
  { courses, settled }: Outcome,
): void => {
  const collections = courses.map((course, n) => lastCollection(rows, course, settled[n]))
  const next: LastSync = { collections, window, waitMs, run: rows.run }
  if (JSON.stringify(rows.get(lastRows)) !== JSON.stringify(next)) rows.put(lastRows, next)
}

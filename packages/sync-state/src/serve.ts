import type { Reader } from '@relais/read-store'
import { type Answer, answer } from './answer/answer.ts'
import { estimate } from './answer/estimate.ts'
import { type Applied, NOTHING_APPLIED } from './answer/knowledge.ts'
import type { Question } from './answer/work.ts'
import { type CarriedOut, carryOut, type Ground } from './commands/carry-out.ts'
import type { DeviceCommand } from './commands/command.ts'
import type { Presentation } from './commands/presentation.ts'
import { settleCommands } from './commands/settle.ts'
import { applyHint, type Cursor, firstCursor, type Hint, type WindowEdge } from './cursor.ts'
import { rowFeed } from './feed.ts'
import { type KnownList, listSize, MAX_KNOWN } from './known-list.ts'
import { RETENTION_MS } from './retention.ts'
import { collectionsOf, journalOf, placementsById, type Scope } from './rows.ts'
import { type StaleReason, staleReason } from './staleness.ts'

/** How a device stands to a collection now. */
export type Access = {
  /** Incarnation of the log. */
  readonly epoch: number
  /** 0: it doesn't exist for the device. */
  readonly level: number
  readonly view: number
  /** What is answered as this collection: itself, or a merged view's. */
  readonly collections: readonly string[]
}

export type CollectionRequest = {
  readonly collection: string
  /** Undefined: a first request (key 0). */
  readonly cursor: Cursor | undefined
  /** Generation for the key of a first request. */
  readonly generation: number
  readonly list: KnownList
  readonly hint: Hint | undefined
  /** Name of the presented key. */
  readonly syncKey: string
  /** Absent: the key's (ftkey). */
  readonly filter: number | undefined
  readonly window: number
  readonly getChanges: boolean
  readonly clientWins: boolean
  readonly commands: readonly DeviceCommand[]
}

/** What a class gives to the engine for one device's request. */
export interface SyncClass<Extra> extends Ground {
  readonly tenant: string
  readonly account: string
  readonly device: string
  /** Commits in this collection are right whatever comes before them: none expects a head, and all are appended at once. */
  commutes(collection: string): boolean
  /** Asked on arrival and again before the answer: rights and views change in between (level, view). */
  access(collection: string): Promise<Access>
  /** Lower edge of a filter now. */
  floor(collection: string, filter: number): WindowEdge
  /** Rows that an answer may look at without telling them, where it isn't the usual number. */
  readonly invisibleBudget?: number
  /** Position of the log's head for the account. */
  head(): Promise<number>
  /** Milliseconds since the account's first commit after a position; 0 if there is none. */
  ageOf(position: number): Promise<number>
  /** Read with the answer, of the same snapshot. */
  extra(reader: Reader, request: CollectionRequest, told: Answer | undefined): Promise<Extra>
}

export type CommandResult = {
  readonly outcome: 'ok' | 'conflict' | 'not_found' | 'refused'
  readonly placement: number
}

export type Told<Extra> = {
  readonly outcome: 'ok'
  /** Nothing to tell, and the presented key stays good. */
  readonly quiet: boolean
  readonly cursor: Cursor
  readonly list: KnownList
  readonly operations: Answer['operations']
  /** One for each command, in order. */
  readonly results: readonly CommandResult[]
  readonly more: boolean
  readonly snapshot: number
  readonly examined: number
  readonly extra: Extra
}

export type CollectionAnswer<Extra> =
  | Told<Extra>
  | { readonly outcome: 'no_collection' }
  | { readonly outcome: 'invalid_key'; readonly reason: StaleReason }

type Refusal = Exclude<CollectionAnswer<never>, { outcome: 'ok' }>
const INVALID = (reason: StaleReason): Refusal => ({ outcome: 'invalid_key', reason })
const NO_COLLECTION: Refusal = { outcome: 'no_collection' }

/** A request on its way: what was found on arrival, and what its commands became. */
type Course = {
  readonly request: CollectionRequest
  readonly refusal: Refusal | undefined
  readonly presentation: Presentation | undefined
  readonly done: CarriedOut
}

const NOTHING_DONE: CarriedOut = { carried: [], positions: new Map() }

/**
 * Answers a device's Sync of collections of one class: commands first, then what it should know, all of one snapshot that has the
 * positions of this request and of the stream's head. `window` is one for all collections, in the order of the request.
 */
export const syncCollections = async <Extra>(
  service: SyncClass<Extra>,
  requests: readonly CollectionRequest[],
  window: number,
): Promise<readonly CollectionAnswer<Extra>[]> => {
  const courses: Course[] = []
  for (const request of requests) courses.push(await arrive(service, request))
  const head = await service.head()
  await service.waitFor(Math.max(head, ...courses.map(neededPosition)))
  const accesses = await accessesOf(service, requests)
  const drafts = await service.snapshot(async (reader, { checkpoint }) => {
    const made: Draft<Extra>[] = []
    let left = window
    for (const course of courses) {
      const access = accesses.get(course.request.collection)!
      const draft = await answerCourse(service, { reader, checkpoint, access }, { course, left })
      left -= draft.answer.outcome === 'ok' ? draft.answer.operations.length : 0
      made.push(draft)
    }
    return made
  })
  return Promise.all(drafts.map((draft) => decideQuiet(service, draft)))
}

const accessesOf = async (
  service: Pick<SyncClass<unknown>, 'access'>,
  requests: readonly CollectionRequest[],
): Promise<ReadonlyMap<string, Access>> => {
  const accesses = new Map<string, Access>()
  for (const { collection } of requests) accesses.set(collection, await service.access(collection))
  return accesses
}

const neededPosition = ({ request, done }: Course): number =>
  Math.max(request.cursor?.changes.position ?? 0, ...done.positions.values())

const scopeOf = (
  { tenant, account }: Pick<SyncClass<unknown>, 'tenant' | 'account'>,
  { collections }: Access,
): Scope => ({
  tenant,
  account,
  collections,
})

const arrive = async <Extra>(service: SyncClass<Extra>, request: CollectionRequest): Promise<Course> => {
  const access = await service.access(request.collection)
  const scope = scopeOf(service, access)
  const refusal = await service.snapshot((reader) => refusalOf(reader, { scope, access, request }))
  if (refusal || request.cursor === undefined)
    return { request, refusal, presentation: undefined, done: NOTHING_DONE }
  const presentation = presentationOf(service, request, access)
  const commuting = service.commutes(request.collection)
  // A repeat is recognised by rows: those of every command that came before must be there.
  if (request.commands.length > 0) await service.waitFor(await service.head())
  const done = await carryOut({ ground: service, scope, presentation, commuting }, request.commands)
  return { request, refusal, presentation, done }
}

type Standing = { readonly scope: Scope; readonly access: Access; readonly request: CollectionRequest }

const refusalOf = async (
  reader: Reader,
  { scope, access, request }: Standing,
): Promise<Refusal | undefined> => {
  const collections = await collectionsOf(reader, scope)
  if (access.level === 0 || !collections.some(({ ended }) => ended === 0)) return NO_COLLECTION
  if (request.cursor === undefined) return undefined
  const reason = staleReason(applyHint(request.cursor, request.hint), { ...access, collections })
  return reason && INVALID(reason)
}

const presentationOf = (
  { device }: Pick<SyncClass<unknown>, 'device'>,
  { collection, cursor, hint, list, syncKey, clientWins }: CollectionRequest,
  { collections }: Access,
): Presentation => ({
  device,
  collection,
  collections,
  syncKey,
  presented: cursor!,
  cursor: applyHint(cursor!, hint),
  list,
  clientWins,
})

type Moment = { readonly reader: Reader; readonly checkpoint: number; readonly access: Access }
type Draft<Extra> = {
  readonly request: CollectionRequest
  readonly answer: CollectionAnswer<Extra>
  readonly idle: boolean
}

const answerCourse = async <Extra>(
  service: SyncClass<Extra>,
  { reader, checkpoint, access }: Moment,
  { course, left }: { readonly course: Course; readonly left: number },
): Promise<Draft<Extra>> => {
  const { request } = course
  const scope = scopeOf(service, access)
  const refusal = course.refusal ?? (await refusalOf(reader, { scope, access, request }))
  if (refusal) return { request, answer: refusal, idle: false }
  if (course.presentation === undefined) return answerFirst(service, { reader, checkpoint, access }, request)
  const { presentation, done } = course
  const applied = await settleDone(service, { reader, scope, presentation, done })
  const question = questionOf(service, {
    request,
    window: Math.min(request.window, left),
    checkpoint,
    applied,
  })
  const told = await answer(rowFeed(reader, scope), question)
  if (listSize(told.list) > MAX_KNOWN) return { request, answer: INVALID('list'), idle: false }
  const extra = await service.extra(reader, request, told)
  const results = done.carried.map(resultOf)
  const draft = { ...told, outcome: 'ok' as const, quiet: false, results, snapshot: checkpoint, extra }
  return { request, answer: draft, idle: told.idle && request.commands.length === 0 }
}

type Asked = {
  readonly request: CollectionRequest
  readonly window: number
  readonly checkpoint: number
  readonly applied: Applied
}

const questionOf = (
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

const answerFirst = async <Extra>(
  service: SyncClass<Extra>,
  { reader, checkpoint, access }: Moment,
  request: CollectionRequest,
): Promise<Draft<Extra>> => {
  const { epoch, level, view } = access
  const { generation, filter = 0, list } = request
  const cursor = firstCursor(checkpoint, { epoch, generation, filter, level, view })
  const answer: Told<Extra> = {
    outcome: 'ok',
    quiet: false,
    cursor,
    list,
    operations: [],
    results: [],
    more: true,
    snapshot: checkpoint,
    examined: 0,
    extra: await service.extra(reader, request, undefined),
  }
  return { request, answer, idle: false }
}

type Settling = {
  readonly reader: Reader
  readonly scope: Scope
  readonly presentation: Presentation
  readonly done: CarriedOut
}

const settleDone = async (
  service: SyncClass<unknown>,
  { reader, scope, presentation, done: { carried, positions } }: Settling,
) => {
  if (carried.length === 0) return NOTHING_APPLIED
  const ids = carried.flatMap(({ decision, created }) =>
    'row' in decision ? [decision.row.id] : created === undefined ? [] : [created],
  )
  const rows = await placementsById(reader, scope, ids)
  const items = [...rows.values()].map(({ item }) => item)
  const journal = await journalOf(reader, scope, { device: presentation.device, items })
  const facts = await service.facts(reader, [...rows.values()], [])
  return settleCommands(presentation, { carried, positions, rows, journal, facts })
}

const resultOf = ({ decision, created }: CarriedOut['carried'][number]): CommandResult => {
  switch (decision.kind) {
    case 'create':
      return { outcome: 'ok', placement: created! }
    case 'missing':
      return { outcome: 'not_found', placement: decision.placement }
    case 'conflict':
      return { outcome: 'conflict', placement: decision.placement }
    case 'refused':
      return { outcome: 'refused', placement: decision.row.id }
    case 'gone':
      return { outcome: 'ok', placement: decision.placement }
    default:
      return { outcome: 'ok', placement: decision.row.id }
  }
}

/** A key that lags is renewed although there is nothing to tell: purges must not overtake a device that keeps asking (refresh). */
const decideQuiet = async <Extra>(
  service: SyncClass<Extra>,
  { request, answer: told, idle }: Draft<Extra>,
): Promise<CollectionAnswer<Extra>> => {
  if (told.outcome !== 'ok' || !idle) return told
  const presented = request.cursor!.changes.position
  const lags = told.cursor.changes.position > presented && (await service.ageOf(presented)) > RETENTION_MS / 2
  return lags ? told : { ...told, quiet: true }
}

export type Estimate = { readonly outcome: 'ok'; readonly count: number } | Refusal

/** Window of an estimate's answer: what is beyond is counted, not looked at. */
const ESTIMATE_WINDOW = 512

/** How many items a device would be told of each collection, from rows that have the stream's head. */
export const estimateCollections = async <Extra>(
  service: SyncClass<Extra>,
  requests: readonly CollectionRequest[],
): Promise<readonly Estimate[]> => {
  await service.waitFor(await service.head())
  const accesses = await accessesOf(service, requests)
  return service.snapshot(async (reader, { checkpoint }) => {
    const estimates: Estimate[] = []
    for (const request of requests) {
      const access = accesses.get(request.collection)!
      const scope = scopeOf(service, access)
      const refusal = await refusalOf(reader, { scope, access, request })
      const asked = { request, window: ESTIMATE_WINDOW, checkpoint, applied: NOTHING_APPLIED }
      const count = refusal ? 0 : await countOf(service, { reader, scope, asked })
      estimates.push(refusal ?? { outcome: 'ok', count })
    }
    return estimates
  })
}

const countOf = (
  service: Pick<SyncClass<unknown>, 'device' | 'floor' | 'invisibleBudget'>,
  { reader, scope, asked }: { readonly reader: Reader; readonly scope: Scope; readonly asked: Asked },
): Promise<number> | number => {
  if (asked.request.cursor === undefined) return 0
  return estimate(rowFeed(reader, scope), questionOf(service, asked))
}

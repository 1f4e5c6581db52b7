import type { Reader } from '@relais/read-store'
import { answer } from './answer/answer.ts'
import { alsoWantedBy, questionOf } from './answer/ask.ts'
import { NOTHING_APPLIED } from './answer/knowledge.ts'
import { type CarriedOut, carryOut } from './commands/carry-out.ts'
import type { Presentation } from './commands/presentation.ts'
import { settleCommands } from './commands/settle.ts'
import { applyHint, firstCursor } from './cursor.ts'
import { rowFeed } from './feed.ts'
import { listSize, MAX_KNOWN } from './known-list.ts'
import { RETENTION_MS } from './retention.ts'
import { journalOf, placementsById, type Scope } from './rows.ts'
import {
  accessesOf,
  invalidKey,
  presentedPosition,
  refusalOf,
  refusedOnArrival,
  scopeOf,
} from './standing.ts'
import type {
  Access,
  CollectionAnswer,
  CollectionRequest,
  CommandResult,
  Refusal,
  SyncClass,
  Told,
} from './sync-class.ts'

/** A request on its way: what was found on arrival, and what its commands became. */
type Course = {
  readonly request: CollectionRequest
  readonly refusal: Refusal | undefined
  readonly presentation: Presentation | undefined
  readonly done: CarriedOut
}

const NOTHING_DONE: CarriedOut = { carried: [], positions: new Map() }

/** What an answer brings is more than one answer may hold. Thrown by `extra` where there is more than one operation. */
export class AnswerTooLarge extends Error {
  /** So many operations of the request there is room for. */
  readonly fits: number
  constructor(fits: number) {
    super(`there is room for ${fits} operations`)
    this.fits = fits
  }
}

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
  const drafts = await draftsWithin(service, { courses, accesses, window })
  return Promise.all(drafts.map((draft) => decideQuiet(service, draft)))
}

type Accesses = ReadonlyMap<string, Access>
type Drafting = { readonly courses: readonly Course[]; readonly accesses: Accesses; readonly window: number }

/** As many operations as there is room for; the phone asks for the rest. */
const draftsWithin = async <Extra>(
  service: SyncClass<Extra>,
  { courses, accesses, window }: Drafting,
): Promise<readonly Draft<Extra>[]> => {
  try {
    return await draftsOf(service, { courses, accesses, window })
  } catch (error) {
    if (!(error instanceof AnswerTooLarge) || window <= 1) throw error
    const fewer = Math.max(1, Math.min(error.fits, window - 1))
    return draftsWithin(service, { courses, accesses, window: fewer })
  }
}

const draftsOf = <Extra>(
  service: SyncClass<Extra>,
  { courses, accesses, window }: Drafting,
): Promise<readonly Draft<Extra>[]> =>
  service.snapshot(async (reader, { checkpoint }) => {
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

const neededPosition = ({ request, refusal, done }: Course): number =>
  refusal ? 0 : Math.max(presentedPosition(request), ...done.positions.values())

const arrive = async <Extra>(service: SyncClass<Extra>, request: CollectionRequest): Promise<Course> => {
  const access = await service.access(request.collection)
  const scope = scopeOf(service, access)
  const refusal = await refusedOnArrival(service, { scope, access, request })
  if (refusal || request.cursor === undefined)
    return { request, refusal, presentation: undefined, done: NOTHING_DONE }
  const presentation = presentationOf(service, request, access)
  const done = await carryOutAll(service, { scope, presentation, commands: request.commands })
  return { request, refusal, presentation, done }
}

type Commands = Pick<CollectionRequest, 'commands'> & {
  readonly scope: Scope
  readonly presentation: Presentation
}

const carryOutAll = async (
  service: SyncClass<unknown>,
  { scope, presentation, commands }: Commands,
): Promise<CarriedOut> => {
  if (commands.length === 0) return NOTHING_DONE
  const commuting = service.commutes(presentation.collection)
  return service.exclusively(async () => {
    // A repeat is recognised by rows: those of every command that came before must be there.
    await service.waitFor(await service.head())
    return carryOut({ ground: service, scope, presentation, commuting }, commands)
  })
}

const presentationOf = (
  { device }: Pick<SyncClass<unknown>, 'device'>,
  { collection, cursor, hint, list, syncKey, clientWins, sideClientWins = clientWins }: CollectionRequest,
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
  sideClientWins,
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
    alsoWanted: await alsoWantedBy(service, reader, request),
  })
  const told = await answer(rowFeed(reader, scope), question)
  if (listSize(told.list) > MAX_KNOWN) return { request, answer: invalidKey('list'), idle: false }
  const extra = await service.extra(reader, request, told)
  const results = done.carried.map(resultOf)
  const draft = { ...told, outcome: 'ok' as const, quiet: false, results, snapshot: checkpoint, extra }
  return { request, answer: draft, idle: told.idle && request.commands.length === 0 }
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
      return { outcome: 'ok', placement: created ?? 0 }
    case 'missing':
      return { outcome: 'not_found', placement: decision.placement }
    case 'conflict':
      return { outcome: 'conflict', placement: decision.placement }
    case 'refused':
      return { outcome: 'refused', placement: decision.row.id }
    case 'declined':
      return { outcome: 'refused', placement: 0 }
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

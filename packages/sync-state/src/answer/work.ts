import {
  type Cursor,
  compareEdges,
  endOf,
  type FeedPosition,
  isEndOf,
  TOP,
  type WindowEdge,
} from '../cursor.ts'
import type { Feed, WindowName } from '../feed.ts'
import type { Correction, KnownList, KnownTouch } from '../known-list.ts'
import { edgeAt, isCovered, lastTouch, type PlacementRow } from '../placement-row.ts'
import { type Applied, Knowledge } from './knowledge.ts'
import { Operations } from './operations.ts'

/** Rows that an answer may look at without telling them; then it ends with a new key and MoreAvailable. */
export const INVISIBLE_BUDGET = 600

export type Question = {
  readonly device: string
  /** Name of the presented key. */
  readonly syncKey: string
  /** What the presented key says, as the device row's hint moves it on. */
  readonly cursor: Cursor
  readonly list: KnownList
  readonly filter: number
  /** Lower edge of the filter now. */
  readonly floor: WindowEdge
  /** The same of the second class; absent: nothing of it is wanted. */
  readonly sideFloor?: WindowEdge
  readonly window: number
  /** False: only commands were wanted. */
  readonly getChanges: boolean
  readonly applied: Applied
  /** Below the edge, and wanted all the same: the list holds them. */
  readonly alsoWanted: ReadonlySet<number>
  /** Rows that may be looked at without being told; {@link INVISIBLE_BUDGET} if it isn't said. */
  readonly invisibleBudget?: number
  /** Checkpoint of the snapshot that the feed reads. */
  readonly snapshot: number
}

/** An answer in the making: the set that the device holds moves towards the one it should hold. */
export class Work {
  readonly feed: Feed
  readonly question: Question
  readonly knowledge: Knowledge
  readonly operations: Operations
  changes: FeedPosition
  added: number
  readonly edges: Record<WindowName, WindowEdge>
  readonly floors: Readonly<Record<WindowName, WindowEdge>>
  more = false
  /** Rows looked at, those of the bounded list too. */
  examined = 0
  /** Of these, rows of index ranges, which have no bound of their own. */
  private scanned = 0
  /** Corrections to be told now. */
  readonly telling: Map<number, Correction>
  /** Corrections left for the next answer. */
  readonly postponed = new Map<number, Correction>()
  readonly gone: Set<number>
  /** Own placements of the list that the device needs no longer know of: told as removed, or known to be. */
  readonly dropped = new Set<number>()
  /** Own placements of the list, and purged ones, that found no room. */
  readonly deferred = new Set<number>()
  /** Touches told ahead of the cursor. */
  readonly ahead: KnownTouch[] = []
  /** Rows of the list's own placements. */
  own = new Map<number, PlacementRow>()
  /** Additions don't pass the placement before this one: it was moved here by the device, and isn't adopted yet. */
  additionsEnd = Number.POSITIVE_INFINITY
  private readonly level: number

  constructor(feed: Feed, question: Question) {
    const { cursor, list, applied, window } = question
    this.feed = feed
    this.question = question
    this.knowledge = new Knowledge(list, applied)
    this.operations = new Operations(window, cursor.told)
    this.changes = cursor.changes
    this.added = cursor.added
    this.edges = { main: cursor.edge, side: list.sideEdge ?? TOP }
    this.floors = { main: question.floor, side: question.sideFloor ?? TOP }
    this.level = cursor.level
    this.telling = new Map([...list.corrections, ...applied.corrections])
    this.gone = new Set([...applied.gone, ...[...this.telling].filter(isAdd).map(([placement]) => placement)])
  }

  /** Counts a row of an index range; false: the budget is used up. Each row passed moves a cursor, so the next answer gets on. */
  spend(): boolean {
    const { invisibleBudget = INVISIBLE_BUDGET, window } = this.question
    if (this.scanned >= invisibleBudget + window) return false
    this.scanned++
    this.examined++
    return true
  }

  covers(row: PlacementRow, changes: FeedPosition = this.changes): boolean {
    const { main, side } = this.edges
    return isCovered(row, { changes, added: this.added, edge: main, sideEdge: side, level: this.level })
  }

  edgeNow(row: PlacementRow): WindowEdge | undefined {
    return edgeAt(row, this.question.snapshot, this.level)
  }

  edgeAt(row: PlacementRow, position: number): WindowEdge | undefined {
    return edgeAt(row, position, this.level)
  }

  /** Inside the filter now, or wanted beyond it. */
  isWanted(row: PlacementRow): boolean {
    const edge = this.edgeNow(row)
    const floor = this.floors[windowOf(row)]
    return edge !== undefined && (compareEdges(edge, floor) >= 0 || this.question.alsoWanted.has(row.id))
  }

  /**
   * The device put it there, and asks for nothing of its class: it keeps what it has, and isn't told to forget it. What it moved is
   * another matter: that it had from here.
   */
  isUnasked({ side, createdBy, movedBy }: PlacementRow): boolean {
    return (
      side && this.question.sideFloor === undefined && createdBy === this.question.device && movedBy === ''
    )
  }

  /** The list holds it from now on; `isUpToDate`: the device has been told all of it. */
  adopt(row: PlacementRow, isUpToDate: boolean) {
    this.knowledge.adopt(row, isUpToDate)
    this.own.set(row.id, row)
    if (isUpToDate && row.changed > 0) this.tellAhead(row)
  }

  /** Its removal is nothing new to the device. */
  knowsGone(row: PlacementRow): boolean {
    return this.gone.has(row.id) || this.knowledge.knowsEnd(row)
  }

  /** Changes and removals have been told up to the snapshot. */
  get isCaughtUp(): boolean {
    return isEndOf(this.changes, this.question.snapshot)
  }

  get isWhole(): boolean {
    return this.isCaughtUp && WINDOWS.every((one) => compareEdges(this.edges[one], this.floors[one]) >= 0)
  }

  get end(): FeedPosition {
    return endOf(this.question.snapshot)
  }

  tellAhead(row: PlacementRow) {
    this.ahead.push({ position: lastTouch(row), placement: row.id })
  }
}

export const WINDOWS = ['main', 'side'] as const satisfies readonly WindowName[]

export const windowOf = ({ side }: PlacementRow): WindowName => (side ? 'side' : 'main')

const isAdd = ([, kind]: [number, Correction]) => kind === 'add'

import type { Reader } from '@relais/read-store'
import type { Answer } from './answer/answer.ts'
import type { Ground } from './commands/carry-out.ts'
import type { DeviceCommand } from './commands/command.ts'
import type { Cursor, Hint, WindowEdge } from './cursor.ts'
import type { KnownList } from './known-list.ts'
import type { StaleReason } from './staleness.ts'

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
  /** Of the collection's second class; absent: nothing of it is wanted. */
  readonly sideFilter?: number
  readonly window: number
  readonly getChanges: boolean
  readonly clientWins: boolean
  /** The same for the second class; absent: as for the first. */
  readonly sideClientWins?: boolean
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
  /**
   * Items of a collection below a filter's edge that are wanted all the same, newest first: few, for the device's list holds them.
   * Their sort keys must not change.
   */
  alsoWanted?(
    reader: Reader,
    below: { readonly collection: string; readonly floor: WindowEdge },
  ): Promise<readonly number[]>
  /** Rows that an answer may look at without telling them, where it isn't the usual number. */
  readonly invisibleBudget?: number
  /** Position of the account's last commit. */
  head(): Promise<number>
  /** Position of the last commit of the log that positions count, whoever's it is. */
  end(): Promise<number>
  /** Milliseconds since the account's first commit after a position; 0 if there is none. */
  ageOf(position: number): Promise<number>
  /** Read with the answer, of the same snapshot. Errors: AnswerTooLarge; then there is another snapshot, with fewer operations. */
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

export type Refusal = Exclude<CollectionAnswer<never>, { outcome: 'ok' }>

import type { StoredCommit } from '@relais/event-log'

/** One simulated day is ten real ones: what is kept 90 days is kept nine. */
export const DAY_MS = 10 * 24 * 3600 * 1000
/** Simulated days for which tombstones are kept. */
export const RETENTION_DAYS = 9

/** Properties of an item: read and flag of a message; title and text of an appointment or contact. */
export type Properties = {
  readonly read?: number
  readonly flag?: number
  readonly title?: number
  readonly text?: number
  /** Can't be converted. */
  readonly broken?: number
  readonly readOnly?: number
  /** Of the collection's second class. */
  readonly side?: number
}

export type Fact =
  | { readonly type: 'Collections'; readonly ids: readonly string[] }
  | {
      readonly type: 'Placed'
      readonly collection: string
      readonly sortKey: number
      readonly properties: Properties
      readonly clientId?: string
      readonly digest?: string
    }
  | {
      readonly type: 'Changed'
      readonly placement: number
      readonly group: 'read' | 'flag' | 'content'
      readonly value: string
      readonly properties: Properties
      readonly sortKey?: number
      readonly hidden?: boolean
    }
  | {
      readonly type: 'Noted'
      readonly placement: number
      readonly group: 'read' | 'flag' | 'content'
      readonly value: string
    }
  | { readonly type: 'Moved'; readonly placement: number; readonly to: string }
  | { readonly type: 'Ended'; readonly placement: number }

export type ItemClass = 'mail' | 'calendar' | 'contacts'

const CLASSES: Readonly<Record<string, ItemClass>> = {
  INB: 'mail',
  ARC: 'mail',
  TRA: 'mail',
  CAL: 'calendar',
  CON: 'contacts',
  CO2: 'contacts',
}
export const COLLECTIONS = Object.keys(CLASSES)
export const TRASH = 'TRA'

export const classOf = (collection: string): ItemClass => CLASSES[collection]!
export const isMail = (collection: string): boolean => classOf(collection) === 'mail'

/** Canonical content of what is changed as a whole. */
export const contentValue = (collection: string, { title, text }: Properties, sortKey: number): string =>
  JSON.stringify([title, text, classOf(collection) === 'calendar' ? sortKey : 0])

/** A title that the server doesn't take as it is. */
export const REWRITTEN_TITLE = 7
export const rewrite = (properties: Properties): Properties =>
  properties.title === REWRITTEN_TITLE ? { ...properties, title: REWRITTEN_TITLE + 1 } : properties

export type SimulatedCommit = StoredCommit & { readonly facts: readonly Fact[] }

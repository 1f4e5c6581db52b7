import { hash } from 'node:crypto'
import type { PlacementRow } from '../placement-row.ts'
import type { PropertyGroup } from '../placements.ts'

/** A property group and the value it is to have, in canonical form. */
export type GroupChange = { readonly group: PropertyGroup; readonly value: string }

export type ChangeCommand = {
  readonly kind: 'change'
  readonly placement: number
  readonly changes: readonly GroupChange[]
  /** One change replaces the whole content (calendar, contacts): conflicts are judged, and moves aren't followed. */
  readonly whole: boolean
  /** Groups of which an untold change by somebody else is a conflict, instead of any change; the item is told whole then. */
  readonly judged?: readonly PropertyGroup[]
}

export type DeleteCommand = {
  readonly kind: 'delete'
  readonly placement: number
  /**
   * It does something with the item, which it ends by that (a draft is sent): one that somebody else ended is missing, content that
   * somebody else changed is a conflict, and the device is told that it is gone.
   */
  readonly consumes?: true
}

export type AddCommand = {
  readonly kind: 'add'
  readonly clientId: string
  /** Hash of the content. */
  readonly digest: string
  /** It leaves no item in the collection. */
  readonly transient?: true
}

export type DeviceCommand = ChangeCommand | DeleteCommand | AddCommand

/** What a class knows about its items, read in the same snapshot. */
export interface Facts {
  /** The value a property group has now, in the form of {@link GroupChange}. */
  valueOf(row: PlacementRow, group: PropertyGroup): string | undefined
  /** The server doesn't do this to the item, and the device gets its item back. */
  refuses(row: PlacementRow, command: DeviceCommand): boolean
  /** Other content under the same client id: the same thing edited (true), or another thing (false). */
  isEditOf(row: PlacementRow, add: AddCommand): boolean
}

/**
 * The id of a device's command, made of what it says and under which key it says it: given twice it is one commit, whatever stopped
 * in between.
 */
export const deriveCommandId = (kind: string, ...parts: readonly (string | number)[]): string =>
  `${kind}-${hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 27)}`

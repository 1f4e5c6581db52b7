import { type Correction, type KnownList, type KnownTouch, touchKey } from '../known-list.ts'
import { createdAt, lastTouch, type PlacementRow } from '../placement-row.ts'

/** What the commands of the request itself have let the device know. */
export type Applied = {
  /** Placements acknowledged to it. */
  readonly created: ReadonlySet<number>
  readonly touches: readonly KnownTouch[]
  readonly corrections: ReadonlyMap<number, Correction>
  /** Placements that it deleted, whoever else did. */
  readonly gone: ReadonlySet<number>
  /** Of the created ones: those whose content isn't what the device sent. */
  readonly altered: ReadonlySet<number>
}

export const NOTHING_APPLIED: Applied = {
  created: new Set(),
  touches: [],
  corrections: new Map(),
  gone: new Set(),
  altered: new Set(),
}

/** What the device knows beyond its cursors: by the list of its key, by what it moved here, by this request's commands. */
export class Knowledge {
  /** Created before this request: their changes are told by the list, not by the cursors. */
  readonly listed: Set<number>
  readonly fresh: ReadonlySet<number>
  private readonly touched: Set<string>

  constructor(list: KnownList, applied: Applied) {
    this.listed = new Set(list.created)
    this.fresh = applied.created
    this.touched = new Set(
      [...list.touches, ...applied.touches].map(({ position, placement }) => touchKey(position, placement)),
    )
  }

  /** The device made it or moved it here, and the cursors needn't cover it. */
  isOwn({ id }: PlacementRow): boolean {
    return this.listed.has(id) || this.fresh.has(id)
  }

  /** It is told by the list from now on. */
  adopt(row: PlacementRow, isUpToDate: boolean) {
    this.listed.add(row.id)
    if (isUpToDate) this.touched.add(touchKey(lastTouch(row), row.id))
  }

  knowsTouch(row: PlacementRow, position: number): boolean {
    return this.touched.has(touchKey(position, row.id)) || (position === createdAt(row) && this.isOwn(row))
  }

  isUpToDate(row: PlacementRow): boolean {
    return this.knowsTouch(row, lastTouch(row))
  }

  knowsEnd(row: PlacementRow): boolean {
    return row.ended > 0 && this.knowsTouch(row, row.ended)
  }
}

import type { PlacementRow } from '../placement-row.ts'
import type { PropertyGroup } from '../placements.ts'

export type OperationKind = 'add' | 'change' | 'delete' | 'soft_delete'

/** One thing to tell the device. */
export type Operation = {
  readonly kind: OperationKind
  readonly placement: number
  /** Absent for an item whose tombstone is gone too. */
  readonly row: PlacementRow | undefined
  /** For a change: what may differ from what the device holds. */
  readonly groups: readonly PropertyGroup[]
}

const ALL_GROUPS: readonly PropertyGroup[] = ['read', 'flag', 'categories', 'content']

/** The operations of one answer: at most one for an item, at most as many as the window holds. */
export class Operations {
  private readonly told = new Map<number, Operation>()
  private readonly room: number
  /** Every touch up to here has been told: what changed later may differ on the device. */
  private readonly toldUpTo: number

  constructor(window: number, toldUpTo: number) {
    this.room = window
    this.toldUpTo = toldUpTo
  }

  get left(): number {
    return this.room - this.told.size
  }

  has(placement: number): boolean {
    return this.told.has(placement)
  }

  list(): readonly Operation[] {
    return [...this.told.values()]
  }

  add(row: PlacementRow, isUpToDate: boolean) {
    const former = this.told.get(row.id)
    if (former !== undefined && isRemoval(former)) this.restore(row, isUpToDate)
    else this.set('add', row, [])
  }

  /** Of what changed since everything was told. */
  change(row: PlacementRow) {
    const groups = ALL_GROUPS.filter((group) => row.groups[group] > this.toldUpTo)
    if (!this.told.has(row.id)) this.set('change', row, groups.length > 0 ? groups : ALL_GROUPS)
  }

  /** Of everything: it isn't known what the device holds. */
  correct(row: PlacementRow) {
    const former = this.told.get(row.id)
    if (former === undefined || former.kind === 'change') this.set('change', row, ALL_GROUPS)
  }

  remove(kind: 'delete' | 'soft_delete', row: PlacementRow) {
    this.set(kind, row, [])
  }

  removePurged(placement: number) {
    this.told.set(placement, { kind: 'delete', placement, row: undefined, groups: [] })
  }

  /** It fell out and came back within one answer. */
  private restore(row: PlacementRow, isUpToDate: boolean) {
    if (isUpToDate) this.told.delete(row.id)
    else this.set('change', row, ALL_GROUPS)
  }

  private set(kind: OperationKind, row: PlacementRow, groups: readonly PropertyGroup[]) {
    this.told.set(row.id, { kind, placement: row.id, row, groups })
  }
}

const isRemoval = ({ kind }: Operation) => kind === 'delete' || kind === 'soft_delete'

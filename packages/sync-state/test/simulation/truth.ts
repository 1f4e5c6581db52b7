import { placementId } from '../../src/placement.ts'
import type { Fact, Properties, SimulatedCommit } from './facts.ts'

/** A touch of an item, and by which user's action. */
export type Touched = { readonly position: number; readonly tag: number; readonly device: string }

/** An item in a collection as it really is: what the oracle compares phones with. */
export type TrueItem = {
  readonly id: number
  readonly collection: string
  readonly createdBy: string
  readonly digest: string
  properties: Properties
  sortKey: number
  hidden: boolean
  ended: number
  movedTo: number
  readonly history: Touched[]
}

/** All items that ever were, from the facts, without lag, purge or index. */
export class Truth {
  readonly items = new Map<number, TrueItem>()
  private readonly wishes = new Set<string>()

  live(): TrueItem[] {
    return [...this.items.values()].filter(({ ended }) => ended === 0)
  }

  /** Where an item is now, however often it was moved; undefined: nowhere. */
  follow(placement: number): TrueItem | undefined {
    let item = this.items.get(placement)
    while (item && item.ended > 0 && item.movedTo > 0) item = this.items.get(item.movedTo)
    return item?.ended === 0 ? item : undefined
  }

  /** Whether the device once had the server give a property group of an item this value. */
  wasWished(device: string, placement: number, group: string, value: string): boolean {
    return this.origins(placement).some((id) => this.wishes.has([device, id, group, value].join('|')))
  }

  /** All placements of one item. */
  origins(placement: number): number[] {
    const ids = [placement]
    for (const item of this.items.values()) if (ids.includes(item.movedTo)) ids.push(item.id)
    for (let item = this.items.get(placement); item?.movedTo; item = this.items.get(item.movedTo))
      ids.push(item.movedTo)
    return ids
  }

  apply(commit: SimulatedCommit, tag: number) {
    let ordinal = 0
    for (const fact of commit.facts) {
      const id = placementId(commit.position, ordinal)
      if (this.project(fact, { commit, tag, id })) ordinal++
    }
  }

  /** True: it made a placement. */
  private project(fact: Fact, context: { commit: SimulatedCommit; tag: number; id: number }): boolean {
    const { commit, tag, id } = context
    const touched = { position: commit.position, tag, device: commit.actor.device }
    switch (fact.type) {
      case 'Placed':
        this.items.set(id, itemOf(fact, { id, device: commit.actor.device, touched }))
        return true
      case 'Moved':
        this.move(fact, { id, commit, touched })
        return true
      case 'Changed':
        this.change(fact, touched)
        return false
      case 'Ended':
        this.end(fact.placement, commit.position)
        return false
      case 'Noted':
        this.wish(touched.device, fact)
        return false
      case 'Collections':
        return false
    }
  }

  private change(fact: Extract<Fact, { type: 'Changed' }>, touched: Touched) {
    this.wish(touched.device, fact)
    const item = this.follow(fact.placement)
    if (!item) return
    item.properties = { ...item.properties, ...fact.properties }
    item.sortKey = fact.sortKey ?? item.sortKey
    item.hidden = fact.hidden ?? item.hidden
    item.history.push(touched)
  }

  private wish(
    device: string,
    { placement, group, value }: { placement: number; group: string; value: string },
  ) {
    this.wishes.add([device, placement, group, value].join('|'))
  }

  private end(placement: number, position: number) {
    const item = this.items.get(placement)
    if (item?.ended === 0) item.ended = position
  }

  private move(
    { placement, to }: Extract<Fact, { type: 'Moved' }>,
    { id, commit, touched }: { id: number; commit: SimulatedCommit; touched: Touched },
  ) {
    const source = this.items.get(placement)
    if (source?.ended !== 0) return
    source.ended = commit.position
    source.movedTo = id
    this.items.set(id, {
      ...source,
      id,
      collection: to,
      createdBy: commit.actor.device,
      digest: '',
      ended: 0,
      movedTo: 0,
      history: [touched],
    })
  }
}

const itemOf = (
  fact: Extract<Fact, { type: 'Placed' }>,
  { id, device, touched }: { id: number; device: string; touched: Touched },
): TrueItem => ({
  id,
  collection: fact.collection,
  createdBy: device,
  digest: fact.digest ?? '',
  properties: fact.properties,
  sortKey: fact.sortKey,
  hidden: false,
  ended: 0,
  movedTo: 0,
  history: [touched],
})

import { classOf, type Fact, isMail, type Properties } from './facts.ts'
import type { TrueItem } from './truth.ts'
import type { World } from './world.ts'

// What happens at the server without a phone: deliveries, other programs, time.

const BROKEN_MAIL = 5
const READ_ONLY = 5
/** From here on a variant is of a mailbox's second class. */
export const SIDE = 6
const BROKEN = 4

export const itemAt = (world: World, index: number): TrueItem | undefined => {
  const live = world.truth.live()
  return live[index % (live.length || 1)]
}

const contentOfNew = (collection: string, variant: number): Properties => {
  if (isMail(collection)) {
    const special = variant % SIDE === BROKEN_MAIL ? { broken: 1 } : {}
    return { read: 0, flag: 0, ...special, ...(variant >= SIDE ? { side: 1 } : {}) }
  }
  const special =
    variant % SIDE === READ_ONLY ? { readOnly: 1 } : variant % SIDE === BROKEN ? { broken: 1 } : {}
  return { title: 0, text: 0, ...special }
}

export const deliver = (
  world: World,
  collection: string,
  { age, variant }: { age: number; variant: number },
) => {
  const kind = classOf(collection)
  const day = kind === 'contacts' ? 0 : kind === 'mail' ? world.clock - (age % 5) : world.clock - 3 + age
  const sortKey = day * world.scale
  return world.append([
    { type: 'Placed', collection, sortKey, properties: contentOfNew(collection, variant) },
  ])
}

const changeOf = (placement: number, group: 'read' | 'flag' | 'content', properties: Properties): Fact => ({
  type: 'Changed',
  placement,
  group,
  value: JSON.stringify(properties),
  properties,
})

export const mark = async (
  world: World,
  item: TrueItem | undefined,
  { group, value }: { group: 'read' | 'flag'; value: number },
) => {
  if (item && isMail(item.collection)) await world.append([changeOf(item.id, group, { [group]: value })])
}

export const edit = async (world: World, item: TrueItem | undefined, value: number) => {
  if (!item) return
  const properties = isMail(item.collection) ? { broken: value ? 1 : 0 } : { text: value, broken: 0 }
  await world.append([changeOf(item.id, 'content', properties)])
}

export const redate = async (world: World, item: TrueItem | undefined, days: number) => {
  if (!item || classOf(item.collection) !== 'calendar') return
  await world.append([
    {
      type: 'Changed',
      placement: item.id,
      group: 'content',
      value: `date ${days}`,
      properties: {},
      sortKey: world.clock - 4 + days,
    },
  ])
}

export const togglePrivate = async (world: World, item: TrueItem | undefined) => {
  if (!item || classOf(item.collection) !== 'calendar') return
  await world.append([
    {
      type: 'Changed',
      placement: item.id,
      group: 'content',
      value: 'privacy',
      properties: {},
      hidden: !item.hidden,
    },
  ])
}

export const remove = async (world: World, item: TrueItem | undefined) => {
  if (item) await world.append([{ type: 'Ended', placement: item.id }])
}

export const move = async (world: World, item: TrueItem | undefined, to: string) => {
  if (!item || item.collection === to || !world.isSameClass(item.collection, to)) return
  await world.append([{ type: 'Moved', placement: item.id, to }])
}

export const markAll = async (world: World, collection: string, value: number) => {
  const items = world.liveIn(collection)
  if (items.length > 0 && isMail(collection))
    await world.append(items.map(({ id }) => changeOf(id, 'read', { read: value })))
}

export const moveAll = async (world: World, from: string, to: string) => {
  const items = world.liveIn(from)
  if (items.length === 0 || from === to || !world.isSameClass(from, to)) return
  await world.append(items.map(({ id }): Fact => ({ type: 'Moved', placement: id, to })))
}

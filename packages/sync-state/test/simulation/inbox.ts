import type { Operation } from '../../src/answer/operations.ts'
import { classOf, contentValue, isMail, type Properties } from './facts.ts'
import type { Oracle } from './oracle.ts'
import { type Flight, type Folder, freshFolder, type HeldItem, type Phone } from './phone.ts'
import type { CollectionReply, CollectionSync, MoveReply, PhoneCommand, ToldItem } from './server.ts'
import { violated } from './violation.ts'

type Full = Extract<CollectionReply, { quiet: false }>

type Inbox = {
  readonly phone: Phone
  readonly oracle: Oracle
  readonly flight: Flight
  readonly folder: Folder
  readonly sent: CollectionSync
}

/** A phone gets an answer; `adoptsAny`: also one to a request that it has replaced by another. */
export const receive = async (
  phone: Phone,
  flight: Flight,
  { oracle, adoptsAny }: { oracle: Oracle; adoptsAny: boolean },
): Promise<void> => {
  phone.flights = phone.flights.filter((other) => other !== flight)
  if (flight.moveReplies) {
    for (const reply of flight.moveReplies) receiveMove(phone, reply)
    phone.former = undefined
    return
  }
  if (!flight.reply) return
  const { latest } = phone
  if (latest !== flight && latest?.body !== flight.body) {
    if (!adoptsAny) return
    oracle.isOdd = true
  }
  const before = structuredClone(phone.storage)
  if (await receiveSync(phone, flight, oracle)) phone.former = before
}

const receiveMove = (phone: Phone, { placement, status, target }: MoveReply) => {
  const move = phone.storage.moves.find((one) => one.placement === placement)
  if (!move) return
  phone.storage.moves = phone.storage.moves.filter((one) => one !== move)
  const source = phone.folder(move.from)
  const item = source.items.get(placement)
  if (status !== 3) {
    if (item) item.isMoving = false
    return
  }
  source.items.delete(placement)
  const folder = phone.storage.folders.get(move.to)
  if (!item || !folder || folder.key === '0') return
  if (folder.items.has(target)) violated(`#${target} is shown twice in ${move.to} (MoveItems)`)
  folder.items.set(target, { ...item, isMoving: false, sent: {}, own: [], wasMoved: true })
}

const receiveSync = async (phone: Phone, flight: Flight, oracle: Oracle): Promise<boolean> => {
  const reply = flight.reply!
  if (reply.status === 13) {
    for (const folder of phone.storage.folders.values()) folder.isIdle = false
    return false
  }
  let isUsed = false
  for (const part of reply.collections) {
    const folder = phone.folder(part.collection)
    const sent = flight.sync.collections.find(({ collection }) => collection === part.collection)
    if (!sent || (flight.sync.isEmpty ? sent.key : part.key) !== folder.key) continue
    isUsed = true
    folder.isIdle = false
    await receivePart({ phone, oracle, flight, folder, sent }, part)
  }
  oracle.requireNoDoubles(phone.name)
  return isUsed
}

const receivePart = async (inbox: Inbox, part: CollectionReply) => {
  const { phone, oracle, folder, sent, flight } = inbox
  if (part.status === 3) return startAnew(inbox, part)
  if (part.quiet) receiveNothing(inbox)
  else receiveFull(inbox, part)
  const isUpToDate = sent.getChanges && (part.quiet || !part.told.more)
  if (isUpToDate || part.key === '0') folder.upToDate = flight.sentAt
  await oracle.requireSameSet(phone, sent.collection)
}

const startAnew = (
  { phone, oracle, flight, folder }: Inbox,
  { collection, why }: { collection: string; why: string },
) => {
  const isRight: Readonly<Record<string, boolean>> = {
    list: oracle.rowsWereLost || oracle.isOdd,
    old: phone.wasRestored || oracle.isOdd,
    purged: phone.world.clock - folder.upToDate > 4,
    level: true,
    view: true,
    epoch: true,
  }
  if (!isRight[why]) violated(`needless Status 3 (${why}) for ${phone.name} in ${collection}`)
  phone.storage.moves = phone.storage.moves.filter(({ from }) => from !== collection)
  const anew = {
    ...freshFolder(folder.filter, folder.sideFilter),
    adds: folder.adds,
    upToDate: flight.sentAt,
  }
  phone.storage.folders.set(collection, anew)
}

const settleFilter = ({ folder, sent, flight }: Inbox) => {
  if (sent.filter !== undefined && !flight.sync.isEmpty) folder.settledFilter = sent.filter
}

const receiveNothing = (inbox: Inbox) => {
  const { folder, sent } = inbox
  settleFilter(inbox)
  const isCurrent =
    sent.getChanges &&
    (sent.filter ?? folder.settledFilter ?? folder.filter) === folder.filter &&
    sent.sideFilter === folder.sideFilter
  if (isCurrent) folder.more = false
  folder.isIdle = isCurrent
}

const receiveFull = (inbox: Inbox, part: Full) => {
  const { phone, folder, sent, flight } = inbox
  settleFilter(inbox)
  if (part.told.more && part.newKey === part.key) violated('MoreAvailable without a new key')
  if (!flight.sync.isEmpty && part.told.operations.length > sent.window)
    violated(`window exceeded: ${part.told.operations.length} > ${sent.window}`)
  for (const item of folder.items.values()) item.wasTold = false
  const steps = [() => receiveResponses(inbox, part), () => receiveCommands(inbox, part)]
  for (const step of phone.settings.responsesFirst ? steps : steps.toReversed()) step()
  for (const item of folder.items.values()) item.wasTold = false
  folder.key = part.newKey
  const isOtherFilter =
    (sent.filter !== undefined && sent.filter !== folder.filter) || sent.sideFilter !== folder.sideFilter
  const isOpen = !sent.getChanges || isOtherFilter
  folder.more = part.told.more || part.key === '0' || (isOpen && folder.more)
}

// Responses: what became of the phone's own commands

const commandsSent = ({ sent, flight }: Inbox): readonly PhoneCommand[] =>
  sent.key === '0' || flight.sync.isEmpty ? [] : sent.commands

const receiveResponses = (inbox: Inbox, part: Full) => {
  const { phone, oracle, folder, sent } = inbox
  for (const [index, command] of commandsSent(inbox).entries()) {
    const result = part.told.results[index]
    if (!result) return violated(`no result for command ${index}`)
    if (result.outcome === 'ok') oracle.requireApplied(phone.name, command, result.placement)
    if (command.kind === 'add') receiveAdded(inbox, { command, placement: result.placement })
    else if (command.kind === 'delete') receiveDeleted(folder, command, result.outcome === 'ok')
    else {
      if (result.outcome === 'not_found') oracle.requireReallyMissing(sent.collection, command.placement)
      receiveChanged(folder, command, result.outcome === 'ok')
    }
  }
}

const receiveAdded = (
  { phone, folder, sent }: Inbox,
  { command, placement }: { command: Extract<PhoneCommand, { kind: 'add' }>; placement: number },
) => {
  const { collection } = sent
  if (folder.items.has(placement))
    violated(`#${placement} in ${collection} is shown twice (Add acknowledged)`)
  const pending = folder.adds.find(({ local }) => local === command.local)
  folder.adds = folder.adds.filter((add) => add !== pending)
  const { properties, sortKey = 0, tags } = command
  const item = heldItem({ properties, sortKey }, { seen: 0, own: [tags.all!] })
  folder.items.set(placement, item)
  if (!pending) item.deleted = phone.world.tag()
  else if (pending.tag !== tags.all) {
    item.properties = pending.properties
    const value = contentValue(collection, pending.properties, sortKey)
    item.dirty.content = { value, tag: pending.tag }
  }
}

const receiveDeleted = (
  folder: Folder,
  { placement, tags }: Extract<PhoneCommand, { kind: 'delete' }>,
  isDone: boolean,
) => {
  const item = folder.items.get(placement)
  if (isDone || item?.deleted === tags.all) folder.items.delete(placement)
}

const receiveChanged = (
  folder: Folder,
  command: Extract<PhoneCommand, { kind: 'change' }>,
  isDone: boolean,
) => {
  const item = folder.items.get(command.placement)
  if (!item) return
  for (const { group } of command.changes) {
    const tag = command.tags[group]!
    if (isDone) item.own.push(tag)
    if (isDone && !item.wasTold) {
      const news =
        group === 'content'
          ? contentOf(command)
          : { properties: { [group]: command.properties[group as 'read'] } }
      item.confirmed = merge(item.confirmed, news)
      if (!item.dirty[group]) Object.assign(item, merge(item, news))
    }
    if (item.dirty[group]?.tag === tag) delete item.dirty[group]
  }
}

type News = { readonly properties: Properties; readonly sortKey?: number }

const contentOf = ({ properties, sortKey }: PhoneCommand): News => ({
  properties: { title: properties.title, text: properties.text },
  ...(sortKey === undefined ? {} : { sortKey }),
})

const merge = (base: ToldItem, news: News): ToldItem => ({
  properties: { ...base.properties, ...news.properties },
  sortKey: news.sortKey ?? base.sortKey,
})

const heldItem = (told: ToldItem, { seen, own }: { seen: number; own: number[] }): HeldItem => ({
  properties: told.properties,
  sortKey: told.sortKey,
  confirmed: { properties: told.properties, sortKey: told.sortKey },
  dirty: {},
  sent: {},
  own,
  seen,
  deleted: 0,
  isMoving: false,
  wasMoved: false,
  wasTold: false,
})

// Commands: what the server tells

const receiveCommands = (inbox: Inbox, part: Full) => {
  for (const operation of part.told.operations) {
    if (operation.kind === 'add') receiveAdd(inbox, part, operation)
    else if (operation.kind === 'change') receiveChange(inbox, part, operation)
    else receiveRemoval(inbox, operation)
  }
}

const receiveAdd = ({ phone, oracle, folder, sent, flight }: Inbox, part: Full, operation: Operation) => {
  const { placement } = operation
  const { collection } = sent
  const told = part.told.extra.get(placement)!
  const isSide = told.properties.side === 1
  const filter = isSide ? sent.sideFilter : (sent.filter ?? folder.settledFilter)
  if (isSide && filter === undefined) violated(`#${placement} is of a class that the phone doesn't want`)
  if (isMail(collection) && filter && told.sortKey < (flight.sentAt - filter) * oracle.world.scale)
    violated(`#${placement} in ${collection} is outside the phone's filter`)
  const former = folder.items.get(placement)
  const isExcused = isRefusedDelete(sent, placement) || (former?.wasMoved && oracle.rowsWereLost)
  if (former && !isExcused) violated(`#${placement} in ${collection} is shown twice to ${phone.name} (Add)`)
  folder.items.set(placement, heldItem(told, { seen: part.told.snapshot, own: [] }))
}

/** The phone deleted it in this very request, and isn't to. */
const isRefusedDelete = ({ commands }: CollectionSync, placement: number) =>
  commands.some((command) => command.kind === 'delete' && command.placement === placement)

const receiveChange = (inbox: Inbox, part: Full, operation: Operation) => {
  const { folder, sent, phone } = inbox
  const item = folder.items.get(operation.placement)
  if (!item)
    return violated(
      `Change of #${operation.placement}, which ${phone.name} doesn't hold, in ${sent.collection}`,
    )
  const told = part.told.extra.get(operation.placement)!
  requireNoEcho(inbox, { part, operation, item, told })
  const news = newsOf(sent.collection, operation, told)
  const answered = new Set(commandsSent(inbox).flatMap(({ tags }) => Object.values(tags)))
  const kept = Object.entries(item.dirty).filter(([, { tag }]) => !answered.has(tag))
  const mine = Object.fromEntries(kept)
  const held = mine.content ? item : merge(item, news)
  const wishes = kept
    .filter(([group]) => group !== 'content')
    .map(([group, { value }]) => [group, Number(value)])
  item.properties = { ...held.properties, ...Object.fromEntries(wishes) }
  item.sortKey = held.sortKey
  item.confirmed = merge(item.confirmed, news)
  item.seen = part.told.snapshot
  item.wasMoved = false
  item.wasTold = true
  for (const group of Object.keys(item.dirty)) if (!mine[group]) delete item.dirty[group]
}

/** Only what the operation names reaches the phone. */
const newsOf = (collection: string, { groups }: Operation, { properties, sortKey }: ToldItem): News => {
  if (!isMail(collection)) return { properties, ...(classOf(collection) === 'calendar' ? { sortKey } : {}) }
  const { read, flag, broken } = properties
  return {
    properties: {
      ...(groups.includes('read') ? { read } : {}),
      ...(groups.includes('flag') ? { flag } : {}),
      ...(groups.includes('content') ? { broken } : {}),
    },
  }
}

type Told = {
  readonly part: Full
  readonly operation: Operation
  readonly item: HeldItem
  readonly told: ToldItem
}

const CORRECTION_GROUPS = 4

/** A phone's own change must not come back to it, but to correct it. */
const requireNoEcho = (inbox: Inbox, { part, operation, item, told }: Told) => {
  const { phone, oracle, sent } = inbox
  const { placement, groups } = operation
  if (groups.length === CORRECTION_GROUPS || item.wasMoved || oracle.isOdd || oracle.wasReapplied) return
  if (phone.wasRestored && oracle.notedItems.has(placement)) return
  const acknowledged = new Set(
    commandsSent(inbox).flatMap(({ tags }, index) =>
      part.told.results[index]?.outcome === 'ok' ? Object.values(tags) : [],
    ),
  )
  const isOwn = (tag: number) => item.own.includes(tag) || acknowledged.has(tag)
  const history = oracle.world.truth.items.get(placement)?.history ?? []
  const news = history.filter(({ position }) => position > item.seen && position <= part.told.snapshot)
  if (news.some(({ position }) => oracle.world.hasForgotten(position))) return
  const isSame = JSON.stringify(item.properties) === JSON.stringify(told.properties)
  if (isSame && news.some(({ tag }) => isOwn(tag)) && news.every(({ tag }) => isOwn(tag)))
    violated(`own change of #${placement} in ${sent.collection} was echoed to ${phone.name}`)
}

const receiveRemoval = ({ phone, oracle, folder, sent }: Inbox, { kind, placement }: Operation) => {
  const item = folder.items.get(placement)
  if (!item && oracle.world.truth.items.get(placement)?.ended === 0)
    violated(
      `${kind} of #${placement} in ${sent.collection}, which ${phone.name} doesn't hold and which is there`,
    )
  if (item?.isMoving) phone.storage.moves = phone.storage.moves.filter((move) => move.placement !== placement)
  folder.items.delete(placement)
}

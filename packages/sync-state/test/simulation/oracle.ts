import type { CommitStep } from '../../src/commands/carry-out.ts'
import { type Cursor, TOP } from '../../src/cursor.ts'
import { unpackKey } from '../../src/key.ts'
import { type KnownList, NOTHING_KNOWN, touchKey } from '../../src/known-list.ts'
import { isCovered, type PlacementRow } from '../../src/placement-row.ts'
import { PLACEMENT_COLUMNS, readPlacement, type StoredPlacement } from '../../src/rows.ts'
import { classOf, isMail, type Properties } from './facts.ts'
import type { Folder, HeldItem, Phone } from './phone.ts'
import { ACCOUNT } from './rows.ts'
import type { CollectionSync, PhoneCommand, SimulatedServer, Witness } from './server.ts'
import type { Touched, TrueItem } from './truth.ts'
import { violated } from './violation.ts'
import type { World } from './world.ts'

/** Knows what each phone must hold, and what the server may do with its commands. */
export class Oracle implements Witness {
  readonly world: World
  server!: SimulatedServer
  phones: readonly Phone[] = []
  /** A phone took an answer to a request that it had replaced: own changes may then be echoed. */
  isOdd = false
  rowsWereLost = false
  levelsChanged = false
  /** An action was carried out again after another one of the same device. */
  wasReapplied = false
  readonly notedItems = new Set<number>()
  private readonly applications = new Map<number, number>()
  private readonly lastAction = new Map<string, number>()
  private readonly addActions = new Map<string, Set<number>>()
  private readonly isStrictOnConflicts: boolean

  constructor(world: World, isStrictOnConflicts: boolean) {
    this.world = world
    this.isStrictOnConflicts = isStrictOnConflicts
  }

  phone(name: string): Phone | undefined {
    return this.phones.find((phone) => phone.name === name)
  }

  sending(device: string, commands: readonly PhoneCommand[]) {
    for (const command of commands)
      if (command.kind === 'add') {
        const key = `${device}/${command.digest}`
        this.addActions.set(key, (this.addActions.get(key) ?? new Set()).add(command.tags.all!))
      }
  }

  applying(device: string, step: CommitStep, asked: CollectionSync) {
    const command = step.command as PhoneCommand
    if (step.kind === 'note') {
      this.notedItems.add(step.row.id)
      this.noteAction(device, step, command.tags[step.group]!)
    }
    if (step.kind !== 'apply') return
    this.countAction(device, step, command.tags[step.group]!)
    if (asked.serverWins && !this.isOdd && !isMail(step.row.collection) && command.kind === 'change')
      this.requireNoConflict(device, step.row.id, asked)
  }

  private countAction(device: string, step: Extract<CommitStep, { kind: 'apply' | 'note' }>, tag: number) {
    const key = [device, step.row.item, step.group].join('|')
    const times = (this.applications.get(tag) ?? 0) + 1
    this.applications.set(tag, times)
    if (times > 1) this.wasReapplied = true
    if (times > 1 && !this.isOdd && this.lastAction.get(key) === tag)
      violated(`a change of ${device} to #${step.row.id} was applied twice`)
    this.noteAction(device, step, tag)
  }

  private noteAction(
    device: string,
    { row, group }: Extract<CommitStep, { kind: 'apply' | 'note' }>,
    tag: number,
  ) {
    this.lastAction.set([device, row.item, group].join('|'), tag)
  }

  /** What a phone holds under the presented key. */
  private copyAt(device: string, id: number, asked: CollectionSync): HeldItem | undefined {
    const folder = this.phone(device)?.folder(asked.collection)
    return folder?.key === asked.key ? folder.items.get(id) : undefined
  }

  private untoldByOthers(device: string, id: number, copy: HeldItem): Touched[] {
    const history = this.world.truth.items.get(id)?.history ?? []
    return history.filter(
      (touch) => touch.position > copy.seen && !copy.own.includes(touch.tag) && touch.device !== device,
    )
  }

  private requireNoConflict(device: string, id: number, asked: CollectionSync) {
    const copy = this.copyAt(device, id, asked)
    if (copy && this.untoldByOthers(device, id, copy).length > 0)
      violated(`conflict missed: ${device} overwrote another's change of #${id}`)
  }

  conflicted(device: string, command: PhoneCommand, asked: CollectionSync) {
    if (command.kind !== 'change' || !this.isStrictOnConflicts) return
    const copy = this.copyAt(device, command.placement, asked)
    if (copy && this.untoldByOthers(device, command.placement, copy).length === 0)
      violated(`false conflict of ${device} on #${command.placement}`)
  }

  /** No more items than the user made. */
  requireNoDoubles(device: string) {
    const counts = new Map<string, number>()
    for (const { createdBy, digest } of this.world.truth.live())
      if (createdBy === device && digest !== '') counts.set(digest, (counts.get(digest) ?? 0) + 1)
    for (const [digest, count] of counts)
      if (count > (this.addActions.get(`${device}/${digest}`)?.size ?? 0))
        violated(`an Add of ${device} was applied twice: ${digest}`)
  }

  requireApplied(device: string, command: PhoneCommand, placement: number) {
    const { truth } = this.world
    if (command.kind === 'change') {
      for (const { group, value } of command.changes)
        if (!truth.wasWished(device, command.placement, group, value))
          violated(
            `${group}=${value} of #${command.placement} was acknowledged to ${device}, but never applied`,
          )
      return
    }
    const item = truth.items.get(command.kind === 'delete' ? command.placement : placement)
    if (command.kind === 'delete' && item?.ended === 0)
      violated(`the Delete of #${item.id} was acknowledged, but not done`)
    if (command.kind === 'add' && item?.createdBy !== device)
      violated(`an Add was acknowledged with #${placement}`)
  }

  /** A flag change must not be lost because somebody moved the message. */
  requireReallyMissing(collection: string, placement: number) {
    if (isMail(collection) && this.world.truth.follow(placement))
      violated(`a change of #${placement} was lost because the message was moved`)
  }

  /** The key names a set; what the phone holds must be exactly that set. */
  async requireSameSet(phone: Phone, collection: string) {
    const { world } = this
    const folder = phone.folder(collection)
    const cursor = unpackKey(folder.key)
    if (
      !cursor ||
      world.projected !== world.head ||
      phone.storage.moves.some(({ from }) => from === collection)
    )
      return
    if (cursor.level !== world.levelOf(phone.name) || this.isViewStale(phone, collection, cursor)) return
    const list = this.listOf(phone, collection, cursor)
    if (!list) return
    for (const row of await this.liveRows(world.viewOf(phone.name, collection))) {
      const item = folder.items.get(row.id)
      const isOwed = item && (item.wasMoved || list.corrections.get(row.id) === 'add')
      if (isSaidHeld(row, cursor, list) !== (item !== undefined) && !isOwed)
        violated(
          `${phone.name} ${item ? 'holds' : 'lacks'} #${row.id} in ${collection}, its key says otherwise`,
        )
    }
  }

  private isViewStale({ family }: Phone, collection: string, { view }: Cursor): boolean {
    return family === 'outlook' && collection === 'CON' && view !== this.world.viewVersion
  }

  private listOf(phone: Phone, collection: string, { list }: Cursor): KnownList | undefined {
    if (list === 0) return NOTHING_KNOWN
    return this.server.stateOf(phone.name, collection)?.lists.find(({ name }) => name === list)?.list
  }

  private async liveRows(collections: readonly string[]): Promise<PlacementRow[]> {
    const scope = { tenant: this.world.tenant, account: ACCOUNT, collections }
    const rows: PlacementRow[] = []
    for (const collection of collections)
      for (const stored of await this.world.rows.all<StoredPlacement>(
        `SELECT ${PLACEMENT_COLUMNS} FROM placements p WHERE tenant = ? AND account = ? AND collection = ? AND ended = 0`,
        ...[scope.tenant, scope.account, this.world.storedName(collection)],
      ))
        rows.push(await readPlacement(this.world.rows, scope, stored))
    return rows
  }

  /** At rest a phone shows what is there; `underKey`: within the window of its key, as time may have gone on. */
  requireEqual(phone: Phone, when: string, underKey: boolean) {
    for (const collection of phone.settings.collections) {
      const folder = phone.folder(collection)
      if (underKey && (this.levelsChanged || folder.key === '0')) continue
      this.compare(phone, { collection, folder, when, underKey })
    }
  }

  private compare(
    phone: Phone,
    {
      collection,
      folder,
      when,
      underKey,
    }: { collection: string; folder: Folder; when: string; underKey: boolean },
  ) {
    const where = `${when}: ${phone.name}, ${collection}`
    const wanted = this.wanted(phone, collection)
    const isUncertain = this.outsideKey(phone, { collection, folder, underKey })
    for (const [id, item] of folder.items) {
      const truth = wanted.get(id)
      if (!truth) {
        const stillThere = underKey && this.world.truth.items.get(id)?.ended === 0
        if (!stillThere) violated(`${where} still holds #${id}, which isn't there`)
      } else if (!isUncertain(truth) && !isSame(collection, item, truth))
        violated(
          `${where}: #${id} differs: ${JSON.stringify(item.properties)}@${item.sortKey} is ${JSON.stringify(truth.properties)}@${truth.sortKey}`,
        )
    }
    for (const [id, truth] of wanted)
      if (!folder.items.has(id) && !isUncertain(truth)) violated(`${where} lacks #${id}`)
  }

  private wanted(phone: Phone, collection: string): Map<number, TrueItem> {
    const view = this.world.viewOf(phone.name, collection)
    const { filter, sideFilter } = phone.folder(collection)
    const floors = {
      main: this.server.floor(collection, filter).sortKey,
      side: sideFilter === undefined ? TOP.sortKey : this.server.floor(collection, sideFilter).sortKey,
    }
    const seesAll = this.world.levelOf(phone.name) >= 2
    const items = this.world.truth
      .live()
      .filter((item) => view.includes(item.collection) && (seesAll || !item.hidden))
    const isInside = ({ sortKey, properties }: TrueItem) =>
      sortKey >= (properties.side ? floors.side : floors.main)
    return new Map(items.filter(isInside).map((item) => [item.id, item]))
  }

  private outsideKey(
    phone: Phone,
    { collection, folder, underKey }: { collection: string; folder: Folder; underKey: boolean },
  ): (item: TrueItem) => boolean {
    if (!underKey) return () => false
    const hint = this.server.stateOf(phone.name, collection)?.hint
    const cursor = unpackKey(folder.key)!
    const edge = hint?.key === folder.key ? hint.edge : cursor.edge
    const sideEdge = this.listOf(phone, collection, cursor)?.sideEdge ?? TOP
    return ({ sortKey, properties }) => sortKey < (properties.side ? sideEdge : edge).sortKey
  }
}

const isSaidHeld = (row: PlacementRow, cursor: Cursor, list: KnownList): boolean => {
  const knows = new Set(list.touches.map((touch) => touchKey(touch.position, touch.placement)))
  if (knows.has(touchKey(row.ended, row.id)) || list.corrections.get(row.id) === 'add') return false
  return list.created.includes(row.id) || isCovered(row, { ...cursor, sideEdge: list.sideEdge })
}

const isSame = (collection: string, item: HeldItem, truth: TrueItem): boolean =>
  JSON.stringify(shownOf(item.properties)) === JSON.stringify(shownOf(truth.properties)) &&
  (classOf(collection) !== 'calendar' || item.sortKey === truth.sortKey)

const shownOf = (properties: Properties) =>
  Object.entries(properties)
    .filter(([name, value]) => name !== 'broken' || value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))

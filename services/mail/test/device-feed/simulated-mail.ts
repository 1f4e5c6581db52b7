import type { StoredCommit } from '@relais/event-log'
import type { Event } from '@relais/proto/common/v1/log.ts'
import { MessageStored } from '@relais/proto/mail/v1/events.ts'
import type {
  DeepPartial,
  Message,
  SyncCollectionRequest,
  SyncCollectionResponse,
  SyncCommand,
} from '@relais/proto/mail/v1/mail.ts'
import { Flag } from '@relais/proto/mail/v1/message.ts'
import {
  cursorFromWire,
  cursorToWire,
  hashKey,
  listFromWire,
  listToWire,
  NOTHING_KNOWN,
} from '@relais/sync-state'
import type { StaleReason } from '@relais/sync-state/staleness.ts'
import type { Fact, Properties, SimulatedCommit } from '@relais/sync-state/test/simulation/facts.ts'
import type { Gate } from '@relais/sync-state/test/simulation/gate.ts'
import type { Oracle } from '@relais/sync-state/test/simulation/oracle.ts'
import type { Making } from '@relais/sync-state/test/simulation/player.ts'
import type { Rows } from '@relais/sync-state/test/simulation/rows.ts'
import type { ScheduleSettings } from '@relais/sync-state/test/simulation/schedule.ts'
import {
  type Answered,
  type Asking,
  type CollectionSync,
  type MoveReply,
  type MoveWish,
  type PhoneCommand,
  SimulatedServer,
  type ToldItem,
} from '@relais/sync-state/test/simulation/server.ts'
import { type Origin, World } from '@relais/sync-state/test/simulation/world.ts'
import { type MailEvent, mailEvents } from '../../src/events.ts'
import { asOwner, asTransport, type Harness } from '../harness.ts'

// The simulated phones of packages/sync-state in front of mail itself: its log, its rows, its handlers.

export const DAY_MS = 24 * 3600_000
const ACCOUNT = 'u1'

const MAILBOXES: Readonly<Record<string, string>> = { INB: 'inbox', ARC: 'archive', TRA: 'trash' }
const NAMES = Object.fromEntries(Object.entries(MAILBOXES).map(([name, mailbox]) => [mailbox, name]))

/** FilterType of the days that a phone wants. */
const FILTER_TYPES: Readonly<Record<number, number>> = { 0: 0, 1: 1, 3: 2 }

/** The last verb stands for what can't be converted: of a message's properties it alone changes and is no mark. */
const BROKEN_VERB = 2

export type MailUnderTest = Pick<Harness, 'client' | 'log' | 'directory' | 'store'> & {
  /** The clock that mail was started with. */
  readonly clock: { now: number }
}

/** The account's log and rows are mail's own; what is true is read from the log. */
export class MailWorld extends World {
  override readonly scale = DAY_MS / 1000
  override readonly marks = 2
  private readonly mail: MailUnderTest
  private last = 0
  private readonly times = new Map<number, number>()
  private readonly tags = new Map<string, number>()
  private readonly applied = new Set<number>()
  /** A late request did an action again. */
  onReapplied = () => {}

  constructor(mail: MailUnderTest, tenant: string, trace?: (line: string) => void) {
    super(tenant, mail.store() as Rows, { isLagging: false, trace })
    this.mail = mail
    this.clock = Math.ceil(Date.UTC(2026, 0, 1) / DAY_MS)
  }

  get who() {
    return { tenant: this.tenant, account: ACCOUNT }
  }

  override async begin() {
    this.turnClock()
    this.mail.directory.set({ ...this.who, address: `${this.tenant}@ox.io` })
    await this.mail.client.listMailboxes(this.who, { identity: asOwner(ACCOUNT, this.tenant) })
    await this.catchUp()
  }

  private turnClock() {
    this.mail.clock.now = this.clock * DAY_MS
  }

  override get head(): number {
    return this.last
  }

  override async passDays(days: number) {
    this.clock += days
    this.turnClock()
  }

  override hasForgotten(position: number): boolean {
    return this.times.get(position)! < (this.clock - 90) * DAY_MS
  }

  override storedName(collection: string): string {
    return MAILBOXES[collection]!
  }

  /** Who meant which action by a value, so that the oracle knows own changes when the log has them. */
  meant(
    device: string,
    { placement, group, value }: { placement: number; group: string; value: string },
    tag: number,
  ) {
    this.tags.set([device, placement, group, value].join('|'), tag)
  }

  override async append(facts: readonly Fact[], _origin?: Origin): Promise<number> {
    const collections = [...new Set(facts.flatMap((fact) => this.touched(fact)))].map(
      (name) => MAILBOXES[name]!,
    )
    const { position } = await this.mail.log.append({
      stream: { ...this.who, service: 'mail' },
      events: facts.map((fact) => encode(this.eventOf(fact))),
      commandId: `server-${this.tenant}-${this.last}-${this.clock}-${Math.random()}`,
      actor: asTransport().actor,
      principal: ACCOUNT,
      at: this.clock * DAY_MS,
      collections,
    })
    await this.catchUp()
    return position
  }

  /** Takes in what the log has; mail's rows have it too when this resolves. */
  async catchUp() {
    const filter = { ...this.who, service: 'mail' }
    for await (const commits of this.mail.log.read(filter, this.last))
      for (const commit of commits) this.take(commit)
    await this.mail.client.listMailboxes(
      { ...this.who, minPosition: this.last },
      { identity: asOwner(ACCOUNT, this.tenant) },
    )
    this.projected = this.last
  }

  private take(stored: StoredCommit) {
    this.last = stored.position
    this.times.set(stored.position, stored.at)
    const facts = stored.events.flatMap((event) => factsOf(event))
    const collections = stored.collections.flatMap((mailbox) => NAMES[mailbox] ?? [])
    const commit: SimulatedCommit = { ...stored, facts, collections }
    const tag = this.tagOf(commit)
    if (tag > 0 && this.applied.has(tag)) this.onReapplied()
    this.applied.add(tag)
    this.happened(commit, tag)
    this.noticed(commit)
  }

  private tagOf({ actor: { device }, facts: [fact] }: SimulatedCommit): number {
    if (device === '' || fact?.type !== 'Changed') return 0
    const named = this.truth.origins(fact.placement)
    const found = named.map((id) => this.tags.get([device, id, fact.group, fact.value].join('|')))
    return found.find((tag) => tag !== undefined) ?? 0
  }

  private eventOf(fact: Fact): MailEvent {
    switch (fact.type) {
      case 'Placed':
        return placed(fact, this.clock)
      case 'Changed':
        return changed(fact, this.clock)
      case 'Moved': {
        const from = MAILBOXES[this.truth.items.get(fact.placement)!.collection]!
        return {
          type: 'MessagesMoved',
          payload: { placements: [fact.placement], from, to: MAILBOXES[fact.to]! },
        }
      }
      case 'Ended': {
        const mailbox = MAILBOXES[this.truth.items.get(fact.placement)!.collection]!
        return { type: 'MessagesDeleted', payload: { placements: [fact.placement], mailbox } }
      }
      default:
        throw new Error(`the server says no ${fact.type}`)
    }
  }
}

const encode = (event: MailEvent): Event => mailEvents.encode(event.type, event.payload as never)

const flagOf = (value: number): Flag | undefined =>
  value === 0 ? undefined : Flag.fromPartial({ status: 'active', type: String(value) })

const placed = (
  { collection, sortKey, properties }: Extract<Fact, { type: 'Placed' }>,
  day: number,
): MailEvent => {
  const verb = properties.broken ? { lastVerb: BROKEN_VERB, lastVerbAt: day * DAY_MS } : {}
  const payload = MessageStored.fromPartial({
    mailbox: MAILBOXES[collection]!,
    content: { size: 1, receivedAt: sortKey * 1000, conversation: new Uint8Array(16) },
    state: { seen: properties.read === 1, flag: flagOf(properties.flag ?? 0), ...verb },
    reason: 'import',
  })
  return { type: 'MessageStored', payload }
}

const changed = (
  { placement, group, properties }: Extract<Fact, { type: 'Changed' }>,
  day: number,
): MailEvent => {
  const placements = [placement]
  if (group === 'read')
    return { type: 'MessagesMarkedSeen', payload: { placements, seen: properties.read === 1 } }
  if (group === 'flag')
    return { type: 'MessagesFlagged', payload: { placements, flag: flagOf(properties.flag ?? 0) } }
  const verb = properties.broken ? BROKEN_VERB : 1
  return { type: 'MessageAnswered', payload: { placement, verb, at: day * DAY_MS } }
}

/** The facts of an event, in the words of the simulation. */
const factsOf = (event: Event): Fact[] => {
  const known = mailEvents.decode(event)
  switch (known.type) {
    case 'MessageStored': {
      const { mailbox, content, state } = known.payload
      const sortKey = Math.floor(content!.receivedAt / 1000)
      return [{ type: 'Placed', collection: NAMES[mailbox]!, sortKey, properties: propertiesOf(state!) }]
    }
    case 'MessagesMarkedSeen':
      return known.payload.placements.map((id) => markOf(id, 'read', known.payload.seen ? 1 : 0))
    case 'MessagesFlagged':
      return known.payload.placements.map((id) => markOf(id, 'flag', Number(known.payload.flag?.type ?? 0)))
    case 'MessageAnswered': {
      const { placement, verb } = known.payload
      const properties = { broken: verb === BROKEN_VERB ? 1 : 0 }
      return [{ type: 'Changed', placement, group: 'content', value: `${verb}`, properties }]
    }
    case 'MessagesMoved':
      return known.payload.placements.map((placement) => ({
        type: 'Moved',
        placement,
        to: NAMES[known.payload.to]!,
      }))
    case 'MessagesDeleted':
      return known.payload.placements.map((placement) => ({ type: 'Ended', placement }))
    case 'CommandNoted': {
      const { placement, group, value } = known.payload
      const isSet = group === 'read' ? value === '1' : value !== ''
      return [{ type: 'Noted', placement, group: group as 'read', value: isSet ? '1' : '0' }]
    }
    default:
      return []
  }
}

const markOf = (placement: number, group: 'read' | 'flag', value: number): Fact => ({
  ...{ type: 'Changed', placement, group, value: String(value), properties: { [group]: value } },
})

type State = Pick<NonNullable<Message['state']>, 'seen' | 'flag' | 'lastVerb'>

const propertiesOf = ({ seen, flag, lastVerb }: State): Properties => ({
  read: seen ? 1 : 0,
  flag: Number(flag?.type ?? 0),
  ...(lastVerb === 0 ? {} : { broken: lastVerb === BROKEN_VERB ? 1 : 0 }),
})

/** device-sync's part is the simulation's, mail's is mail's. */
export class MailServer extends SimulatedServer {
  private readonly mail: MailUnderTest

  constructor(
    world: MailWorld,
    mail: MailUnderTest,
    { oracle, settings }: { oracle: Oracle; settings: ScheduleSettings },
  ) {
    super(world, oracle, settings)
    this.mail = mail
  }

  private get mailWorld(): MailWorld {
    return this.world as MailWorld
  }

  protected override ask({ device, meant, requests, window, gate }: Asking): Promise<readonly Answered[]> {
    const collections = requests.map((request) => {
      const asked = meant.collections.find(({ collection }) => collection === request.collection)!
      this.note(device, asked)
      return wireRequest(request, asked)
    })
    const { who, clock } = this.mailWorld
    return gate.pass(async () => {
      const answer = await this.mail.client.syncMessages(
        { ...who, device, collections, window, now: clock * DAY_MS },
        { identity: asOwner(ACCOUNT, who.tenant, device) },
      )
      await this.mailWorld.catchUp()
      return answer.collections.map((one) => answeredOf(one))
    })
  }

  private note(device: string, { commands }: CollectionSync) {
    for (const command of commands)
      if (command.kind === 'change')
        for (const { group, value } of command.changes)
          this.mailWorld.meant(device, { placement: command.placement, group, value }, command.tags[group]!)
  }

  override move(device: string, moves: readonly MoveWish[], gate: Gate): Promise<MoveReply[]> {
    const { who } = this.mailWorld
    const wishes = moves.map(({ placement, from, to }) => ({
      placement,
      from: MAILBOXES[from]!,
      to: MAILBOXES[to]!,
    }))
    return gate.pass(async () => {
      const { results } = await this.mail.client.moveMessages(
        { ...who, device, moves: wishes },
        { identity: asOwner(ACCOUNT, who.tenant, device) },
      )
      await this.mailWorld.catchUp()
      return results.map(({ outcome, placement }, index) => ({
        placement: moves[index]!.placement,
        status: outcome === 'moved' ? 3 : 1,
        target: placement,
      }))
    })
  }
}

const wireRequest = (
  request: Asking['requests'][number],
  asked: CollectionSync,
): DeepPartial<SyncCollectionRequest> => {
  const { collection, cursor, list, hint, filter, generation, window, getChanges, clientWins } = request
  const mailbox = MAILBOXES[collection]!
  return {
    ...{ mailbox, generation, window, getChanges, clientWins, epoch: 1 },
    cursor: cursor && cursorToWire(cursor),
    list: listToWire(list),
    hint: hint?.position,
    hintEdge: hint?.edge,
    syncKey: cursor && hashKey(mailbox, asked.key),
    filter: filter === undefined ? undefined : FILTER_TYPES[filter]!,
    deletesAsMoves: asked.deletesAsMoves,
    commands: asked.commands.map(wireCommand),
    options: { withBody: true, bodies: [{ type: 'plain' }] },
  }
}

const wireCommand = (command: PhoneCommand): DeepPartial<SyncCommand> => {
  if (command.kind === 'delete')
    return { command: { $case: 'delete', value: { placement: command.placement } } }
  if (command.kind === 'add') throw new Error('phones add no messages')
  const value: Record<string, unknown> = { placement: command.placement }
  for (const { group, value: wanted } of command.changes)
    if (group === 'read') value.seen = wanted === '1'
    else value.flag = { flag: flagOf(Number(wanted)) }
  return { command: { $case: 'change', value } }
}

const answeredOf = (response: SyncCollectionResponse): Answered => {
  if (response.outcome === 'no_collection') return { outcome: 'no_collection' }
  if (response.outcome === 'invalid_key')
    return { outcome: 'invalid_key', reason: response.reason as StaleReason }
  const items = new Map<number, ToldItem>()
  for (const { placement, message } of response.operations)
    if (message?.state)
      items.set(placement, {
        properties: propertiesOf(message.state),
        sortKey: Math.floor(message.receivedAt / 1000),
      })
  return {
    ...{ outcome: 'ok', quiet: response.quiet, more: response.moreAvailable, snapshot: response.snapshot },
    cursor: response.cursor ? cursorFromWire(response.cursor)! : ({ edge: response.snapshotEdge } as never),
    list: response.list ? listFromWire(response.list)! : NOTHING_KNOWN,
    operations: response.operations.map(({ kind, placement, changed: groups }) => ({
      ...{ kind: kind as 'add', placement, row: undefined, groups: groups as never },
    })),
    results: response.results.map(({ outcome, placement }) => ({ outcome: outcome as 'ok', placement })),
    examined: 0,
    extra: items,
  }
}

let tenants = 0

/** Plays on mail; every schedule is a tenant of its own in it. */
export const onMail = (mail: MailUnderTest, trace?: (line: string) => void): Making => ({
  world: () => new MailWorld(mail, `s${++tenants}`, trace),
  server: (world, oracle, settings) => {
    const mailWorld = world as MailWorld
    mailWorld.onReapplied = () => {
      oracle.wasReapplied = true
    }
    return new MailServer(mailWorld, mail, { oracle, settings })
  },
})

import { ConflictError } from '@relais/event-log'
import type { Reader } from '@relais/read-store'
import { forgetCommands, forgetEnded, forgetSpans, RETENTION_MS } from '../../src/retention.ts'
import { COLLECTIONS, classOf, DAY_MS, type Fact, type SimulatedCommit } from './facts.ts'
import { ACCOUNT, projectCommit, type Rows } from './rows.ts'
import { Truth } from './truth.ts'

export type Origin = {
  readonly device: string
  readonly syncKey: string
  readonly commandId: string
  /** Names the user's action at a phone; 0: none. */
  readonly tag: number
  readonly expected?: number
}

const SERVER: Origin = { device: '', syncKey: '', commandId: '', tag: 0 }

/** A log, rows that may lag behind it, and what is true; time stands still unless it is moved. */
export class World {
  readonly tenant: string
  readonly rows: Rows
  readonly truth = new Truth()
  readonly log: SimulatedCommit[] = []
  readonly trace: (line: string) => void
  readonly isLagging: boolean
  /** In simulated days. */
  clock = 100
  /** Sort keys of one day. */
  readonly scale: number = 1
  /** Values that a mark can have: 0, 1, ... */
  readonly marks: number = 3
  projected = 0
  isJoined = false
  viewVersion = 1
  readonly levels = new Map<string, number>()
  private readonly commands = new Map<string, number>()
  protected readonly heads = new Map<string, number>()
  private readonly listeners = new Set<(collections: readonly string[]) => void>()
  private nextTag = 1

  constructor(tenant: string, rows: Rows, options: { isLagging: boolean; trace?: (line: string) => void }) {
    this.tenant = tenant
    this.rows = rows
    this.isLagging = options.isLagging
    this.trace = options.trace ?? (() => {})
  }

  async begin() {
    await this.append([{ type: 'Collections', ids: COLLECTIONS }])
    await this.project()
  }

  tag(): number {
    return this.nextTag++
  }

  get head(): number {
    return this.log.length
  }

  /** The collections that a device sees as this one. */
  viewOf(device: string, collection: string): readonly string[] {
    return collection === 'CON' && device.startsWith('outlook') && this.isJoined
      ? ['CON', 'CO2']
      : [collection]
  }

  /** What the rows call a collection. */
  storedName(collection: string): string {
    return collection
  }

  headOf(device: string, collection: string): number {
    return Math.max(...this.viewOf(device, collection).map((one) => this.heads.get(one) ?? 0))
  }

  levelOf(device: string): number {
    return this.levels.get(device) ?? 2
  }

  onAppend(listener: (collections: readonly string[]) => void) {
    this.listeners.add(listener)
  }

  /** Whether a commit would be a new one: its command isn't there, and the head is the expected one. */
  accepts({ commandId, expected }: Pick<Origin, 'commandId' | 'expected'>): boolean {
    return !this.commands.has(commandId) && (expected === undefined || expected === this.head)
  }

  async append(facts: readonly Fact[], origin: Origin = SERVER): Promise<number> {
    const known = origin.commandId === '' ? undefined : this.commands.get(origin.commandId)
    if (known !== undefined) return known
    if (origin.expected !== undefined && origin.expected !== this.head) throw new ConflictError(this.head)
    const commit = this.commitOf(facts, origin)
    this.log.push(commit)
    if (origin.commandId !== '') this.commands.set(origin.commandId, commit.position)
    this.happened(commit, origin.tag)
    if (!this.isLagging) await this.project()
    this.noticed(commit)
    return commit.position
  }

  /** A commit is in the log. */
  protected happened(commit: SimulatedCommit, tag: number) {
    this.truth.apply(commit, tag)
    for (const collection of commit.collections) this.heads.set(collection, commit.position)
    const { position, actor, facts } = commit
    this.trace(`  log ${position}: ${actor.device || 'server'} ${facts.map(describe).join('; ')}`)
  }

  protected noticed({ collections }: SimulatedCommit) {
    for (const listener of this.listeners) listener(collections)
  }

  private commitOf(facts: readonly Fact[], { device, syncKey, commandId }: Origin): SimulatedCommit {
    const position = this.head + 1
    return {
      position,
      facts,
      stream: { tenant: this.tenant, account: ACCOUNT, service: 'simulation' },
      events: [],
      commandId: commandId || `server-${position}`,
      actor: { kind: device ? 'device' : 'service', id: ACCOUNT, device },
      principal: ACCOUNT,
      expected: undefined,
      causation: 0,
      correlation: '',
      traceparent: '',
      at: this.clock * DAY_MS,
      collections: [...new Set(facts.flatMap((fact) => this.touched(fact)))],
      syncKey,
    }
  }

  protected touched(fact: Fact): readonly string[] {
    if (fact.type === 'Collections' || fact.type === 'Noted') return []
    if (fact.type === 'Placed') return [fact.collection]
    const here =
      this.truth.follow(fact.placement)?.collection ?? this.truth.items.get(fact.placement)!.collection
    return fact.type === 'Moved' ? [here, fact.to] : [here]
  }

  /** Makes rows of the log up to a position. */
  async project(to = this.head) {
    const commits = this.log.slice(this.projected, to)
    if (commits.length === 0) return
    await this.rows.transaction(async (writer) => {
      for (const commit of commits) await projectCommit(writer, commit)
    })
    this.projected = commits.at(-1)!.position
  }

  snapshot<T>(read: (reader: Reader, at: { head: number; checkpoint: number }) => Promise<T>): Promise<T> {
    const at = { head: this.projected, checkpoint: this.projected }
    return this.rows.snapshot((reader) => read(reader, at))
  }

  async passDays(days: number) {
    this.clock += days
    const what = {
      tenant: this.tenant,
      account: ACCOUNT,
      before: this.clock * DAY_MS - RETENTION_MS,
      limit: 1000,
    }
    await this.rows.transaction(async (writer) => {
      await forgetEnded(writer, what)
      await forgetSpans(writer, what)
      await forgetCommands(writer, what)
    })
  }

  ageOf(position: number): number {
    const next = this.log[position]
    return next === undefined ? 0 : this.clock * DAY_MS - next.at
  }

  /** A commit so old that which command it was isn't remembered. */
  hasForgotten(position: number): boolean {
    return this.log[position - 1]!.at < this.clock * DAY_MS - RETENTION_MS
  }

  liveIn(collection: string) {
    return this.truth.live().filter((item) => item.collection === collection)
  }

  isSameClass(a: string, b: string): boolean {
    return classOf(a) === classOf(b)
  }
}

const describe = (fact: Fact): string => {
  const { type, ...rest } = fact
  return `${type} ${JSON.stringify(rest)}`
}

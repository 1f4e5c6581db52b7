import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventLog, NewCommit } from '@relais/event-log'
import fc from 'fast-check'
import { evolveAccount, noAccount } from '../src/account/account.ts'
import { parseAddress } from '../src/address/address.ts'
import { ERASER } from '../src/claim/claim.ts'
import { Claims } from '../src/commands/claims.ts'
import { addressName, type Name } from '../src/commands/names.ts'
import { accountStream, type Command, commitOf } from '../src/commands/streams.ts'
import { type DirectoryEvent, directoryEvents } from '../src/events.ts'
import { knownEvents } from '../src/known-events.ts'
import { MemoryLog } from './memory-log.ts'

const ADDRESSES = ['mike@ox.io', 'ben@ox.io'] as const
const ACCOUNTS = ['u_1', 'u_2', 'u_3'] as const

const nameOf = (address: string): Name => addressName('acme', parseAddress(address)!)

const call = {
  identity: { tenant: '', actor: { kind: 'operator', id: 'o', device: '' }, principal: '' },
  deadline: Number.MAX_SAFE_INTEGER,
  correlation: '',
  traceparent: '',
}

/** A process stopped: nothing of it happens any more. */
class Stopped extends Error {}

type World = {
  readonly memory: MemoryLog
  readonly now: () => number
  /** The log as one actor sees it: each of its operations happens at some time, later ones perhaps never. */
  readonly logOf: (operations: number) => EventLog
}

const createWorld = (scheduler: fc.Scheduler, waits: readonly number[]): World => {
  const memory = new MemoryLog()
  let now = 1_000_000
  let turn = 0
  const pass = () => {
    now += waits[turn++ % waits.length] ?? 0
  }
  const logOf = (operations: number): EventLog => {
    let left = operations
    const operation = async <T>(act: () => T): Promise<T> => {
      await scheduler.schedule(Promise.resolve())
      if (left-- <= 0) throw new Stopped()
      pass()
      return act()
    }
    const append = (commit: NewCommit) =>
      operation(() => {
        const appended = memory.append(commit)
        atMostOneUser(memory)
        return appended
      })
    async function* read(filter: object) {
      yield await operation(() => memory.history(filter))
    }
    const purge = (tenant: string, account: string) => operation(() => memory.purge(tenant, account))
    return { append, read, purge } as unknown as EventLog
  }
  return { memory, now: () => now, logOf }
}

const usersOf = (memory: MemoryLog, address: string) =>
  ACCOUNTS.filter((account) =>
    nameOf(address).isUsed(knownEvents(memory.history(accountStream('acme', account)))),
  )

/** One process that does something with one account, on its own view of the log. */
class Actor {
  readonly #world: World
  readonly #log: EventLog
  readonly #claims: Claims
  readonly #command: Command = { call, commandId: 'c' }

  constructor(world: World, operations: number) {
    let id = 0
    this.#world = world
    this.#log = world.logOf(operations)
    this.#claims = new Claims({ log: this.#log, clock: world.now, ids: { command: () => `c${id++}` } })
  }

  async create(account: string, address: string): Promise<void> {
    const fields = { displayName: '', locale: '', timeZone: '', quotaBytes: 0, attributes: {} }
    await this.#claims.claimAll([nameOf(address)], account, this.#command)
    await this.#append(account, { type: 'AccountCreated', payload: { account, address, ...fields } }, 0)
  }

  async addAlias(account: string, address: string): Promise<void> {
    const { state, head } = await this.#load(account)
    if (state.existence !== 'present' || state.address === address || state.aliases.includes(address)) return
    await this.#claims.claim(nameOf(address), account, this.#command)
    await this.#append(account, { type: 'AliasAdded', payload: { address } }, head)
  }

  async removeAlias(account: string, address: string): Promise<void> {
    const name = nameOf(address)
    const { holder, position } = await this.#claims.read(name)
    const { state, head } = await this.#load(account)
    if (!state.aliases.includes(address)) return
    await this.#append(account, { type: 'AliasRemoved', payload: { address } }, head)
    if (holder === account) await this.#claims.release({ name, position }, this.#command)
  }

  async erase(account: string): Promise<void> {
    const { state, head } = await this.#load(account)
    if (state.existence !== 'present') return
    await this.#append(account, { type: 'AccountDeleted', payload: {} }, head)
    for (const address of [state.address, ...state.aliases]) await this.#eraseClaim(nameOf(address), account)
    await this.#log.purge('acme', account)
  }

  async #eraseClaim(name: Name, account: string): Promise<void> {
    const { holder, position } = await this.#claims.read(name)
    if (position === 0 || ![account, '', ERASER].includes(holder)) return
    if (holder !== ERASER && !(await this.#claims.seize({ name, position }, this.#command))) return
    await this.#log.purge(name.stream.tenant, name.stream.account)
  }

  async #load(account: string) {
    const commits = []
    for await (const batch of this.#log.read(accountStream('acme', account), 0)) commits.push(...batch)
    return {
      state: knownEvents(commits).reduce(evolveAccount, noAccount),
      head: commits.at(-1)?.position ?? 0,
    }
  }

  async #append(account: string, { type, payload }: DirectoryEvent, expected: number): Promise<void> {
    const encode = directoryEvents.encode as (type: string, payload: unknown) => NewCommit['events'][number]
    const change = { stream: accountStream('acme', account), events: [encode(type, payload)], expected }
    await this.#log.append(commitOf(this.#command, { ...change, at: this.#world.now() }))
  }
}

type Deed = {
  readonly what: 'create' | 'addAlias' | 'removeAlias' | 'erase'
  readonly account: string
  readonly address: string
  /** Log operations after which the process stops. */
  readonly operations: number
}

/** An account's id is new, so it is created once; a tenant's may be tried by several at once, but is never purged. */
const possible = (todo: Deed[]): Deed[] => {
  if (!todo.some(({ what }) => what === 'erase')) return todo
  const created = new Set<string>()
  return todo.filter(
    ({ what, account }) => what !== 'create' || (!created.has(account) && created.add(account)),
  )
}

const anyDeeds = fc.array(
  fc.record({
    what: fc.constantFrom('create', 'addAlias', 'addAlias', 'removeAlias', 'erase'),
    account: fc.constantFrom(...ACCOUNTS),
    address: fc.constantFrom(...ADDRESSES),
    operations: fc.oneof({ arbitrary: fc.constant(1000), weight: 2 }, { arbitrary: fc.nat(6), weight: 1 }),
  }),
  { minLength: 2, maxLength: 12 },
) as fc.Arbitrary<Deed[]>
const deeds = anyDeeds.map(possible)

const EXPECTED = new Set(['ADDRESS_TAKEN', 'NAME_RESERVED', 'CONFLICT'])

const isExpected = (error: unknown) =>
  error instanceof Stopped || EXPECTED.has((error as { code?: string }).code ?? '')

const act = async (world: World, { what, account, address, operations }: Deed): Promise<void> => {
  try {
    await new Actor(world, operations)[what](account, address)
  } catch (error) {
    if (!isExpected(error)) throw error
  }
}

const atMostOneUser = (memory: MemoryLog) => {
  for (const address of ADDRESSES) {
    const users = usersOf(memory, address)
    assert.ok(users.length <= 1, `${address} is used by ${users.join(' and ')}`)
  }
}

/** Time stands still, passes, or leaps over the grace of a claim: processes may be arbitrarily slow. */
const waits = fc.array(fc.constantFrom(0, 0, 1, 4_000, 11_000), { minLength: 1, maxLength: 30 })

test('two accounts never have one address, whatever is interleaved, slow, or stops half-way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), deeds, waits, async (scheduler, todo, pauses) => {
      const world = createWorld(scheduler, pauses)
      await scheduler.waitFor(Promise.all(todo.map((deed) => act(world, deed))))
    }),
    { numRuns: 1000 },
  )
})

test('whoever comes last gets every address that nobody uses', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), deeds, waits, async (scheduler, todo, pauses) => {
      const world = createWorld(scheduler, pauses)
      const acting = todo.filter(({ what }) => what !== 'erase').map((deed) => act(world, deed))
      await scheduler.waitFor(Promise.all(acting))
      const late: World = { ...world, now: () => world.now() + 60_000 }
      for (const address of ADDRESSES) {
        if (usersOf(world.memory, address).length > 0) continue
        await scheduler.waitFor(new Actor(late, 1000).create('u_3', address).catch(() => undefined))
        await scheduler.waitFor(act(late, { what: 'addAlias', account: 'u_3', address, operations: 1000 }))
        const users = usersOf(world.memory, address)
        const wasThere = world.memory.history(accountStream('acme', 'u_3')).length > 0
        assert.ok(users.includes('u_3') || wasThere)
      }
    }),
    { numRuns: 300 },
  )
})

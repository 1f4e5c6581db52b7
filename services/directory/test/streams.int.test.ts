import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import type { EventLog, StoredCommit } from '@relais/event-log'
import { openSqliteProjector, type Projector, type Reader } from '@relais/read-store'
import { deadlineExceeded } from '@relais/service-kit'
import type { TestScope } from '@relais/testing'
import { type Account, evolveAccount, noAccount } from '../src/account/account.ts'
import { decideAccount } from '../src/account/decide.ts'
import { accountStream, type Command, DirectoryStreams, MAX_ATTEMPTS } from '../src/commands/streams.ts'
import { createIds } from '../src/ids.ts'
import { knownEvents } from '../src/known-events.ts'
import { directoryModel } from '../src/projections/directory.ts'
import { readAccount } from '../src/queries/accounts.ts'
import { operator, type Started, startFor, withMike } from './start-directory.ts'

const ids = createIds(Date.now, (count) => randomBytes(count))

const commandOf = (more: Partial<Command['call']> = {}): Command => ({
  commandId: ids.command(),
  call: {
    identity: operator,
    deadline: Date.now() + 60_000,
    correlation: 'from-outside',
    traceparent: '',
    ...more,
  },
})

type SetUp = { readonly started: Started; readonly projector: Projector; readonly account: string }

const setUp = async (scope: TestScope): Promise<SetUp> => {
  let projector: Projector | undefined
  scope.after(() => projector?.stop())
  const started = await startFor(scope)
  const account = await withMike(started)
  projector = await openSqliteProjector({
    log: started.log,
    folder: join(started.folder, 'more'),
    model: directoryModel,
  })
  return { started, projector, account }
}

const streamsOn = ({ projector }: SetUp, log: EventLog) =>
  new DirectoryStreams({ log, projector, clock: Date.now })

const renaming = ({ account }: SetUp, displayName: string) => ({
  stream: accountStream('acme', account),
  load: (reader: Reader) => readAccount(reader, { tenant: 'acme', account }),
  decide: (state: Account) =>
    decideAccount(state, { type: 'UpdateAccount', change: { displayName, attributes: {} } }),
})

const historyOf = async ({ started, account }: SetUp): Promise<readonly StoredCommit[]> => {
  const commits: StoredCommit[] = []
  for await (const batch of started.log.read(accountStream('acme', account), 0)) commits.push(...batch)
  return commits
}

const bound = (log: EventLog): EventLog => ({
  append: (commit) => log.append(commit),
  purge: (tenant, account) => log.purge(tenant, account),
  read: (...args) => log.read(...args),
  follow: (...args) => log.follow(...args),
  head: (filter) => log.head(filter),
  notices: (...args) => log.notices(...args),
  close: () => log.close(),
})

test('a commit says who acted, on which request, and what it was based on', async (t) => {
  const set = await setUp(t)
  const before = (await historyOf(set)).at(-1)!
  const command = commandOf()
  const { position } = await streamsOn(set, set.started.log).execute(command, renaming(set, 'Mike'))
  const last = (await historyOf(set)).at(-1)!
  assert.deepEqual(
    [last.position, last.expected, last.commandId, last.actor.kind, last.correlation],
    [position, before.position, command.commandId, 'operator', 'from-outside'],
  )
})

test('the rows are there when a command is answered', async (t) => {
  const set = await setUp(t)
  await streamsOn(set, set.started.log).execute(commandOf(), renaming(set, 'Mike'))
  const { state } = await readAccount(set.projector.store, { tenant: 'acme', account: set.account })
  assert.equal(state.displayName, 'Mike')
})

test('on a conflict it is decided again on what came in between', async (t) => {
  const set = await setUp(t)
  const { log } = set.started
  let interfered = 0
  const interfering: EventLog = {
    ...bound(log),
    append: async (commit) => {
      if (interfered++ < MAX_ATTEMPTS - 1)
        await log.append({ ...commit, commandId: ids.command(), expected: undefined, events: [nothing] })
      return log.append(commit)
    },
  }
  const { position } = await streamsOn(set, interfering).execute(commandOf(), renaming(set, 'Mike'))
  const history = await historyOf(set)
  assert.equal(history.at(-1)?.position, position)
  assert.equal(knownEvents(history).reduce(evolveAccount, noAccount).displayName, 'Mike')
})

const nothing = { type: 'ClaimForfeited', version: 1, payload: new Uint8Array() }

test('five conflicts in a row are enough: the caller is asked to come back', async (t) => {
  const set = await setUp(t)
  const { log } = set.started
  let attempts = 0
  const contested: EventLog = {
    ...bound(log),
    append: async (commit) => {
      attempts += 1
      await log.append({ ...commit, commandId: ids.command(), expected: undefined, events: [nothing] })
      return log.append(commit)
    },
  }
  const command = streamsOn(set, contested).execute(commandOf(), renaming(set, 'Mike'))
  await assert.rejects(command, { code: 'CONFLICT', retryable: true })
  assert.equal(attempts, MAX_ATTEMPTS)
})

test('what changes nothing appends nothing and claims nothing', async (t) => {
  const set = await setUp(t)
  const head = await set.started.log.head({})
  let prepared = 0
  const decision = { ...renaming(set, ''), prepare: async () => prepared++ }
  const { position } = await streamsOn(set, set.started.log).execute(commandOf(), decision)
  assert.deepEqual([await set.started.log.head({}), prepared], [head, 0])
  assert.equal(position, (await historyOf(set)).at(-1)?.position)
})

test('names are claimed anew for every attempt', async (t) => {
  const set = await setUp(t)
  const { log } = set.started
  let [interfered, prepared] = [0, 0]
  const interfering: EventLog = {
    ...bound(log),
    append: async (commit) => {
      if (interfered++ < 2)
        await log.append({ ...commit, commandId: ids.command(), expected: undefined, events: [nothing] })
      return log.append(commit)
    },
  }
  const decision = { ...renaming(set, 'Mike'), prepare: async () => prepared++ }
  await streamsOn(set, interfering).execute(commandOf(), decision)
  assert.equal(prepared, 3)
})

test('a refusal appends nothing', async (t) => {
  const set = await setUp(t)
  const head = await set.started.log.head({})
  const command = streamsOn(set, set.started.log).execute(commandOf(), renaming(set, 'Mike\n'))
  await assert.rejects(command, { code: 'INVALID_ARGUMENT' })
  assert.equal(await set.started.log.head({}), head)
})

test('the same command twice is one commit', async (t) => {
  const set = await setUp(t)
  const streams = streamsOn(set, set.started.log)
  const command = commandOf()
  const first = await streams.execute(command, renaming(set, 'Mike'))
  const { position } = await streams.append(command, {
    stream: accountStream('acme', set.account),
    events: [{ type: 'AccountStateChanged', payload: { state: 'locked' } }],
  })
  assert.equal(position, first.position)
})

test('whoever waits for rows that do not come in time is told so, and the commit stays', async (t) => {
  const set = await setUp(t)
  const { store } = set.projector
  let waits = 0
  const waitFor = () => (waits++ === 0 ? Promise.resolve() : Promise.reject(deadlineExceeded()))
  const behind = { store, waitFor } as unknown as Projector
  const streams = new DirectoryStreams({ log: set.started.log, projector: behind, clock: Date.now })
  const command = streams.execute(commandOf(), renaming(set, 'Mike'))
  await assert.rejects(command, { code: 'DEADLINE_EXCEEDED', retryable: true })
  assert.equal(knownEvents(await historyOf(set)).reduce(evolveAccount, noAccount).displayName, 'Mike')
})

/** A log whose followers hear nothing from `shut` on, until somebody asks for a head. */
const shutUntilAsked = (log: EventLog) => {
  const gate = { shut: Promise.resolve(), open: () => {} }
  const shut = () => {
    gate.shut = new Promise((resolve) => {
      gate.open = resolve
    })
  }
  const gated: EventLog = {
    ...bound(log),
    follow: async function* (...args) {
      for await (const batch of log.follow(...args)) {
        await gate.shut
        yield batch
      }
    },
    head: (filter) => {
      gate.open()
      return log.head(filter)
    },
  }
  return { gated, shut }
}

const setUpBehind = async (scope: TestScope) => {
  let projector: Projector | undefined
  scope.after(() => projector?.stop())
  const started = await startFor(scope)
  const account = await withMike(started)
  const { gated, shut } = shutUntilAsked(started.log)
  const folder = join(started.folder, 'behind')
  projector = await openSqliteProjector({ log: gated, folder, model: directoryModel })
  return { set: { started, projector, account }, gated, shut }
}

test('rows that are behind are no reason to believe that there is nothing to do', async (t) => {
  const { set, gated, shut } = await setUpBehind(t)
  const streams = streamsOn(set, gated)
  const first = await streams.execute(commandOf(), renaming(set, 'Mike'))
  shut()
  const { account, started } = set
  await started.admin.updateAccount({ tenant: 'acme', account, displayName: 'Michael' })
  const again = await streams.execute(commandOf(), renaming(set, 'Mike'))
  assert.ok(again.position > first.position)
  assert.equal((await historyOf(set)).at(-1)?.position, again.position)
})

test('rows that are behind are no reason to refuse: an account that was just made is there', async (t) => {
  const { set, gated, shut } = await setUpBehind(t)
  shut()
  const { accounts } = await set.started.admin.createAccounts({
    tenant: 'acme',
    accounts: [{ address: 'new@acme.example', password: 'correct horse' }],
  })
  const made = { ...set, account: accounts[0]!.account }
  await streamsOn(made, gated).execute(commandOf(), renaming(made, 'New'))
  assert.equal((await historyOf(made)).length, 2)
})

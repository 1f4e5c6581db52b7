import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras } from '@relais/service-kit'
import { type TestScope, temporaryFolder } from '@relais/testing'
import fc from 'fast-check'
import {
  createAccounts,
  directoryOn,
  localClient,
  operator,
  type Started,
  service,
  startDirectory,
} from './start-directory.ts'

type Pair = {
  readonly started: Started
  readonly admins: readonly DirectoryClient<CallExtras>[]
  /** Both have the rows of everything appended so far. */
  caughtUp(): Promise<void>
}

/** Two directories on one log, each with rows of its own, as two processes have them. */
const startPair = async (scope: TestScope): Promise<Pair> => {
  const stops: (() => Promise<void>)[] = []
  scope.after(async () => {
    for (const stop of stops) await stop()
  })
  const folder = await temporaryFolder(scope)
  const started = await startDirectory(folder)
  const other = await directoryOn(join(folder, 'other'), started.log)
  await other.directory.start()
  stops.push(
    () => other.directory.stop(),
    () => started.stop(),
  )
  const caughtUp = async () => {
    const minPosition = await started.log.head({ service: 'directory' })
    for (const directory of [started.directory, other.directory])
      await localClient(directory, service()).getAccounts({ minPosition })
  }
  return { started, admins: [started.admin, localClient(other.directory, operator)], caughtUp }
}

const retried = async <T>(call: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if ((error as { code?: string }).code !== 'CONFLICT') throw error
    }
  }
}

const winners = (outcomes: readonly PromiseSettledResult<unknown>[]) =>
  outcomes.filter(({ status }) => status === 'fulfilled').length

test('an address that two processes give at once is given once', async (t) => {
  const { started, admins, caughtUp } = await startPair(t)
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  await caughtUp()
  const local = fc.constantFrom('a', 'B', 'b', 'straße', 'STRASSE', 'c')
  let round = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(local, fc.nat(1)), { minLength: 2, maxLength: 12 }),
      async (wanted) => {
        round += 1
        const outcomes = await Promise.all(
          wanted.map(async ([name, process]) => {
            const accounts = [{ address: `${name}${round}@acme.example` }]
            const created = await admins[process]!.createAccounts({ tenant: 'acme', accounts })
            return [name.toUpperCase(), created.accounts[0]!.code] as const
          }),
        )
        for (const name of new Set(outcomes.map(([folded]) => folded))) {
          const codes = outcomes.filter(([folded]) => folded === name).map(([, code]) => code)
          assert.equal(codes.filter((code) => code === '').length, 1, `${name}: ${codes.join(' ')}`)
          const others = codes.filter((code) => code !== '')
          assert.ok(others.every((code) => code === 'ADDRESS_TAKEN' || code === 'NAME_RESERVED'))
        }
      },
    ),
    { numRuns: 20 },
  )
  assert.deepEqual(await started.differences(), [])
})

test('a domain that two processes give at once is given once', async (t) => {
  const { started, admins } = await startPair(t)
  for (let round = 0; round < 10; round++) {
    const domains = [`d${round}.example`]
    const outcomes = await Promise.allSettled(
      admins.map((admin, number) => admin.createTenant({ name: `T ${round} ${number}`, domains })),
    )
    assert.equal(winners(outcomes), 1)
  }
  assert.deepEqual(await started.differences(), [])
})

test('tenants of one name that two processes make at once have two ids', async (t) => {
  const { started, admins } = await startPair(t)
  const made = await Promise.all(
    [0, 1, 2, 3].map((number) => admins[number % 2]!.createTenant({ name: 'Acme' })),
  )
  assert.deepEqual(made.map(({ tenant }) => tenant?.tenant).sort(), ['acme', 'acme-2', 'acme-3', 'acme-4'])
  assert.deepEqual(await started.differences(), [])
})

test('changes of one account by two processes at once are all made', async (t) => {
  const { started, admins, caughtUp } = await startPair(t)
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  const [account = ''] = await createAccounts(started, 'acme', [{ address: 'mike@acme.example' }])
  await caughtUp()
  const names = Array.from({ length: 10 }, (_, number) => `alias${number}@acme.example`)
  await Promise.all(
    names.map((address, number) =>
      retried(() => admins[number % 2]!.addAlias({ tenant: 'acme', account, address })),
    ),
  )
  await caughtUp()
  const { accounts } = await started.gateway.getAccounts({ tenant: 'acme', accounts: [account] })
  assert.deepEqual([...(accounts[0]?.aliases ?? [])].sort(), names)
})

test('what one process locks the other refuses as soon as its rows show it', async (t) => {
  const { started, admins, caughtUp } = await startPair(t)
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  const [account = ''] = await createAccounts(started, 'acme', [
    { address: 'mike@acme.example', password: 'secret' },
  ])
  await caughtUp()
  const signIn = () => started.gateway.signIn({ login: 'mike@acme.example', password: 'secret' })
  await signIn()
  await admins[1]!.setAccountState({ tenant: 'acme', account, state: 'locked' })
  await caughtUp()
  await assert.rejects(signIn(), { code: 'ACCOUNT_LOCKED' })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EventLog, Notice } from '@relais/event-log'
import type { Account, DirectoryClient, GetAccountsRequest } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras } from '@relais/service-kit/call.ts'
import { createFakeClock } from '@relais/testing'
import { Accounts } from './accounts.ts'

const key = { tenant: 'acme', account: 'u_1' }

const setUp = () => {
  const clock = createFakeClock()
  const asked: GetAccountsRequest[] = []
  const settings = new Map([['mail.sendRate', '7']])
  let answer: Partial<Account>[] | Error = [
    { account: 'u_1', address: 'A@x', aliases: ['b@X'], quotaBytes: 5, state: 'active' },
  ]
  let settingsAsked = 0
  const directory = {
    getAccounts: async (request: GetAccountsRequest) => {
      asked.push(request)
      if (answer instanceof Error) throw answer
      return { accounts: answer }
    },
    getSettings: async () => {
      settingsAsked++
      return { settings: [...settings].map(([name, value]) => ({ name, value })) }
    },
  } as unknown as DirectoryClient<CallExtras>
  let listen: (notice: Notice) => void = () => assert.fail('nobody listens')
  const log = {
    notices: (_filter, listener) => {
      listen = listener
      return { close: () => {} }
    },
  } as Pick<EventLog, 'notices'> as EventLog
  const accounts = new Accounts({ directory, log, clock: clock.now })
  const notice = (tenant: string, account: string, position = 9) =>
    listen({
      ...{ tenant, account, position, service: 'directory', collections: [] },
      ...{ device: '', traceparent: '', at: 1 },
    })
  const answers = (next: typeof answer) => {
    answer = next
  }
  return { accounts, clock, asked, settings, answers, notice, settingsAsked: () => settingsAsked }
}

describe('what mail remembers of accounts', () => {
  test('is asked for once, also by many at the same time', async () => {
    const { accounts, asked } = setUp()
    const found = await Promise.all([accounts.get(key), accounts.get(key), accounts.find(key)])
    assert.deepEqual([found[0]!.addresses, found[0]!.quotaBytes, found[0]!.active], [['a@x', 'b@x'], 5, true])
    assert.equal(asked.length, 1)
  })

  test('is asked for again after a minute', async () => {
    const { accounts, asked, clock } = setUp()
    await accounts.get(key)
    clock.advance(59_000)
    await accounts.get(key)
    assert.equal(asked.length, 1)
    clock.advance(2_000)
    await accounts.get(key)
    assert.equal(asked.length, 2)
  })

  test("is forgotten with a notice of the account, and then asked for at the notice's position", async () => {
    const { accounts, asked, notice } = setUp()
    await accounts.get(key)
    notice('acme', 'u_2')
    await accounts.get(key)
    assert.equal(asked.length, 1)
    notice('acme', 'u_1', 42)
    await accounts.get(key)
    assert.deepEqual(
      asked.map(({ minPosition }) => minPosition),
      [0, 42],
    )
  })

  test('is forgotten with a notice of its tenant or of the installation, which accounts inherit from', async () => {
    const { accounts, asked, notice } = setUp()
    await accounts.get(key)
    notice('acme-not', '-')
    await accounts.get(key)
    assert.equal(asked.length, 1)
    notice('acme', '-')
    await accounts.get(key)
    notice('-', '-')
    await accounts.get(key)
    assert.equal(asked.length, 3)
  })

  test('a question that failed is asked again', async () => {
    const { accounts, answers, asked } = setUp()
    answers(new Error('away'))
    await assert.rejects(accounts.get(key), /away/)
    answers([{ account: 'u_1', address: 'a@x', aliases: [] }])
    assert.ok(await accounts.get(key))
    assert.equal(asked.length, 2)
  })

  test('an account that is not there is said so', async () => {
    const { accounts, answers } = setUp()
    answers([])
    assert.equal(await accounts.find(key), undefined)
    await assert.rejects(accounts.get(key), { code: 'ACCOUNT_NOT_FOUND', retryable: false })
  })

  test('an answer about another account is no answer', async () => {
    const { accounts, answers } = setUp()
    answers([{ account: 'u_2', address: 'a@x', aliases: [] }])
    assert.equal(await accounts.find(key), undefined)
  })

  test('a suspended account, or one of a suspended tenant, is not active; a locked one is', async () => {
    for (const [state, tenantState, active] of [
      ['active', 'active', true],
      ['locked', 'active', true],
      ['suspended', 'active', false],
      ['active', 'suspended', false],
    ] as const) {
      const { accounts, answers } = setUp()
      answers([{ account: 'u_1', address: 'a@x', aliases: [], state, tenantState }])
      assert.equal((await accounts.get(key)).active, active)
    }
  })
})

describe('a setting', () => {
  test('is remembered like an account, and has a default where it is not set or no number', async () => {
    const { accounts, settings, notice, settingsAsked } = setUp()
    assert.equal(await accounts.setting(key, 'mail.sendRate', 500), 7)
    assert.equal(await accounts.setting(key, 'mail.other', 500), 500)
    assert.equal(settingsAsked(), 1)
    for (const value of ['', 'x', '-1', '1.5']) {
      settings.set('mail.sendRate', value)
      notice('acme', 'u_1')
      assert.equal(await accounts.setting(key, 'mail.sendRate', 500), 500)
    }
  })
})

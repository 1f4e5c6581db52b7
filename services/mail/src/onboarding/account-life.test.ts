import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StoredCommit } from '@relais/event-log'
import { AccountCreated, AccountErased } from '@relais/proto/directory/v1/events.ts'
import { createLogger } from '@relais/service-kit'
import { retryable, terminal } from '@relais/service-kit/errors.ts'
import { accountLife } from './account-life.ts'
import type { Onboarding } from './onboarding.ts'

let position = 0

const commit = (account: string, type: string, payload: Uint8Array = new Uint8Array(0)): StoredCommit => ({
  ...{
    position: ++position,
    stream: { tenant: 'acme', account, service: 'directory' },
    commandId: `c${position}`,
  },
  ...{ events: [{ type, version: 1, payload }], actor: { kind: 'service', id: 'directory', device: '' } },
  ...{ principal: '', expected: undefined, causation: 0, correlation: 'corr', traceparent: 'tp', at: 1 },
  ...{ collections: [], syncKey: '' },
})

const created = (account: string) =>
  commit(account, 'AccountCreated', AccountCreated.encode(AccountCreated.fromPartial({ account })).finish())
const deleted = (account: string) => commit(account, 'AccountDeleted')
const erased = (account: string) => commit('-', 'AccountErased', AccountErased.encode({ account }).finish())

const setUp = (failing: ReadonlyMap<string, Error> = new Map()) => {
  const done: string[] = []
  const lines: string[] = []
  const logger = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } })
  const step = async (what: string, account: string) => {
    await Promise.resolve()
    done.push(`${what} ${account}`)
    const error = failing.get(`${what} ${account}`)
    if (error) throw error
  }
  const onboarding = {
    react: async ({ stream, events }: StoredCommit) => {
      if (events[0]?.type === 'AccountCreated') await step('open', stream.account)
    },
    forget: ({ account }: { account: string }) => void done.push(`forget ${account}`),
  } as unknown as Onboarding
  const callers: unknown[] = []
  const process = accountLife({
    ...{ onboarding, logger, clock: () => 1000 },
    erase: async ({ account }, caller) => {
      callers.push(caller)
      await step('erase', account)
    },
  })
  return { process, done, lines, callers }
}

describe('the life of accounts', () => {
  test("follows the directory's commits alone", () => {
    assert.deepEqual(setUp().process.filter, { service: 'directory' })
  })

  test('opens what was created and erases what was deleted, each account in its order', async () => {
    const { process, done } = setUp()
    await process.handle([created('u_1'), created('u_2'), deleted('u_1'), erased('u_1')])
    const of = (account: string) => done.filter((what) => what.endsWith(account))
    assert.deepEqual(of('u_1'), ['open u_1', 'forget u_1', 'erase u_1', 'forget u_1', 'erase u_1'])
    assert.deepEqual(of('u_2'), ['open u_2'])
  })

  test('does nothing about anything else', async () => {
    const { process, done } = setUp()
    await process.handle([
      commit('u_1', 'PasswordSet'),
      commit('-', 'DomainAdded'),
      commit('-', 'TenantCreated'),
    ])
    assert.deepEqual(done, [])
  })

  test('waits for what may pass, and so does every account behind it', async () => {
    const { process } = setUp(new Map([['open u_1', retryable('UNAVAILABLE', 'not now')]]))
    await assert.rejects(process.handle([created('u_1'), created('u_2')]), { code: 'UNAVAILABLE' })
  })

  test('tells of an account that cannot be opened, and goes on: it gets its mailboxes at the first need', async () => {
    const { process, done, lines } = setUp(new Map([['open u_1', terminal('BROKEN', 'for good')]]))
    await process.handle([created('u_1'), created('u_2')])
    assert.deepEqual(done, ['open u_1', 'open u_2'])
    assert.match(lines.join(''), /"account":"u_1".*an account has no mailboxes yet/)
  })

  test('passes over no erasure, whatever it fails at', async () => {
    const { process } = setUp(new Map([['erase u_1', terminal('BROKEN', 'for good')]]))
    await assert.rejects(process.handle([deleted('u_1')]), { code: 'BROKEN' })
  })

  test('acts as the service, because of the commit, within a minute', async () => {
    const { process, callers } = setUp()
    await process.handle([deleted('u_1')])
    assert.deepEqual(callers, [
      {
        identity: { tenant: 'acme', actor: { kind: 'service', id: 'mail', device: '' }, principal: 'u_1' },
        ...{ deadline: 61_000, correlation: 'corr', traceparent: 'tp' },
      },
    ])
  })

  test('is lived by many accounts at once, some at a time', async () => {
    const { process, done } = setUp()
    await process.handle(Array.from({ length: 500 }, (_, n) => created(`u_${n}`)))
    assert.equal(new Set(done).size, 500)
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StoredCommit } from '@relais/event-log'
import { AccountCreated } from '@relais/proto/directory/v1/events.ts'
import type { Projector, Reader } from '@relais/read-store'
import { terminal } from '@relais/service-kit/errors.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Decision, MailStreams } from '../commands/streams.ts'
import type { MailEvent } from '../events.ts'
import type { Hierarchy } from '../mailbox/mailbox.ts'
import { Onboarding } from './onboarding.ts'

const key = { tenant: 'acme', account: 'u_1' }

const caller = {
  identity: { tenant: 'acme', actor: { kind: 'service', id: 'mail', device: '' }, principal: 'u_1' },
  ...{ deadline: 99, correlation: '', traceparent: '' },
}

const setUp = ({ hasMailboxes = false, locale = 'de' as string | null } = {}) => {
  const made: { commandId: string; names: string[] }[] = []
  let lookedUp = 0
  const store = {
    get: async () => {
      lookedUp++
      return hasMailboxes ? { found: 1 } : undefined
    },
    all: async () => [],
  } as unknown as Reader
  const streams = {
    execute: async ({ commandId }: { commandId: string }, { load, decide }: Decision<Hierarchy>) => {
      const events: readonly MailEvent[] = decide(await load(store, 0))
      made.push({ commandId, names: events.map(({ payload }) => ('name' in payload ? payload.name : '')) })
    },
  } as unknown as MailStreams
  const found = locale === null ? undefined : { locale }
  const accounts = {
    get: async () => {
      if (!found) throw terminal('ACCOUNT_NOT_FOUND', 'there is no such account')
      return found
    },
    find: async () => found,
  } as unknown as Accounts
  const projector = { store } as unknown as Projector
  return { onboarding: new Onboarding({ projector, streams, accounts }), made, lookedUp: () => lookedUp }
}

const created = (locale: string): StoredCommit =>
  ({
    stream: { ...key, service: 'directory' },
    events: [
      {
        type: 'AccountCreated',
        version: 1,
        payload: AccountCreated.encode(AccountCreated.fromPartial({ locale })).finish(),
      },
    ],
  }) as unknown as StoredCommit

describe('default mailboxes', () => {
  test("are made at the first need, in the account's language, under an id of their own", async () => {
    const { onboarding, made } = setUp()
    await onboarding.ensure(key, caller)
    assert.equal(made.length, 1)
    assert.equal(made[0]!.commandId, 'default-mailboxes')
    assert.equal(made[0]!.names[0], 'Posteingang')
  })

  test('are looked for once, however many need them at the same time', async () => {
    const { onboarding, made, lookedUp } = setUp()
    await Promise.all(Array.from({ length: 20 }, () => onboarding.ensure(key, caller)))
    await onboarding.ensure(key, caller)
    assert.equal(made.length, 1)
    assert.ok(lookedUp() <= 2)
  })

  test('that are there are not made', async () => {
    const { onboarding, made } = setUp({ hasMailboxes: true })
    await onboarding.ensure(key, caller)
    assert.equal(made.length, 0)
  })

  test('are made for no account that the directory does not know; it is asked again the next time', async () => {
    const { onboarding, made } = setUp({ locale: null })
    for (let n = 0; n < 2; n++)
      await assert.rejects(onboarding.ensure(key, caller), { code: 'ACCOUNT_NOT_FOUND' })
    assert.equal(made.length, 0)
  })

  test('are looked for again where an account was forgotten', async () => {
    const { onboarding, lookedUp } = setUp({ hasMailboxes: true })
    await onboarding.ensure(key, caller)
    onboarding.forget(key)
    await onboarding.ensure(key, caller)
    assert.equal(lookedUp(), 2)
  })

  test('of a new account are named in the language that its creation says, else in what it inherits', async () => {
    const { onboarding, made } = setUp({ locale: 'fr' })
    await onboarding.react(created('it'), caller)
    await onboarding.react(created(''), caller)
    assert.deepEqual(
      made.map(({ names }) => names[0]),
      ['Posta in arrivo', 'Boîte de réception'],
    )
  })

  test('are in English where nobody says a language', async () => {
    const { onboarding, made } = setUp({ locale: null })
    await onboarding.react(created(''), caller)
    assert.equal(made[0]!.names[0], 'Inbox')
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventLog, Notice } from '@relais/event-log'
import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { FollowedAccounts } from './followed-accounts.ts'

type Asked = { readonly accounts: readonly { readonly account: string }[]; readonly minPosition: number }

/** A log and a mail service with an inbox in every account, whose head is what a test says. */
const setUp = (maxIdle?: number) => {
  const heads = new Map<string, number>()
  const listeners = new Map<string, Set<(notice: Notice) => void>>()
  const asked: Asked[] = []
  const before: (() => void)[] = []
  let failure: Error | undefined
  const log = {
    head: async ({ account }: { account: string }) => heads.get(account) ?? 0,
    notices: ({ account }: { account: string }, listener: (notice: Notice) => void) => {
      const of = listeners.get(account) ?? new Set()
      listeners.set(account, of.add(listener))
      return { close: () => void of.delete(listener) }
    },
  } as unknown as EventLog
  const mail = {
    getHeads: async ({
      accounts,
      minPosition,
    }: Asked & { accounts: { tenant: string; account: string }[] }) => {
      asked.push({ accounts, minPosition })
      for (const one of before.splice(0)) one()
      if (failure) throw failure
      return {
        accounts: accounts.map((ref) => {
          const head = heads.get(ref.account) ?? 0
          return { ...ref, hierarchy: 1, collections: [{ collection: 'inbox', head }] }
        }),
      }
    },
  } as unknown as MailClient<CallExtras>
  const accounts = new FollowedAccounts({
    log,
    mail,
    clock: () => 0,
    ...(maxIdle === undefined ? {} : { maxIdle }),
  })
  const change = (account: string, position: number) => {
    const notice = {
      position,
      collections: ['inbox'],
      device: '',
      traceparent: '',
      at: 0,
    } as unknown as Notice
    for (const listener of listeners.get(account) ?? []) listener(notice)
  }
  return {
    ...{ accounts, asked, heads, change, listeners },
    beforeAnswer: (work: () => void) => void before.push(work),
    fail: (error: Error | undefined) => {
      failure = error
    },
  }
}

const ref = (account: string) => ({ tenant: 'acme', account })

test('an account is followed with the heads that it has', async () => {
  const { accounts, heads } = setUp()
  heads.set('anna', 7)
  const followed = await accounts.follow(ref('anna'))
  assert.deepEqual([followed.heads.get('inbox'), followed.hierarchy], [7, 1])
})

test('accounts that are begun at one moment are asked for in one call, that waits for the last of their positions', async () => {
  const { accounts, heads, asked } = setUp()
  const names = Array.from({ length: 40 }, (_, n) => `u${n}`)
  for (const [n, name] of names.entries()) heads.set(name, 100 + n)
  const followed = await Promise.all(names.map((name) => accounts.follow(ref(name))))
  assert.deepEqual(
    followed.map((one) => one.heads.get('inbox')),
    names.map((_, n) => 100 + n),
  )
  assert.equal(asked.length, 1)
  assert.equal(asked[0]?.minPosition, 139)
})

test('a call asks for at most five hundred of them', async () => {
  const { accounts, asked } = setUp()
  await Promise.all(Array.from({ length: 1201 }, (_, n) => accounts.follow(ref(`u${n}`))))
  assert.deepEqual(
    asked.map((one) => one.accounts.length),
    [500, 500, 201],
  )
})

test('one that is followed costs no call, and waits for none', async () => {
  const { accounts, asked } = setUp()
  const first = await accounts.follow(ref('anna'))
  assert.equal(await accounts.follow(ref('anna')), first)
  assert.equal(accounts.peek(ref('anna')), first)
  assert.equal(asked.length, 1)
})

test('two that ask for one account at once are both answered when its heads are there', async () => {
  const { accounts, asked, heads } = setUp()
  heads.set('anna', 3)
  const [one, two] = await Promise.all([accounts.follow(ref('anna')), accounts.follow(ref('anna'))])
  assert.equal(one, two)
  assert.equal(one.heads.get('inbox'), 3)
  assert.equal(asked.length, 1)
})

test('a change that comes while the heads are read is not lost, and an older answer does not undo it', async () => {
  const { accounts, heads, change, beforeAnswer } = setUp()
  heads.set('anna', 3)
  beforeAnswer(() => change('anna', 9))
  const followed = await accounts.follow(ref('anna'))
  assert.equal(followed.heads.get('inbox'), 9)
})

test('what can’t be read is told to all who asked, follows nothing, and is read anew for the next', async () => {
  const { accounts, fail, heads, listeners } = setUp()
  fail(new Error('mail is away'))
  const asking = ['anna', 'bob'].map((name) => accounts.follow(ref(name)))
  for (const one of asking) await assert.rejects(one, /mail is away/)
  assert.deepEqual([accounts.peek(ref('anna')), listeners.get('anna')?.size], [undefined, 0])
  fail(undefined)
  heads.set('anna', 5)
  assert.equal((await accounts.follow(ref('anna'))).heads.get('inbox'), 5)
})

test('of those that nothing waits for the ones used longest ago are forgotten', async () => {
  const { accounts, listeners } = setUp(2)
  const kept = await accounts.follow(ref('anna'))
  kept.listeners.add({ note: () => {} })
  await accounts.follow(ref('bob'))
  await accounts.follow(ref('carl'))
  await accounts.follow(ref('dora'))
  assert.equal(accounts.peek(ref('anna')), kept)
  assert.equal(accounts.peek(ref('bob')), undefined)
  assert.equal(listeners.get('bob')?.size, 0)
})

test('a slow re-check finds what no notice told, for those that something waits for', async () => {
  const { accounts, heads, asked } = setUp()
  const followed = await accounts.follow(ref('anna'))
  await accounts.follow(ref('bob'))
  const changes: number[] = []
  followed.listeners.add({ note: ({ position }) => changes.push(position) })
  heads.set('anna', 12)
  await accounts.recheck()
  assert.deepEqual(changes, [12])
  assert.deepEqual(
    asked.at(-1)?.accounts.map(({ account }) => account),
    ['anna'],
  )
})

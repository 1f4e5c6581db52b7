import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Notice } from '@relais/event-log'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras } from '@relais/service-kit'
import { KnownRecipients } from './known-recipients.ts'

type Asked = { readonly address: string; readonly minPosition: number }

/** A directory whose accounts a test may change, and what it was asked. */
const open = () => {
  const accounts = new Map([
    ['anna@acme.example', { tenant: 'acme', account: 'anna', state: 'active' }],
    ['a@acme.example', { tenant: 'acme', account: 'anna', state: 'active' }],
    ['ben@acme.example', { tenant: 'acme', account: 'ben', state: 'active' }],
    ['bob@beta.example', { tenant: 'beta', account: 'bob', state: 'active' }],
  ])
  const asked: Asked[] = []
  let answering: Promise<unknown> = Promise.resolve()
  const directory = {
    resolveAddresses: async ({ addresses: [address = ''], minPosition = 0 }) => {
      asked.push({ address, minPosition })
      const account = accounts.get(address)
      await answering
      return { addresses: [{ address, kind: account ? 'account' : 'no_account', account, detail: '' }] }
    },
  } as unknown as DirectoryClient<CallExtras>
  const listeners = new Set<(notice: Notice) => void>()
  const log = {
    notices: (filter: object, listener: (notice: Notice) => void) => {
      assert.deepEqual(filter, { service: 'directory' })
      listeners.add(listener)
      return { close: () => void listeners.delete(listener) }
    },
  }
  const clock = { now: 1_000_000 }
  const recipients = new KnownRecipients({ directory, log, clock: () => clock.now })
  let position = 0
  return {
    ...{ accounts, asked, clock, recipients, listeners },
    /** A commit of the directory. */
    tell: (tenant: string, account: string) => {
      position += 1
      for (const listener of listeners) listener({ position, tenant, account } as Notice)
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      answering = promise
      return resolve
    },
    findAll: async () => {
      const before = asked.length
      for (const address of accounts.keys()) await recipients.find(address)
      return asked.slice(before).map(({ address }) => address)
    },
  }
}

describe('a recipient', () => {
  test('is asked for once, and then remembered for a minute', async () => {
    const { recipients, asked, clock } = open()
    const anna = { address: 'anna@acme.example', tenant: 'acme', account: 'anna' }
    assert.deepEqual(await recipients.find('anna@acme.example'), anna)
    clock.now += 59_999
    assert.deepEqual(await recipients.find('anna@acme.example'), anna)
    assert.equal(asked.length, 1)
    clock.now += 1
    await recipients.find('anna@acme.example')
    assert.equal(asked.length, 2)
  })

  test('is forgotten at once when the directory says something of the account, by all its addresses', async () => {
    const { findAll, tell } = open()
    await findAll()
    assert.deepEqual(await findAll(), [])
    tell('acme', 'anna')
    assert.deepEqual(await findAll(), ['anna@acme.example', 'a@acme.example'])
  })

  test('is forgotten when the directory says something of the tenant, or of all', async () => {
    const { findAll, tell } = open()
    await findAll()
    tell('acme', '-')
    assert.deepEqual(await findAll(), ['anna@acme.example', 'a@acme.example', 'ben@acme.example'])
    tell('-', '-')
    assert.equal((await findAll()).length, 4)
  })

  test('of another tenant’s account of the same name stays', async () => {
    const { findAll, tell } = open()
    await findAll()
    tell('beta', 'anna')
    assert.deepEqual(await findAll(), [])
  })

  test('who was suspended is refused from the next message on', async () => {
    const { accounts, recipients, tell } = open()
    await recipients.find('ben@acme.example')
    accounts.set('ben@acme.example', { tenant: 'acme', account: 'ben', state: 'suspended' })
    tell('acme', 'ben')
    await assert.rejects(recipients.find('ben@acme.example'), { code: 'ACCOUNT_SUSPENDED' })
  })

  test('is asked for with the position of what was last heard, so that old rows don’t answer', async () => {
    const { recipients, asked, tell } = open()
    tell('acme', 'anna')
    tell('acme', 'anna')
    await recipients.find('anna@acme.example')
    assert.deepEqual(asked, [{ address: 'anna@acme.example', minPosition: 2 }])
  })

  test('of whom something is said while the answer is on its way is not remembered', async () => {
    const { recipients, asked, tell, hold } = open()
    const release = hold()
    const finding = recipients.find('anna@acme.example')
    tell('acme', 'anna')
    release()
    assert.equal((await finding).account, 'anna')
    await recipients.find('anna@acme.example')
    assert.deepEqual(
      asked.map(({ minPosition }) => minPosition),
      [0, 1],
    )
  })

  test('who is refused is asked for each time: the next one may be created', async () => {
    const { accounts, recipients } = open()
    await assert.rejects(recipients.find('new@acme.example'), { code: 'NO_ACCOUNT' })
    accounts.set('new@acme.example', { tenant: 'acme', account: 'new', state: 'active' })
    assert.equal((await recipients.find('new@acme.example')).account, 'new')
  })

  test('whose address went to another account gets no mail for it any more', async () => {
    const { accounts, recipients, tell } = open()
    await recipients.find('a@acme.example')
    accounts.set('a@acme.example', { tenant: 'acme', account: 'ben', state: 'active' })
    tell('acme', 'anna')
    tell('acme', 'ben')
    assert.equal((await recipients.find('a@acme.example')).account, 'ben')
  })

  test('is known while the directory doesn’t answer, as long as he is remembered', async () => {
    const { recipients, hold } = open()
    await recipients.find('anna@acme.example')
    hold()
    assert.equal((await recipients.find('anna@acme.example')).account, 'anna')
  })
})

test('closing ends what it listens to', () => {
  const { recipients, listeners } = open()
  recipients.close()
  assert.equal(listeners.size, 0)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { forBothTransports, temporaryFolder } from '@relais/testing'
import { fileScope, operator, service, startDirectory } from './start-directory.ts'

const scope = fileScope()

/** A directory for each transport, stopped at the end. */
const implementation = async () => {
  const started = await startDirectory(await temporaryFolder(scope))
  scope.after(() => started.stop())
  return started.directory.handlers
}

const admin = { identity: operator }
const gateway = { identity: service() }

forBothTransports(DirectoryDefinition, implementation, (transport) => {
  test('an installation is administered and signed in to', async () => {
    const { client } = transport
    const { tenant } = await client.createTenant({ name: 'Acme', domains: ['acme.example'] }, admin)
    assert.equal(tenant?.tenant, 'acme')
    const { accounts } = await client.createAccounts(
      {
        tenant: 'acme',
        throwAway: true,
        accounts: [
          { address: 'mike@acme.example', password: 'secret', attributes: { title: 'Dr.' } },
          { address: 'mike@acme.example' },
        ],
      },
      admin,
    )
    assert.deepEqual(
      accounts.map(({ code }) => code),
      ['', 'ADDRESS_TAKEN'],
    )
    const signedIn = await client.signIn(
      { login: 'acme.example\\Mike', password: 'secret', scope: 'eas', clientAddress: '::1' },
      gateway,
    )
    assert.equal(signedIn.account?.account, accounts[0]?.account)
    assert.deepEqual(signedIn.account?.attributes, { title: 'Dr.' })
  })

  test('what was not given is not changed, and what is empty is', async () => {
    const { client } = transport
    const { accounts } = await client.listAccounts({ tenant: 'acme' }, admin)
    const key = { tenant: 'acme', account: accounts[0]!.account }
    await client.updateAccount({ ...key, displayName: 'Mike', locale: 'de' }, admin)
    await client.updateAccount({ ...key, displayName: '' }, admin)
    const after = await client.getAccounts({ tenant: 'acme', accounts: [key.account] }, gateway)
    assert.deepEqual([after.accounts[0]?.displayName, after.accounts[0]?.locale], ['', 'de'])
  })

  test('an app password is made, used, listed and revoked', async () => {
    const { client } = transport
    const { accounts } = await client.listAccounts({ tenant: 'acme' }, admin)
    const key = { tenant: 'acme', account: accounts[0]!.account }
    const made = await client.createAppPassword({ ...key, name: 'phone', scopes: ['eas'] }, admin)
    assert.match(made.password, /^(?:[a-z]{4}-){3}[a-z]{4}$/)
    const signIn = () =>
      client.signIn({ login: 'mike@acme.example', password: made.password, scope: 'eas' }, gateway)
    assert.equal((await signIn()).appPassword, made.id)
    const { appPasswords } = await client.listAppPasswords(key, admin)
    assert.deepEqual(
      appPasswords.map(({ id, name, scopes }) => ({ id, name, scopes })),
      [{ id: made.id, name: 'phone', scopes: ['eas'] }],
    )
    assert.ok((appPasswords[0]?.lastUsedAt ?? 0) > 0)
    await client.revokeAppPassword({ ...key, id: made.id }, admin)
    await assert.rejects(signIn(), { code: 'BAD_CREDENTIALS', retryable: false })
  })

  test('a refusal carries its code, whether to try again, and when', async () => {
    const { client } = transport
    await assert.rejects(client.addDomain({ tenant: 'nobody', domain: 'x.example' }, admin), {
      code: 'NOT_FOUND',
      retryable: false,
    })
    const guesses = Array.from({ length: 30 }, (_, number) =>
      client.signIn(
        { login: 'mike@acme.example', password: `wrong ${number}`, clientAddress: '192.0.2.200' },
        gateway,
      ),
    )
    const outcomes = await Promise.allSettled(guesses)
    const slowed = outcomes.find(
      (outcome) => outcome.status === 'rejected' && outcome.reason.code === 'SIGN_IN_SLOWED',
    ) as PromiseRejectedResult
    assert.equal(slowed.reason.retryable, true)
    assert.ok(slowed.reason.retryAfterSeconds > 0 && slowed.reason.retryAfterSeconds <= 30)
  })

  test('a call without an identity may do nothing', async () => {
    await assert.rejects(transport.client.listTenants({}), { code: 'PERMISSION_DENIED' })
  })

  test('a position that never comes is waited for until the deadline', async () => {
    const { client } = transport
    const ask = client.getAccounts(
      { tenant: 'acme', accounts: [], minPosition: 1_000_000 },
      { ...gateway, timeoutMs: 50 },
    )
    await assert.rejects(ask, { code: 'DEADLINE_EXCEEDED', retryable: true })
  })

  test('an account goes with all it had', async () => {
    const { client } = transport
    const { accounts } = await client.listAccounts({ tenant: 'acme' }, admin)
    const { position } = await client.deleteAccount({ tenant: 'acme', account: accounts[0]!.account }, admin)
    assert.ok(position > 0)
    assert.deepEqual((await client.listAccounts({ tenant: 'acme' }, admin)).accounts, [])
    assert.equal((await client.listTenants({}, admin)).tenants[0]?.accounts, 0)
  })
})

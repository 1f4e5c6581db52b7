import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  DEFAULT_PASSWORD,
  EMPTY_PLAN,
  passwordOf,
  seedOf,
  withAccounts,
  withSettings,
  withTenant,
} from './plan.ts'

const ACME = withTenant(EMPTY_PLAN, 'Acme', ['acme.example', 'acme.test'])

describe('what an installation begins with', () => {
  test('accounts go to the tenant of their domain', () => {
    const two = withTenant(ACME, 'Other', ['other.example'])
    const { tenants } = withAccounts(two, ['anna@acme.example', 'ben@other.example', 'cleo@acme.test'])
    assert.deepEqual(
      tenants.map(({ name, accounts }) => [name, accounts.map(({ address }) => address)]),
      [
        ['Acme', ['anna@acme.example', 'cleo@acme.test']],
        ['Other', ['ben@other.example']],
      ],
    )
  })

  test('a domain is the same in capitals', () => {
    assert.equal(withAccounts(ACME, ['anna@ACME.example']).tenants[0]?.accounts.length, 1)
    assert.throws(() => withTenant(ACME, 'Again', ['Acme.Example']), /is a domain of the tenant Acme already/)
  })

  test('an account without a password has one that everybody knows, a given one stays', () => {
    const plan = withAccounts(ACME, [
      'anna@acme.example',
      { address: 'ben@acme.example', password: 'battery' },
    ])
    assert.equal(passwordOf(plan, 'anna@acme.example'), DEFAULT_PASSWORD)
    assert.equal(passwordOf(plan, 'ben@acme.example'), 'battery')
    assert.throws(() => passwordOf(plan, 'cleo@acme.example'), /cleo@acme\.example is none of the accounts/)
  })

  test('addresses of test.example need no tenant', () => {
    const { tenants } = withAccounts(EMPTY_PLAN, ['anna@test.example', 'ben@test.example'])
    assert.deepEqual(
      tenants.map(({ name, domains, accounts }) => [name, domains, accounts.length]),
      [['Test', ['test.example'], 2]],
    )
  })

  test('what can’t be is refused when it is said, not when it starts', () => {
    assert.throws(() => withTenant(EMPTY_PLAN, 'None', []), /the tenant None has no domain/)
    assert.throws(() => withAccounts(ACME, ['anna']), /anna is no address/)
    assert.throws(() => withAccounts(ACME, ['an na@acme.example']), /is no address/)
    assert.throws(() => withAccounts(ACME, ['anna@else.example']), /withTenant\('…', 'else\.example'\)/)
    assert.throws(() => withAccounts(ACME, ['anna@acme.example', 'anna@acme.example']), /given twice/)
  })

  test('a plan is never changed, only made anew', () => {
    const before = structuredClone(ACME)
    withAccounts(ACME, ['anna@acme.example'])
    withSettings(ACME, { RELAIS_MAX_REPEATS: '0' })
    assert.deepEqual(ACME, before)
  })

  test('every account that was given is in the seed, once, with its password', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/), { maxLength: 20 })
    fc.assert(
      fc.property(names, (locals) => {
        const accounts = locals.map((local, n) =>
          n % 2 === 0 ? `${local}@acme.example` : { address: `${local}@acme.test`, password: `p${n}` },
        )
        const plan = withAccounts(ACME, accounts)
        const { tenants } = JSON.parse(seedOf(plan))
        assert.deepEqual(
          tenants[0].accounts.map(({ address, password }: Record<string, string>) => [address, password]),
          locals.map((local, n) =>
            n % 2 === 0 ? [`${local}@acme.example`, DEFAULT_PASSWORD] : [`${local}@acme.test`, `p${n}`],
          ),
        )
      }),
    )
  })
})

describe('settings', () => {
  test('later ones go before earlier ones', () => {
    const once = withSettings(EMPTY_PLAN, { RELAIS_MAX_REPEATS: '10', RELAIS_LOG_LEVEL: 'warn' })
    assert.deepEqual(withSettings(once, { RELAIS_MAX_REPEATS: '0' }).settings, {
      RELAIS_MAX_REPEATS: '0',
      RELAIS_LOG_LEVEL: 'warn',
    })
  })

  test('what is no variable of Relais is refused', () => {
    assert.throws(() => withSettings(EMPTY_PLAN, { maxRepeats: '0' }), /maxRepeats is no variable of Relais/)
  })

  for (const name of ['RELAIS_DATA', 'RELAIS_PORT', 'RELAIS_SMTP_PORT', 'RELAIS_SEED', 'RELAIS_HOST'])
    test(`${name} is whoever’s starts it`, () => {
      assert.throws(() => withSettings(EMPTY_PLAN, { [name]: '1' }), /is set by whatever starts Relais/)
    })
})

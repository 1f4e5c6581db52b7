import { test } from 'node:test'
import { specify } from '@relais/testing'
import type { DirectoryEvent } from '../events.ts'
import { type CreateTenant, decideTenant, type TenantCommand } from './decide.ts'
import { evolveTenant, noTenant, type Tenant } from './tenant.ts'

const { given } = specify<Tenant, TenantCommand, DirectoryEvent>({
  initialState: noTenant,
  evolve: evolveTenant,
  decide: decideTenant,
})

const creation: CreateTenant = {
  type: 'CreateTenant',
  tenant: 'acme',
  name: 'Acme',
  epoch: 7,
  domains: [],
  settings: {},
  defaultTenant: false,
}
const created: DirectoryEvent = { type: 'TenantCreated', payload: { tenant: 'acme', name: 'Acme', epoch: 7 } }
const withDomain = (domain: string): DirectoryEvent => ({ type: 'DomainAdded', payload: { domain } })
const removed = (domain: string): DirectoryEvent => ({ type: 'DomainRemoved', payload: { domain } })
const suspended: DirectoryEvent = { type: 'TenantStateChanged', payload: { state: 'suspended' } }

test('a tenant is created with its domains in the form we keep, each once, its settings, and as the default', () => {
  given([])
    .when({
      ...creation,
      domains: ['Acme.Example', 'acme.example', 'xn--bcher-kva.de'],
      settings: { 'eas.enabled': 'false' },
      defaultTenant: true,
    })
    .then([
      created,
      withDomain('acme.example'),
      withDomain('bücher.de'),
      { type: 'TenantSettingsChanged', payload: { set: { 'eas.enabled': 'false' }, cleared: [] } },
      { type: 'DefaultTenantChosen', payload: {} },
    ])
})

test('a tenant is created once', () => given([created]).when(creation).thenRefused('ALREADY_EXISTS'))

for (const name of ['', '   ', 'a'.repeat(201), 'a\nb', 'a\0'])
  test(`a tenant isn't called ${JSON.stringify(name.slice(0, 10))}`, () =>
    given([])
      .when({ ...creation, name })
      .thenRefused('INVALID_ARGUMENT'))

test('a tenant with a domain that is none is not created', () =>
  given([])
    .when({ ...creation, domains: ['acme.example', 'acme example'] })
    .thenRefused('INVALID_ARGUMENT'))

test('a tenant with a setting that is unknown is not created', () =>
  given([])
    .when({ ...creation, settings: { x: 'y' } })
    .thenRefused('UNKNOWN_SETTING'))

test('a tenant has at most 1,000 domains', () => {
  const domains = Array.from({ length: 1001 }, (_, number) => `d${number}.example`)
  given([])
    .when({ ...creation, domains })
    .thenRefused('INVALID_ARGUMENT')
  given([created, ...domains.slice(1).map(withDomain)])
    .when({ type: 'AddDomain', domain: 'd0.example' })
    .thenRefused('INVALID_ARGUMENT')
})

test('a tenant is suspended once, and made active again', () => {
  given([created]).when({ type: 'SetTenantState', state: 'suspended' }).then([suspended])
  given([created, suspended]).when({ type: 'SetTenantState', state: 'suspended' }).then([])
  given([created, suspended])
    .when({ type: 'SetTenantState', state: 'active' })
    .then([{ type: 'TenantStateChanged', payload: { state: 'active' } }])
})

test('a state that a newer program made keeps people out, and can be changed', () => {
  const strange: DirectoryEvent = { type: 'TenantStateChanged', payload: { state: 'moving' } }
  given([created, strange]).when({ type: 'SetTenantState', state: 'suspended' }).then([])
})

test('there is no other state', () =>
  given([created]).when({ type: 'SetTenantState', state: 'locked' }).thenRefused('INVALID_ARGUMENT'))

test('a domain is added once, in whatever form it is given', () => {
  given([created])
    .when({ type: 'AddDomain', domain: 'BÜCHER.de' })
    .then([withDomain('bücher.de')])
  given([created, withDomain('bücher.de')])
    .when({ type: 'AddDomain', domain: 'xn--bcher-kva.de' })
    .then([])
})

test('a domain in use is not removed', () =>
  given([created, withDomain('acme.example')])
    .when({ type: 'RemoveDomain', domain: 'acme.example', used: true })
    .thenRefused('DOMAIN_IN_USE'))

test('a domain that nobody uses is removed, and can be added again', () => {
  const history = [created, withDomain('acme.example')]
  given(history)
    .when({ type: 'RemoveDomain', domain: 'ACME.example', used: false })
    .then([removed('acme.example')])
  given([...history, removed('acme.example')])
    .when({ type: 'AddDomain', domain: 'acme.example' })
    .then([withDomain('acme.example')])
})

test("what isn't the tenant's domain isn't removed", () =>
  given([created])
    .when({ type: 'RemoveDomain', domain: 'acme.example', used: false })
    .thenRefused('NOT_FOUND'))

test('settings are changed by what is new', () => {
  const change = { set: { locale: 'de', timeZone: 'Europe/Berlin' }, cleared: [] }
  const changed: DirectoryEvent = {
    type: 'TenantSettingsChanged',
    payload: { set: { locale: 'de' }, cleared: [] },
  }
  given([
    created,
    { type: 'TenantSettingsChanged', payload: { set: { timeZone: 'Europe/Berlin' }, cleared: [] } },
  ])
    .when({ type: 'ChangeTenantSettings', change })
    .then([changed])
  given([created, changed])
    .when({ type: 'ChangeTenantSettings', change: { set: {}, cleared: ['locale'] } })
    .then([{ type: 'TenantSettingsChanged', payload: { set: {}, cleared: ['locale'] } }])
})

for (const command of [
  { type: 'SetTenantState', state: 'suspended' },
  { type: 'AddDomain', domain: 'acme.example' },
  { type: 'RemoveDomain', domain: 'acme.example', used: false },
  { type: 'ChangeTenantSettings', change: { set: {}, cleared: [] } },
] as const satisfies readonly TenantCommand[])
  test(`${command.type} needs a tenant`, () => given([]).when(command).thenRefused('NOT_FOUND'))

test('a claim forfeited and an account erased are no business of the tenant itself', () => {
  given([{ type: 'ClaimForfeited', payload: {} }])
    .when(creation)
    .then([created])
  given([created, { type: 'AccountErased', payload: { account: 'u_1' } }])
    .when({ type: 'SetTenantState', state: 'suspended' })
    .then([suspended])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Identity } from '@relais/service-kit/call.ts'
import { requireMember, requireOperator, requireReader, requireService } from './permissions.ts'

const who = (kind: string, tenant: string, principal = ''): { identity: Identity } => ({
  identity: { tenant, actor: { kind, id: principal || kind, device: '' }, principal },
})

const operator = who('operator', '')
const tenantsOperator = who('operator', 'acme')
const service = who('service', '')
const tenantsService = who('service', 'acme')
const mike = who('account', 'acme', 'u_1')
const mikesPhone = who('device', 'acme', 'u_1')
const nobody = who('', '')
const namelessPerson = who('account', 'acme')

const everybody = {
  operator,
  tenantsOperator,
  service,
  tenantsService,
  mike,
  mikesPhone,
  nobody,
  namelessPerson,
}

type Who = keyof typeof everybody

/** Everybody is asked; those named are let in, all others aren't. */
const only = (allowed: readonly Who[], ask: (call: { identity: Identity }) => void) => {
  for (const [name, call] of Object.entries(everybody)) {
    if (allowed.includes(name as Who)) assert.doesNotThrow(() => ask(call), name)
    else assert.throws(() => ask(call), { code: 'PERMISSION_DENIED', retryable: false }, name)
  }
}

test('only operators of the whole installation administer it', () => only(['operator'], requireOperator))

test('services and operators ask about passwords and addresses', () =>
  only(['operator', 'service', 'tenantsService'], requireService))

test('an account is read by operators, services of its tenant, and itself', () =>
  only(['operator', 'service', 'tenantsService', 'mike', 'mikesPhone'], (call) =>
    requireReader(call, 'acme', ['u_1']),
  ))

test('an account of another tenant is read by nobody of this one', () =>
  only(['operator', 'service'], (call) => requireReader(call, 'other', ['u_1'])))

test('somebody else of the same tenant is not read by people', () =>
  only(['operator', 'service', 'tenantsService'], (call) => requireReader(call, 'acme', ['u_1', 'u_2'])))

test('the tenant itself is not read by people', () =>
  only(['operator', 'service', 'tenantsService'], (call) => requireReader(call, 'acme', [])))

test('the platform is read by operators and services that act in no tenant', () =>
  only(['operator', 'service'], (call) => requireReader(call, '', [])))

test('a person without a name is nobody, also where no name is asked for', () =>
  assert.throws(() => requireReader(namelessPerson, 'acme', ['']), { code: 'PERMISSION_DENIED' }))

test('the address list is for the people of its tenant, their devices, and services', () => {
  only(['operator', 'service', 'tenantsService', 'mike', 'mikesPhone'], (call) => requireMember(call, 'acme'))
  only(['operator', 'service'], (call) => requireMember(call, 'other'))
  only(['operator', 'service'], (call) => requireMember(call, ''))
})

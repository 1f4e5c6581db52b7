import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { addressOf, withoutSettings } from './local-relais.ts'
import { EMPTY_PLAN, withSettings } from './plan.ts'
import { COMMAND_LINE, environmentOf, NODE, RelaisContainer, stoppedUnless } from './relais-container.ts'

const ROOT = new URL('../../../', import.meta.url)
const reference = readFileSync(new URL('docs/reference/configuration.md', ROOT), 'utf8')

test('every variable that a container is told is one that Relais knows', () => {
  const own = Object.keys(environmentOf(EMPTY_PLAN)).filter((name) => name.startsWith('RELAIS_'))
  for (const name of own) assert.ok(reference.includes(`\`${name}\``), name)
})

test('a test’s settings are told, and go before nothing that the container needs', () => {
  const plan = withSettings(EMPTY_PLAN, { RELAIS_MAX_REPEATS: '0' })
  assert.equal(environmentOf(plan).RELAIS_MAX_REPEATS, '0')
  const forced = { ...plan, settings: { RELAIS_DATA: '/elsewhere' } }
  assert.equal(environmentOf(forced).RELAIS_DATA, '/tmp/data')
})

test('Node and the command line are where the image has them', () => {
  const dockerfile = readFileSync(new URL('deploy/image/Dockerfile', ROOT), 'utf8')
  assert.ok(dockerfile.includes(`"${NODE}"`))
  const [start] = COMMAND_LINE
  assert.ok(dockerfile.includes(`"${start}"`))
  assert.ok(existsSync(new URL(start.replace('/relais/', ''), ROOT)))
})

test('tenants and accounts are said one after the other', () => {
  const relais = new RelaisContainer()
    .withTenant('Acme', 'acme.example')
    .withAccounts('anna@acme.example', { address: 'ben@acme.example', name: 'Ben' })
  assert.ok(relais instanceof RelaisContainer)
})

test('a start that fails half-way leaves nothing', async () => {
  let stopped = 0
  const started = { stop: async () => void stopped++ }
  await assert.rejects(
    stoppedUnless(started, () => Promise.reject(new Error('no token'))),
    /no token/,
  )
  assert.equal(stopped, 1)
  assert.equal(await stoppedUnless(started, async () => 'well'), 'well')
  assert.equal(stopped, 1)
})

test('addresses of a ready file are read, IPv6 too', () => {
  assert.deepEqual(addressOf('127.0.0.1:2424'), { host: '127.0.0.1', port: 2424 })
  assert.deepEqual(addressOf('[::1]:2424'), { host: '::1', port: 2424 })
})

test('variables of Relais that the test’s own surroundings have are not passed on', () => {
  assert.deepEqual(withoutSettings({ RELAIS_TEST_FORM: 'cluster', PATH: '/bin' }), { PATH: '/bin' })
})

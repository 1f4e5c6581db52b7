import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { csvOf, environmentOf, keepsContent, SERVICES, type ServiceName, TLS_FILES } from './cluster-plan.ts'
import { EMPTY_PLAN, withAccounts, withSettings, withTenant } from './plan.ts'

/** What a service says when it is started where its certificate isn't. */
const complaintOf = async (service: ServiceName, env: NodeJS.ProcessEnv): Promise<string> => {
  const main = fileURLToPath(new URL(`../../../services/${service}/src/main.ts`, import.meta.url))
  const child = spawn(process.execPath, [main], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH, ...env, RELAIS_GRPC_PORT: '0', RELAIS_HEALTH_PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  await once(child, 'close')
  return said.trim()
}

describe('what a service’s container is told', () => {
  const everything = {
    RELAIS_MAX_REPEATS: '0',
    RELAIS_MAX_MESSAGE_BYTES: '1048576',
    RELAIS_SMARTHOST: 'smtp://localhost:2526',
    RELAIS_TRUSTED_PROXIES: '10.0.0.1',
    RELAIS_LOG_LEVEL: 'warn',
  }
  const plan = withSettings(EMPTY_PLAN, everything)

  for (const service of SERVICES)
    test(`${service} takes all of it, and lacks nothing but the certificate`, async () => {
      const complaint = await complaintOf(service, environmentOf(service, plan))
      assert.match(complaint, new RegExp(`${TLS_FILES.certificate}|${TLS_FILES.key}|${TLS_FILES.ca}`))
      assert.doesNotMatch(complaint, /must be set|isn’t known|is not known|unknown/)
    })

  test('a setting goes to the services that know it', () => {
    assert.equal(environmentOf('device-sync', plan).RELAIS_MAX_REPEATS, '0')
    assert.equal(environmentOf('mail', plan).RELAIS_MAX_REPEATS, undefined)
    for (const service of SERVICES) assert.equal(environmentOf(service, plan).RELAIS_LOG_LEVEL, 'warn')
  })

  test('all who keep messages keep them in one place', () => {
    assert.deepEqual(SERVICES.filter(keepsContent), ['mail-transport', 'mail', 'directory'])
  })
})

test('accounts are CSV as the command line reads it, whatever is in their passwords', () => {
  const accounts = [
    'anna@acme.example',
    { address: 'ben@acme.example', password: 'a "b", c', name: 'Ben, the second' },
  ]
  const [tenant] = withAccounts(withTenant(EMPTY_PLAN, 'Acme', ['acme.example']), accounts).tenants
  assert.equal(
    csvOf(tenant?.accounts ?? []),
    [
      '"address","password","name"',
      '"anna@acme.example","relais-test",""',
      '"ben@acme.example","a ""b"", c","Ben, the second"',
    ].join('\n'),
  )
})

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { loadConfiguration } from '@relais/service-kit/configuration/load.ts'
import { EXAMPLES, PATIENCE, podsOf, type Rendered, ROOT, render, whyNoHelm } from './helm.ts'

const images = { nats: 'nats:2.15.2', postgres: 'postgres:18.4', s3: 'versitygw:1.8.0' }
const FORMS = [
  ...EXAMPLES.map((example) => ({ name: `the example ${example}`, order: { example } })),
  { name: 'the trial', order: { values: { trial: { enabled: true, images } } } },
]

let missing: string | undefined
before(async () => {
  missing = await whyNoHelm()
}, PATIENCE)

type Variable = { readonly name: string; readonly value?: string }

/** What a Secret of the operator's says in place of this variable. */
const SECRET: Readonly<Record<string, string>> = {
  RELAIS_LOG_URL: 'postgres://relais:secret@db.example:5432/log',
  RELAIS_ROWS_URL: 'postgres://relais:secret@db.example:5432/rows',
  RELAIS_SMARTHOST: 'smtp://user:password@mail.example:587',
  RELAIS_BLOBS_ACCESS_KEY: 'key',
  RELAIS_BLOBS_SECRET_KEY: 'secret',
}

const told = async (pod: Rendered): Promise<Record<string, unknown>> => {
  const service = pod.metadata.labels?.['app.kubernetes.io/component']
  const { settings } = await import(pathToFileURL(join(ROOT, `services/${service}/src/settings.ts`)).href)
  const variables: Variable[] = pod.spec.template.spec.containers[0].env
  const env = Object.fromEntries(variables.map(({ name, value }) => [name, value ?? SECRET[name]]))
  const loaded = loadConfiguration(settings, { argv: [], env, command: 'relais', summary: '' })
  assert.equal(loaded.kind, 'configuration')
  return (loaded as { value: Record<string, unknown> }).value
}

for (const { name, order } of FORMS)
  test(`every service takes what ${name} tells it`, async (context) => {
    if (missing !== undefined) return context.skip(missing)
    for (const pod of podsOf(await render(order))) {
      const { tls } = await told(pod)
      assert.deepEqual(tls, {
        certificate: '/secrets/tls/tls.crt',
        key: '/secrets/tls/tls.key',
        ca: '/secrets/tls/ca.crt',
      })
    }
  })

test('what an operator says arrives where it is meant for', async (context) => {
  if (missing !== undefined) return context.skip(missing)
  const objects = await render({
    example: 'shared',
    values: {
      maxMessageBytes: 26_214_400,
      deviceSync: { publicUrl: 'https://push.example', incarnation: 7, graceSeconds: 60 },
      mailService: { proxyProtocolFrom: ['10.0.0.0/8', 'fd00::/8'] },
      mailTransport: { serverName: 'mx.example', extraEnv: [{ name: 'RELAIS_HOST', value: '0.0.0.0' }] },
    },
  })
  const of = (service: string) => {
    const found = podsOf(objects).find(({ metadata }) => metadata.name === `relais-${service}`)
    assert.ok(found)
    return told(found)
  }
  const { publicUrl, incarnation, graceSeconds, trustedProxies, maxMessageBytes } = await of('device-sync')
  assert.deepEqual(
    [publicUrl, incarnation, graceSeconds, trustedProxies, maxMessageBytes],
    ['https://push.example', 7, 60, ['10.0.0.0/8'], 26_214_400],
  )
  const { serverName, host, smarthost, spoolFolder, proxyProtocolFrom } = await of('mail-transport')
  assert.deepEqual(proxyProtocolFrom, ['10.0.0.0/8', 'fd00::/8'])
  assert.deepEqual(
    [serverName, host, smarthost, spoolFolder],
    ['mx.example', '0.0.0.0', SECRET.RELAIS_SMARTHOST, '/spool'],
  )
  const { peers } = await of('administration')
  assert.deepEqual(peers, {
    directory: 'relais-directory:7400',
    mail: 'relais-mail:7400',
    mailTransport: 'relais-mail-transport:7400',
    deviceSync: ['relais-device-sync-each:7400'],
  })
})

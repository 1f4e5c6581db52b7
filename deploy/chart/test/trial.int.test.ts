import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { before, test } from 'node:test'
import { servicesIn } from '@relais/service-kit/transport/peer-name.ts'
import { PATIENCE, podsOf, type Rendered, render, whyNoHelm } from './helm.ts'
import { faultsOf } from './schemas.ts'

const images = { nats: 'nats:2.15.2', postgres: 'postgres:18.4', s3: 'versitygw:1.8.0' }
const values = { trial: { enabled: true, images } }

let missing: string | undefined
let objects: readonly Rendered[] = []
before(async () => {
  missing = await whyNoHelm()
  if (missing === undefined) objects = await render({ values })
}, PATIENCE)

const rule = (name: string, body: () => Promise<void> | void) =>
  test(name, (context) => (missing === undefined ? body() : context.skip(missing)))

const named = (kind: string, name: string) =>
  objects.find((one) => one.kind === kind && one.metadata.name === name)
const environment = (service: string): Record<string, Rendered> =>
  Object.fromEntries(
    named('Deployment', `relais-${service}`)?.spec.template.spec.containers[0].env.map((one: Rendered) => [
      one.name,
      one,
    ]),
  )

rule('needs nothing but images, and is valid by Kubernetes’ own schemas', () => {
  assert.deepEqual(objects.flatMap(faultsOf), [])
  assert.equal(podsOf(objects).length, 5)
})

rule('is marked: every object of it says that it is not for production', () => {
  const marked = objects.filter(({ metadata }) => metadata.labels?.['relais/trial'] === 'not-for-production')
  const servers = objects.filter(({ metadata }) => metadata.name.startsWith('relais-trial'))
  assert.ok(servers.length >= 9)
  assert.deepEqual(marked, servers)
})

rule('no password has a default: each installation makes its own', async () => {
  const secretOf = (rendered: readonly Rendered[]) =>
    rendered.find(({ stringData }) => stringData)?.stringData
  const [one, other] = [secretOf(objects), secretOf(await render({ values }))]
  for (const [key, value] of Object.entries<string>(one)) {
    assert.ok(value.length >= 32, key)
    assert.notEqual(value, other[key], key)
  }
})

const certificateOf = (name: string) => {
  const data = named('Secret', `relais-trial-tls-${name}`)?.data
  const read = (key: string) => Buffer.from(data[key], 'base64').toString()
  return {
    certificate: new X509Certificate(read('tls.crt')),
    ca: new X509Certificate(read('ca.crt')),
    key: read('tls.key'),
  }
}

rule('each service gets a certificate that names it alone, of one authority, without cert-manager', () => {
  assert.ok(objects.every(({ apiVersion }) => !apiVersion.startsWith('cert-manager.io')))
  for (const service of ['directory', 'mail', 'mail-transport', 'device-sync', 'administration']) {
    const { certificate, ca, key } = certificateOf(service)
    assert.deepEqual(servicesIn(certificate.subjectAltName), [service])
    assert.ok(certificate.verify(ca.publicKey) && certificate.checkPrivateKey(createPrivateKey(key)))
    assert.equal(ca.fingerprint256, certificateOf('mail').ca.fingerprint256)
  }
})

rule('administrators are shown a certificate that names no service', () => {
  const { certificate } = certificateOf('public')
  assert.deepEqual(servicesIn(certificate.subjectAltName), [])
  assert.equal(certificate.checkHost('relais-admin'), 'relais-admin')
})

rule('its servers run by the restricted profile, too', () => {
  for (const { spec, metadata } of objects.filter(({ kind }) => kind === 'StatefulSet')) {
    const pod = spec.template.spec
    assert.equal(pod.securityContext.runAsNonRoot, true, metadata.name)
    assert.deepEqual(pod.containers[0].securityContext.capabilities, { drop: ['ALL'] })
    assert.equal(pod.containers[0].securityContext.readOnlyRootFilesystem, true)
    assert.ok(pod.containers[0].resources.limits.memory)
    assert.equal(pod.automountServiceAccountToken, false)
  }
})

rule('services are told of its servers, where they are', () => {
  const mail = environment('mail')
  const services = objects.filter(({ kind }) => kind === 'Service')
  for (const [name, url] of [
    ['RELAIS_LOG_URL', mail.RELAIS_LOG_URL?.value],
    ['RELAIS_LOG_MONITORING', mail.RELAIS_LOG_MONITORING?.value],
    ['RELAIS_BLOBS_ENDPOINT', mail.RELAIS_BLOBS_ENDPOINT?.value],
  ] as const) {
    const { hostname, port } = new URL(url)
    const service = services.find(({ metadata }) => metadata.name === hostname)
    assert.ok(
      service?.spec.ports.some((one: { port: number }) => String(one.port) === port),
      name,
    )
  }
  const rows = mail.RELAIS_ROWS_URL?.valueFrom.secretKeyRef
  const url = new URL(named('Secret', rows.name)?.stringData[rows.key])
  assert.ok(services.some(({ metadata }) => metadata.name === url.hostname))
  assert.equal(mail.RELAIS_LOG_REPLICAS?.value, '1')
})

rule('what is told of secrets is in the Secret that it makes', () => {
  const secret = named('Secret', 'relais-trial')
  for (const pod of podsOf(objects))
    for (const { valueFrom } of pod.spec.template.spec.containers[0].env)
      if (valueFrom) assert.ok(secret?.stringData[valueFrom.secretKeyRef.key], valueFrom.secretKeyRef.key)
})

rule('nobody but Relais’ pods reaches its servers, where networks enforce it', () => {
  const policy = named('NetworkPolicy', 'relais-trial-network')
  assert.deepEqual(policy?.spec.policyTypes, ['Ingress', 'Egress'])
  assert.equal(policy?.spec.ingress[0].from[0].podSelector.matchLabels['app.kubernetes.io/name'], 'relais')
})

rule('without an image it is refused, in words', async () => {
  await assert.rejects(render({ values: { trial: { enabled: true } } }), /trial\.images\.\w+: the image/)
})

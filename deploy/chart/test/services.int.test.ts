import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { EXAMPLES, PATIENCE, podsOf, type Rendered, ROOT, render, whyNoHelm } from './helm.ts'
import { faultsOf } from './schemas.ts'

let missing: string | undefined
const rendered = new Map<string, readonly Rendered[]>()
before(async () => {
  missing = await whyNoHelm()
  if (missing === undefined) for (const example of EXAMPLES) rendered.set(example, await render({ example }))
}, PATIENCE)

const rule = (name: string, body: () => Promise<void> | void) =>
  test(name, (context) => (missing === undefined ? body() : context.skip(missing)))

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Settings of each service, by the page that is made of them: variable → default. */
const settings = (): Map<string, Map<string, string>> => {
  const sections = read('docs/reference/pods.md').split(/^## /m).slice(1)
  const row = /^\| `\S+` \| `[^`]+` \| `(RELAIS_\w+)` \| (?:`([^`]*)`)?/gm
  return new Map(
    sections.map((section) => [
      section.slice(0, section.indexOf('\n')),
      new Map([...section.matchAll(row)].map(([, name = '', fallback = '']) => [name, fallback])),
    ]),
  )
}

const serviceOf = ({ metadata }: Rendered) => metadata.labels?.['app.kubernetes.io/component'] ?? ''
const environmentOf = ({ spec }: Rendered): { name: string; value?: string }[] =>
  spec.template.spec.containers[0].env

rule('every service is told only what it knows', () => {
  const known = settings()
  for (const objects of rendered.values())
    for (const pod of podsOf(objects))
      for (const { name } of environmentOf(pod).filter(({ name }) => name.startsWith('RELAIS_')))
        assert.ok(known.get(serviceOf(pod))?.has(name), `${serviceOf(pod)} knows no ${name}`)
})

rule('only the service in which phones wait has a small young generation', () => {
  for (const pod of podsOf(rendered.get('shared') ?? [])) {
    const options = environmentOf(pod).find(({ name }) => name === 'NODE_OPTIONS')?.value
    assert.equal(options, serviceOf(pod) === 'device-sync' ? '--max-semi-space-size=4' : undefined)
  }
})

rule('the ports of pods are those that services listen on when they are told nothing', () => {
  const variables = {
    grpc: 'GRPC',
    probes: 'HEALTH',
    phones: 'PHONES',
    lmtp: 'LMTP',
    smtp: 'SMTP',
    submission: 'SUBMISSION',
    admin: 'ADMIN',
  }
  const known = settings()
  for (const pod of podsOf(rendered.get('shared') ?? []))
    for (const { name, containerPort } of pod.spec.template.spec.containers[0].ports)
      assert.equal(
        known.get(serviceOf(pod))?.get(`RELAIS_${variables[name as keyof typeof variables]}_PORT`),
        String(containerPort),
        `${serviceOf(pod)} ${name}`,
      )
})

rule('every file that a service is told of lies in a folder that it sees', () => {
  for (const objects of rendered.values())
    for (const pod of podsOf(objects)) {
      const mounts = pod.spec.template.spec.containers[0].volumeMounts.map(
        (mount: Rendered) => mount.mountPath,
      )
      for (const { name, value = '' } of environmentOf(pod))
        if (value.startsWith('/'))
          assert.ok(
            mounts.some((mount: string) => value.startsWith(mount)),
            name,
          )
    }
})

/** Who is let in by whom, by the services' own sources. */
const callers = (): string[] =>
  readdirSync(join(ROOT, 'services'))
    .filter((service) => readdirSync(join(ROOT, 'services', service, 'src')).includes('pod.ts'))
    .flatMap((service) =>
      [
        ...(/callers: \[([^\]]*)\]/.exec(read(`services/${service}/src/pod.ts`))?.[1] ?? '').matchAll(
          /'([^']+)'/g,
        ),
      ].map(([, caller]) => `${caller} to ${service}`),
    )
    .sort()

const componentOf = (selector: Rendered) => selector.matchLabels['app.kubernetes.io/component']

rule(
  'the network lets pass exactly the calls that services take from each other, out of the one and into the other',
  () => {
    const policies = (rendered.get('shared') ?? []).filter(({ kind }) => kind === 'NetworkPolicy')
    const grpc = (rule: Rendered) => rule.ports.some(({ port }: { port: number }) => port === 7400)
    const into = policies.flatMap(({ spec }) =>
      (spec.ingress ?? [])
        .filter(grpc)
        .map(
          (one: Rendered) => `${componentOf(one.from[0].podSelector)} to ${componentOf(spec.podSelector)}`,
        ),
    )
    const out = policies.flatMap(({ spec }) =>
      (spec.egress ?? [])
        .filter(grpc)
        .map((one: Rendered) => `${componentOf(spec.podSelector)} to ${componentOf(one.to[0].podSelector)}`),
    )
    assert.deepEqual(into.sort(), callers())
    assert.deepEqual(out.sort(), callers())
  },
)

rule('what no policy names is closed for every pod, in both directions', () => {
  for (const objects of rendered.values()) {
    const deny = objects.find(({ metadata }) => metadata.name === 'relais-deny-all')
    assert.deepEqual(deny?.spec.policyTypes, ['Ingress', 'Egress'])
    assert.equal(deny?.spec.ingress ?? deny?.spec.egress, undefined)
    for (const { spec } of podsOf(objects))
      for (const [key, value] of Object.entries(deny?.spec.podSelector.matchLabels))
        assert.equal(spec.template.metadata.labels[key], value)
  }
})

rule('a selector chooses the pods of one service alone', () => {
  const objects = rendered.get('shared') ?? []
  for (const { kind, spec, metadata } of objects)
    if (kind === 'Service') {
      const chosen = podsOf(objects).filter((pod) =>
        Object.entries(spec.selector).every(
          ([key, value]) => pod.spec.template.metadata.labels[key] === value,
        ),
      )
      assert.equal(chosen.length, 1, metadata.name)
      const names = chosen[0]?.spec.template.spec.containers[0].ports.map(
        (port: { name: string }) => port.name,
      )
      for (const { targetPort } of spec.ports)
        assert.ok(names.includes(targetPort), `${metadata.name} ${targetPort}`)
    }
})

rule(
  'device-sync is scaled slowly down, by held requests where KEDA is, and its replicas are left to the scaler',
  () => {
    const objects = rendered.get('shared') ?? []
    const scaled = objects.find(({ kind }) => kind === 'ScaledObject')
    assert.ok(scaled)
    const { scaleDown } = scaled.spec.advanced.horizontalPodAutoscalerConfig.behavior
    assert.ok(scaleDown.stabilizationWindowSeconds >= 300)
    assert.equal(scaleDown.policies[0].value, 1)
    const held = scaled.spec.triggers.find(({ type }: { type: string }) => type === 'metrics-api').metadata
    assert.equal(held.valueLocation, 'relais_held_requests')
    assert.match(held.url, /:7480\//)
    const figures = objects.find(({ metadata }) => metadata.name === 'relais-figures')
    assert.match(JSON.stringify(figures?.spec.ingress), /"kubernetes.io\/metadata.name":"keda"/)
    const of = (name: string) => podsOf(objects).find(({ metadata }) => metadata.name === name)
    assert.equal(of('relais-device-sync')?.spec.replicas, undefined)
    assert.equal(of('relais-mail')?.spec.replicas, 1)
  },
)

rule('a service that may run twice is scaled by its processor time where that is said', async () => {
  const autoscaling = { enabled: true, cpuPercent: 60 }
  const values = { directory: { autoscaling }, administration: { autoscaling } }
  const objects = await render({ example: 'local', values })
  const scalers = objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
  const shown = scalers.map(({ spec }) => [spec.scaleTargetRef.name, spec.minReplicas, spec.maxReplicas])
  assert.deepEqual(shown.sort(), [
    ['relais-administration', 1, 2],
    ['relais-directory', 1, 2],
  ])
  for (const { spec } of scalers)
    assert.equal(spec.metrics[0].resource.target.averageUtilization, autoscaling.cpuPercent)
  const scaled = podsOf(objects).filter(({ spec }) => spec.replicas === undefined)
  assert.deepEqual(scaled.map(serviceOf).sort(), ['administration', 'directory'])
  for (const object of scalers) assert.deepEqual(faultsOf(object), [])
})

rule('what may be one at a time is replaced without waiting for the next to be ready', () => {
  for (const pod of podsOf(rendered.get('shared') ?? []))
    assert.equal(
      pod.spec.strategy.rollingUpdate.maxUnavailable,
      ['mail', 'mail-transport'].includes(serviceOf(pod)) ? 1 : 0,
      serviceOf(pod),
    )
})

rule('certificates name their service by its URI, for both ends of a call', () => {
  const made = (rendered.get('shared') ?? []).filter(({ kind, spec }) => kind === 'Certificate' && !spec.isCA)
  assert.deepEqual(
    made.map(({ spec }) => spec.uris[0]).sort(),
    podsOf(rendered.get('shared') ?? [])
      .map((pod) => `urn:relais:service:${serviceOf(pod)}`)
      .sort(),
  )
  for (const { spec } of made)
    assert.deepEqual(spec.usages, ['digital signature', 'server auth', 'client auth'])
})

rule('what is merged lies over its object, and further objects are filled in', async () => {
  const objects = await render({
    example: 'local',
    values: {
      merge: { 'Deployment/mail': { spec: { template: { spec: { priorityClassName: 'high' } } } } },
      extraObjects: [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: '{{ .Release.Name }}-more' },
          data: { a: 'b' },
        },
      ],
      commonAnnotations: { owner: 'mail-team' },
      global: { imageRegistry: 'mirror.example:5000', imagePullSecrets: ['pull'], ofAnotherChart: 1 },
    },
  })
  const mail = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'relais-mail')
  assert.equal(mail?.spec.template.spec.priorityClassName, 'high')
  assert.equal(mail?.spec.template.spec.containers.length, 1)
  assert.equal(mail?.metadata.annotations?.owner, 'mail-team')
  assert.match(mail?.spec.template.spec.containers[0].image, /^mirror\.example:5000\/localhost\/relais@/)
  assert.deepEqual(mail?.spec.template.spec.imagePullSecrets, [{ name: 'pull' }])
  assert.ok(objects.some(({ metadata }) => metadata.name === 'relais-more'))
  assert.deepEqual(objects.flatMap(faultsOf), [])
})

rule('every way in and out of it can be turned off', async () => {
  const off = { enabled: false }
  const objects = await render({
    example: 'local',
    values: {
      ...{
        networkPolicy: off,
        podDisruptionBudget: off,
        ingress: off,
        serviceAccount: { create: false, name: 'mine' },
      },
      mailService: { smtp: false, submission: false, lmtp: false },
    },
  })
  assert.deepEqual([...new Set(objects.map(({ kind }) => kind))].sort(), ['Deployment', 'Service'])
  for (const { spec } of podsOf(objects)) assert.equal(spec.template.spec.serviceAccountName, 'mine')
})

rule('a wrong field is found by Kubernetes’ schemas', () => {
  const [pod] = podsOf(rendered.get('local') ?? [])
  assert.ok(pod)
  assert.match(faultsOf({ ...pod, spec: { ...pod.spec, replica: 1 } })[0] ?? '', /replica/)
  assert.match(faultsOf({ ...pod, kind: 'Deploiment' })[0] ?? '', /no schema is known/)
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Cluster } from '@relais/kubernetes/cluster.ts'
import { givenCluster, imageOf, loadImages, SMALL, TAG, trialValues } from './given.ts'
import { Installation } from './installation.ts'
import { reachedFrom, type Target } from './reach.ts'

/** Whom each service calls (docs/explanation/architecture.md), what it keeps things in, and what it listens to. */
const GRAPH = {
  directory: { calls: [], servers: ['nats', 'postgres', 's3'], ports: [] },
  mail: { calls: ['directory'], servers: ['nats', 'postgres', 's3'], ports: [] },
  'mail-transport': {
    calls: ['directory', 'mail'],
    servers: ['nats', 'postgres', 's3'],
    ports: [2424, 2525, 2587],
  },
  'device-sync': { calls: ['directory', 'mail'], servers: ['nats', 'postgres'], ports: [8080] },
  administration: {
    calls: ['directory', 'mail', 'mail-transport', 'device-sync'],
    servers: [],
    ports: [8090],
  },
} as const
type Service = keyof typeof GRAPH
const SERVICES = Object.keys(GRAPH) as Service[]
const SERVERS = { nats: [4222, 8222], postgres: [5432], s3: [7070] } as const
const STRANGER = { namespace: 'elsewhere', name: 'stranger' }

let cluster: Cluster
let installation: Installation
const podOf = new Map<string, { name: string; ip: string }>()
let targets: readonly Target[]

before(async () => {
  cluster = await givenCluster()
  await loadImages(cluster)
  installation = new Installation(cluster, 'closed')
  await installation.makeNamespace()
  const one = { deviceSync: { replicas: 1, autoscaling: SMALL.deviceSync.autoscaling } }
  // Else everybody may come to the ports for people and figures, and names may be asked for anywhere.
  const shut = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'nowhere' } } }
  const names = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }
  const networkPolicy = {
    ...{
      gateway: [shut],
      administrators: [shut],
      mailClients: [shut],
      lmtpClients: [shut],
      monitoring: [shut],
    },
    ...{ dns: [names], log: [TRIAL], rows: [TRIAL], blobs: [TRIAL] },
  }
  await installation.install([await trialValues(), one, imageOf(TAG), { networkPolicy }])
  await startStranger()
  for (const service of SERVICES) remember(service, await installation.pods(service))
  for (const server of Object.keys(SERVERS)) remember(server, await installation.pods(server))
  targets = allTargets()
})
after(async () => {
  await installation.uninstall().catch(() => {})
  installation.close()
})

/** The trial's servers, as a peer. */
const TRIAL = { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'relais-trial' } } }

const remember = (name: string, [pod]: Awaited<ReturnType<Installation['pods']>>) => {
  if (pod === undefined) throw new Error(`there is no pod of ${name}`)
  podOf.set(name, { name: pod.metadata.name, ip: pod.status.podIP })
}

const startStranger = async () => {
  const container = {
    ...{ name: 'stranger', image: `localhost/relais:${TAG}`, imagePullPolicy: 'Never' },
    command: ['/usr/bin/node', '-e', "require('node:net').createServer().listen(7400)"],
  }
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: STRANGER.namespace } },
    { apiVersion: 'v1', kind: 'Pod', metadata: STRANGER, spec: { containers: [container] } },
  ])
  const wait = [
    '-n',
    STRANGER.namespace,
    'wait',
    '--for=condition=Ready',
    `pod/${STRANGER.name}`,
    '--timeout=60s',
  ]
  await cluster.kubectl(wait)
  const ip = await cluster.kubectl([
    '-n',
    STRANGER.namespace,
    'get',
    'pod',
    STRANGER.name,
    '-o',
    'jsonpath={.status.podIP}',
  ])
  podOf.set('stranger', { name: STRANGER.name, ip })
}

const allTargets = (): readonly Target[] => [
  ...SERVICES.flatMap((service) =>
    [7400, 7480, ...GRAPH[service].ports].map((port) => target(service, port)),
  ),
  ...Object.entries(SERVERS).flatMap(([server, ports]) => ports.map((port) => target(server, port))),
  target('stranger', 7400),
  { name: 'the API server', host: '10.250.0.1', port: 6443 },
]
const target = (name: string, port: number): Target => ({
  ...{ name: `${name}:${port}`, host: podOf.get(name)?.ip ?? '', port },
})

/** What the graph says that a service reaches, but for itself. */
const wanted = (service: Service): readonly string[] => [
  ...GRAPH[service].calls.map((one) => `${one}:7400`),
  ...GRAPH[service].servers.flatMap((server) => SERVERS[server].map((port) => `${server}:${port}`)),
]
const reached = async (service: Service) => {
  const pod = { namespace: installation.namespace, name: podOf.get(service)?.name ?? '' }
  const found = await reachedFrom(installation, pod, targets)
  return found.filter((name) => !name.startsWith(`${service}:`)).sort()
}

for (const service of SERVICES)
  test(`${service} reaches whom it calls and its servers, and nobody else`, async () => {
    assert.deepEqual(await reached(service), [...wanted(service)].sort())
  })

test('a pod of another namespace reaches nothing of it', async () => {
  const found = await reachedFrom(installation, STRANGER, targets)
  assert.deepEqual(
    found.filter((name) => name !== 'the API server'),
    ['stranger:7400'],
  )
})

const EDGES = SERVICES.flatMap((from) => GRAPH[from].calls.map((to) => [from, to] as const))

for (const [from, to] of EDGES)
  test(`the edge from ${from} to ${to} is open by its own policies alone`, async () => {
    for (const side of ['out', 'in']) {
      const name = `relais-${from}-to-${to}-${side}`
      const policy = JSON.parse(await installation.kubectl('get', 'networkpolicy', name, '-o', 'json'))
      await installation.kubectl('delete', 'networkpolicy', name)
      const { metadata, ...rest } = policy
      const plain = {
        namespace: metadata.namespace,
        name,
        labels: metadata.labels,
        annotations: metadata.annotations,
      }
      try {
        await settled(
          from,
          wanted(from).filter((one) => one !== `${to}:7400`),
        )
      } finally {
        await cluster.apply([{ ...rest, metadata: plain }])
      }
      await settled(from, wanted(from))
    }
  })

const TRIES = 10

/** The enforcer needs a moment for a change. */
const settled = async (from: Service, names: readonly string[]) => {
  const sorted = [...names].sort()
  let found: readonly string[] = []
  for (let tries = 0; tries < TRIES; tries++) {
    found = await reached(from)
    if (found.join() === sorted.join()) return
  }
  assert.deepEqual(found, sorted)
}

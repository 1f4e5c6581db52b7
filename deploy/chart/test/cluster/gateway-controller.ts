import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '@relais/kubernetes/cluster.ts'
import { gatewayImage } from '@relais/kubernetes/images.ts'
import type { KubernetesObject } from '@relais/kubernetes/in-cluster.ts'
import { publishedFiles } from '@relais/kubernetes/published-files.ts'
import { ProgramMissingError } from '@relais/servers'
import { parseAllDocuments } from 'yaml'

export const GATEWAY_NAMESPACE = 'gateway'
export const GATEWAY_CLASS = 'traefik'
const GROUP = 'gateway.networking.k8s.io'
const NAME = 'traefik'
const HTTPS = 443
const PING = 9000

/** In one line; undefined: nothing. Builds what isn't built yet. */
export const whyNoGateway = (): Promise<string | undefined> =>
  gatewayImage().then(
    () => undefined,
    (error: Error) => {
      if (!(error instanceof ProgramMissingError)) throw error
      return error.message.split('\n')[0]
    },
  )

/** Gateway API's own kinds, in the version that the controller is made for. */
const KINDS = [
  'gatewayclasses',
  'gateways',
  'httproutes',
  'grpcroutes',
  'referencegrants',
  'backendtlspolicies',
]

const publishedKinds = async (): Promise<readonly KubernetesObject[]> => {
  const folder = join(await publishedFiles('traefik', 'sigs.k8s.io/gateway-api'), 'config/crd/standard')
  return KINDS.flatMap((kind) =>
    parseAllDocuments(readFileSync(join(folder, `${GROUP}_${kind}.yaml`), 'utf8')).map((one) => one.toJS()),
  )
}

const namespaced = { namespace: GATEWAY_NAMESPACE }
const LABELS = { app: NAME }

/** As Traefik's documentation has it: it reads routes, and says of them what has become of them. */
const RIGHTS = [
  { apiGroups: [''], resources: ['namespaces', 'services', 'secrets', 'configmaps', 'nodes'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
  { apiGroups: [GROUP], resources: KINDS },
].map((rule) => ({ ...rule, verbs: ['get', 'list', 'watch'] }))
const TELLS = {
  apiGroups: [GROUP],
  resources: KINDS.map((kind) => `${kind}/status`),
  verbs: ['update', 'patch'],
}

const controller = (image: string): readonly KubernetesObject[] => [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: GATEWAY_NAMESPACE } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, ...namespaced } },
  {
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: NAME } },
    rules: [...RIGHTS, TELLS],
  },
  {
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: NAME } },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
    subjects: [{ kind: 'ServiceAccount', name: NAME, ...namespaced }],
  },
  {
    ...{ apiVersion: `${GROUP}/v1`, kind: 'GatewayClass', metadata: { name: GATEWAY_CLASS } },
    spec: { controllerName: 'traefik.io/gateway-controller' },
  },
  {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: NAME, ...namespaced } },
    spec: {
      replicas: 1,
      selector: { matchLabels: LABELS },
      template: { metadata: { labels: LABELS }, spec: podOf(image) },
    },
  },
  {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: NAME, ...namespaced } },
    spec: { selector: LABELS, ports: [{ port: HTTPS }] },
  },
]

/** All its waits are those that it comes with. */
const podOf = (image: string) => ({
  serviceAccountName: NAME,
  securityContext: { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] },
  containers: [
    {
      ...{ name: NAME, image, imagePullPolicy: 'Never' },
      args: [
        '--global.checknewversion=false',
        '--global.sendanonymoususage=false',
        '--providers.kubernetesgateway=true',
        `--entrypoints.websecure.address=:${HTTPS}`,
        `--entrypoints.traefik.address=:${PING}`,
        '--ping=true',
      ],
      readinessProbe: { httpGet: { path: '/ping', port: PING }, periodSeconds: 1 },
    },
  ],
})

/** A controller of Gateway API with its own kinds instead of those that other tests make do with. Answers with the address of its Service. */
export const startGateway = async (cluster: Cluster): Promise<string> => {
  const image = await gatewayImage()
  await cluster.load([image])
  await removeKinds(cluster)
  const kinds = await publishedKinds()
  await cluster.apply(kinds)
  const names = KINDS.map((kind) => `crd/${kind}.${GROUP}`)
  await cluster.kubectl(['wait', '--for=condition=Established', ...names, '--timeout=60s'])
  await cluster.apply(controller(image.name))
  await cluster.kubectl([
    '-n',
    GATEWAY_NAMESPACE,
    'rollout',
    'status',
    `deployment/${NAME}`,
    '--timeout=120s',
  ])
  const path = 'jsonpath={.spec.clusterIP}'
  return cluster.kubectl(['-n', GATEWAY_NAMESPACE, 'get', 'service', NAME, '-o', path])
}

export const stopGateway = async (cluster: Cluster): Promise<void> => {
  await removeKinds(cluster)
  const ours = [`clusterrole/${NAME}`, `clusterrolebinding/${NAME}`, `namespace/${GATEWAY_NAMESPACE}`]
  await cluster.kubectl(['delete', '--ignore-not-found', '--timeout=120s', ...ours])
}

const removeKinds = (cluster: Cluster): Promise<string> =>
  cluster.kubectl([
    ...['delete', 'crd', '--ignore-not-found', '--timeout=60s'],
    ...KINDS.map((kind) => `${kind}.${GROUP}`),
  ])

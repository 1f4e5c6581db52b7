import { chmodSync, mkdirSync } from 'node:fs'
import { NAMES_IMAGE } from './images.ts'
import { NETWORK, type Place } from './place.ts'

/** An object of Kubernetes, as it is given to kubectl. */
export type KubernetesObject = { readonly kind: string; readonly [key: string]: unknown }

const NAMES = 'coredns'
const SYSTEM = 'kube-system'

/** Names of Services and pods; all others are told that there is no such name. On port 53 in the pod, too: policies are about pods' ports. */
const COREFILE = `cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
  errors
  health :8080
  ready :8181
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    ttl 5
  }
  cache 5
}
.:53 {
  template ANY ANY . {
    rcode NXDOMAIN
  }
}
`

/** CoreDNS with what it may read. */
export const namesObjects = (): readonly KubernetesObject[] => {
  const meta = { name: NAMES, namespace: SYSTEM }
  const labels = { 'k8s-app': 'kube-dns' }
  const api = 'rbac.authorization.k8s.io'
  const core = ['endpoints', 'services', 'pods', 'namespaces']
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta },
    {
      ...{ apiVersion: `${api}/v1`, kind: 'ClusterRole', metadata: { name: NAMES } },
      rules: [
        { apiGroups: [''], resources: core, verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
    },
    {
      ...{ apiVersion: `${api}/v1`, kind: 'ClusterRoleBinding', metadata: { name: NAMES } },
      roleRef: { apiGroup: api, kind: 'ClusterRole', name: NAMES },
      subjects: [{ kind: 'ServiceAccount', ...meta }],
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta, data: { Corefile: COREFILE } },
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: namesPod() },
      },
    },
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'kube-dns', namespace: SYSTEM } },
      spec: {
        clusterIP: NETWORK.dns,
        selector: labels,
        ports: ['UDP', 'TCP'].map((protocol) => ({
          ...{ name: `dns-${protocol.toLowerCase()}`, port: 53, protocol },
        })),
      },
    },
  ]
}

const namesPod = () => ({
  ...{ serviceAccountName: NAMES, dnsPolicy: 'Default' },
  tolerations: ['not-ready', 'unreachable'].map((what) => ({
    ...{ key: `node.kubernetes.io/${what}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 },
  })),
  containers: [
    {
      ...{
        name: NAMES,
        image: NAMES_IMAGE,
        imagePullPolicy: 'Never',
        args: ['-conf', '/etc/coredns/Corefile'],
      },
      readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
      volumeMounts: [{ name: 'configuration', mountPath: '/etc/coredns' }],
    },
  ],
  volumes: [{ name: 'configuration', configMap: { name: NAMES } }],
})

const VOLUMES = 24

/**
 * Volumes that wait for claims of the default class. Folders of this machine, seen by all nodes, so they act like disks in a
 * network; a claim of several nodes is met as well.
 */
export const volumeObjects = (place: Place): readonly KubernetesObject[] => [
  {
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' },
    metadata: { name: 'folders', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    ...{ provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' },
  },
  ...Array.from({ length: VOLUMES }, (_, n) => volume(place.at('volumes', String(n)), n)),
]

const volume = (folder: string, n: number): KubernetesObject => {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o777) // fsGroup doesn't reach folders of a machine
  return {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: `folder-${n}` } },
    spec: {
      ...{ capacity: { storage: '10Gi' }, accessModes: ['ReadWriteOnce', 'ReadWriteMany'] },
      ...{ storageClassName: 'folders', persistentVolumeReclaimPolicy: 'Retain' },
      hostPath: { path: folder, type: 'Directory' },
    },
  }
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NETWORK, nodeName, type Place } from './place.ts'
import type { Programs } from './programs.ts'

export const PAUSE_IMAGE = 'localhost/pause:1'

/** What a node's programs read. Several nodes share one kernel: each has every folder and group of its own. */
export const writeNodeFiles = (place: Place, node: number, programs: Programs): void => {
  for (const folder of ['cni', 'pki', 'log', 'run', 'images'])
    mkdirSync(place.node(node, folder), { recursive: true })
  const write = (name: string, value: unknown) =>
    writeFileSync(place.node(node, name), typeof value === 'string' ? value : JSON.stringify(value))
  write('cni/10-pods.conflist', network(place, node))
  write('containerd.toml', containerd(place, node, programs))
  write('kubelet.yaml', kubelet(place, node))
  write('kube-proxy.yaml', proxy(place, node))
  // Else pods that want the node's names would ask the machine's servers.
  write('resolv.conf', 'nameserver 127.0.0.1\n')
}

/** Name of the pods' network, and of what libraries keep of it outside of the cluster's folder. */
export const networkName = (place: Place, node: number): string => `${place.tag}-n${node}`

const network = (place: Place, node: number) => ({
  cniVersion: '1.0.0',
  name: networkName(place, node),
  plugins: [
    {
      ...{ type: 'bridge', bridge: 'cni0', isGateway: true, hairpinMode: true },
      // Pods of other nodes see the pod's own address.
      ipMasq: false,
      ipam: {
        ...{ type: 'host-local', dataDir: place.node(node, 'addresses') },
        ranges: [[{ subnet: NETWORK.podsOf(node) }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
})

const containerd = (place: Place, node: number, { cni, runc }: Programs): string => {
  const at = (...parts: readonly string[]) => JSON.stringify(place.node(node, ...parts))
  return `version = 3
root = ${at('containerd/root')}
state = ${at('containerd/state')}
[grpc]
  address = ${JSON.stringify(place.socketOf(node))}
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "${PAUSE_IMAGE}"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [${JSON.stringify(cni)}]
  conf_dir = ${at('cni')}
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
    BinaryName = ${JSON.stringify(runc)}
    Root = ${at('runc')}
[plugins.'io.containerd.nri.v1.nri']
  disable = true
[plugins.'io.containerd.internal.v1.opt']
  path = ${at('opt')}
`
}

export const groupOf = (place: Place, node: number): string => `${place.tag}-n${node}`

const kubelet = (place: Place, node: number) => ({
  ...{ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' },
  ...{ failCgroupV1: false, cgroupDriver: 'cgroupfs', cgroupRoot: `/${groupOf(place, node)}` },
  podLogsDir: place.node(node, 'pod-logs'),
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  containerRuntimeEndpoint: `unix://${place.socketOf(node)}`,
  ...{
    clusterDNS: [NETWORK.dns],
    clusterDomain: 'cluster.local',
    resolvConf: place.node(node, 'resolv.conf'),
  },
  ...{ failSwapOn: false, nodeStatusUpdateFrequency: '2s', nodeLeaseDurationSeconds: 8 },
  // On a machine whose disk is rather full images that no pod has yet would be removed, and nothing can pull them again.
  ...{ imageGCHighThresholdPercent: 100, imageGCLowThresholdPercent: 99 },
  evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
})

const proxy = (place: Place, node: number) => ({
  ...{ apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' },
  ...{ mode: 'iptables', clusterCIDR: NETWORK.pods, hostnameOverride: nodeName(node) },
  clientConnection: { kubeconfig: place.kubeconfig },
  // Those settings belong to the machine's first namespace.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  iptables: { minSyncPeriod: '200ms' },
})

/** Folder of one of the programs' own. */
export const runcFolder = ({ runc }: Programs): string => join(runc, '..')

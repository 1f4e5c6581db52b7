import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pinnedProgram, pinnedPrograms } from '@relais/servers'

/** Programs of a node and of the control plane; folders hold one program per name. */
export type Programs = {
  /** kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kubectl, kube-proxy. */
  readonly kubernetes: string
  /** containerd, its shim and ctr. */
  readonly containerd: string
  /** bridge, host-local, loopback. */
  readonly cni: string
  readonly etcd: string
  readonly runc: string
}

const DEBIAN = [
  ['ip', 'iproute2'],
  ['nft', 'nftables'],
  ['iptables', 'iptables'],
  ['nsenter', 'util-linux'],
  ['openssl', 'openssl'],
  ['gcc', 'gcc'],
] as const

/** What stands between this machine and a cluster, in one line; undefined: nothing. */
export const whyNoCluster = async (): Promise<string | undefined> => {
  if (process.platform !== 'linux') return 'a cluster of nodes needs Linux'
  if (process.getuid?.() !== 0) return 'a cluster of nodes needs root'
  const missing = packagesOfMissing(DEBIAN)
  if (missing.length > 0)
    return `this machine lacks programs: apt-get install ${missing.join(' ')} libseccomp-dev`
  return programs().then(
    () => undefined,
    (error: Error) => error.message.split('\n')[0],
  )
}

/** Debian's packages of those programs that aren't in PATH. */
export const packagesOfMissing = (
  programs: readonly (readonly [program: string, debianPackage: string])[],
): readonly string[] => programs.filter(([program]) => !isInPath(program)).map(([, name]) => name)

const isInPath = (program: string) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))

/** Builds what isn't built yet, one after the other: it takes about ten minutes of two cores the first time. */
export const programs = async (): Promise<Programs> => ({
  kubernetes: await pinnedPrograms('kubernetes'),
  containerd: await pinnedPrograms('containerd'),
  cni: await pinnedPrograms('cni'),
  etcd: await pinnedProgram('etcd'),
  runc: await pinnedProgram('runc'),
})

/** Environment in which they find each other: the shim is looked for by containerd, runc by the shim. */
export const environment = ({ kubernetes, containerd }: Programs, runcFolder: string): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: [kubernetes, containerd, runcFolder, '/usr/sbin:/usr/bin:/sbin:/bin'].join(delimiter),
})

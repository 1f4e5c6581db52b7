import { packagesOfMissing } from '@relais/kubernetes/programs.ts'

const DEBIAN = [
  ['dockerd', 'docker.io'],
  ['docker', 'docker.io'],
  ['iptables', 'iptables'],
  ['ip', 'iproute2'],
  ['unshare', 'util-linux'],
] as const

/** What stands between this machine and an engine, in one line; undefined: nothing. */
export const whyNoEngine = (): string | undefined => {
  if (process.platform !== 'linux') return 'an engine in namespaces needs Linux'
  if (process.getuid?.() !== 0) return 'an engine in namespaces needs root'
  const missing = [...new Set(packagesOfMissing(DEBIAN))]
  return missing.length === 0
    ? undefined
    : `this machine lacks programs: apt-get install ${missing.join(' ')}`
}

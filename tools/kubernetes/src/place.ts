import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Pods of node I are 10.244.I.0/24, its own address is 10.250.0.1I. */
export const NETWORK = {
  controlPlane: '10.250.0.1',
  node: (node: number): string => `10.250.0.${10 + node}`,
  pods: '10.244.0.0/16',
  podsOf: (node: number): string => `10.244.${node}.0/24`,
  services: '10.96.0.0/16',
  dns: '10.96.0.10',
} as const

/** More would need another address plan. */
export const MOST_NODES = 9

/** Where everything of one cluster lies. */
export class Place {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Stands in the names of what the kernel and libraries keep outside of the folder. */
  get tag(): string {
    return `relais-${createHash('sha256').update(this.folder).digest('hex').slice(0, 8)}`
  }

  get kubeconfig(): string {
    return this.at('admin.conf')
  }

  /** The network namespace of the control plane: whoever is in it reaches everything. */
  get namespace(): string {
    return this.at('ns/cp')
  }

  at(...parts: readonly string[]): string {
    return join(this.folder, ...parts)
  }

  node(node: number, ...parts: readonly string[]): string {
    return this.at(`n${node}`, ...parts)
  }

  namespaceOf(node: number): string {
    return this.at(`ns/n${node}`)
  }

  socketOf(node: number): string {
    return this.node(node, 'c.sock')
  }

  /** Numbers of the nodes that were made. */
  nodes(): readonly number[] {
    const folder = this.at('ns')
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .filter((name) => /^n\d$/.test(name))
      .map((name) => Number(name.slice(1)))
      .sort()
  }
}

export const nodeName = (node: number): string => `node${node}`

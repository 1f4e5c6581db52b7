import { join } from 'node:path'
import type { Cluster } from '../../src/cluster.ts'
import type { Part } from '../../src/parts.ts'
import { type Disk, mountDisk, untilRecovered } from './disks.ts'
import type { Victims } from './fault-lines.ts'

/** Where each part keeps its data, under the cluster's data folder. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  'nats-1': ['servers', 'nats', 'nats-1'],
  'nats-2': ['servers', 'nats', 'nats-2'],
  'nats-3': ['servers', 'nats', 'nats-3'],
  postgres: ['servers', 'postgres'],
  s3: ['servers', 's3', 'data'],
  'mail-transport': ['processes', 'spool'],
}

/** A disk for each part that keeps data, to be mounted before the cluster starts. */
export class ClusterDisks {
  readonly #disks = new Map<string, Disk>()

  /** False: this user may not mount any. */
  mount(data: string): boolean {
    for (const [part, place] of Object.entries(PLACES)) {
      const disk = mountDisk(join(data, ...place))
      if (disk === undefined) return false
      this.#disks.set(part, disk)
    }
    return true
  }

  unmount(): void {
    for (const disk of this.#disks.values()) disk.unmount()
    this.#disks.clear()
  }

  of({ parts, query }: Cluster): Victims['disks'] {
    return parts.flatMap((part) => {
      const disk = this.#disks.get(part.name)
      const recover = () => recovered(part, query)
      return disk === undefined
        ? []
        : [{ ...disk, name: `disk of ${part.name}`, claims: [part.name], recover }]
    })
  }
}

/** As docs/reference/servers.md says it is to be done. */
const recovered = async (part: Part, query: Cluster['query']): Promise<void> => {
  if (part.name.startsWith('nats')) {
    // A server that met a full disk lets streams be until it is started again.
    await part.stop()
    await part.start()
  }
  // Without room for its journal PostgreSQL ends itself, perhaps after some attempts to start by itself.
  if (part.name === 'postgres') await untilRecovered({ ...part, works: () => query('SELECT 1') })
}

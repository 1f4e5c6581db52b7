import type { JetStreamLog, JetStreamLogOptions } from './jetstream-log.ts'

/** Where a tenant's commits are: a stream of its own, or a pool that it shares. */
export type PlacementUnit = Pick<JetStreamLogOptions, 'stream' | 'replicas'> &
  Partial<Pick<JetStreamLogOptions, 'servers' | 'credentialsFile' | 'user' | 'password'>>

/** Which unit a tenant is in: the directory decides. */
export type PlacementRoute = (tenant: string) => PlacementUnit | Promise<PlacementUnit>

export type PlacedLogs = {
  /** The log of the tenant's unit, which takes its commits. Errors: those of the route, of opening, TENANT_PLACED_ELSEWHERE. */
  logOf(tenant: string): Promise<JetStreamLog>
  /** The units that were opened. */
  units(): readonly string[]
  close(): Promise<void>
}

type Options = {
  readonly route: PlacementRoute
  /** Opens a unit for a first tenant: `openJetStreamLog` with what all units have in common. */
  readonly open: (unit: PlacementUnit, tenant: string) => Promise<JetStreamLog>
}

/** One log for each placement unit, opened when a tenant in it is first asked for. */
export const placedLogs = ({ route, open }: Options): PlacedLogs => {
  const opened = new Map<string, Promise<JetStreamLog>>()
  const admitted = new Map<string, Promise<void>>()
  const unitOf = (unit: PlacementUnit, tenant: string) =>
    remembered(opened, unit.stream, () => open(unit, tenant))
  return {
    logOf: async (tenant) => {
      const unit = await route(tenant)
      const log = await unitOf(unit, tenant)
      await remembered(admitted, `${unit.stream} ${tenant}`, () => log.admitTenant(tenant))
      return log
    },
    units: () => [...opened.keys()],
    close: async () => {
      const logs = await Promise.allSettled(opened.values())
      await Promise.all(logs.map((log) => (log.status === 'fulfilled' ? log.value.close() : undefined)))
    },
  }
}

/** Made once; what failed is made again when it is next asked for. */
const remembered = <T>(made: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> => {
  const there = made.get(key)
  if (there) return there
  const making = make()
  made.set(key, making)
  making.catch(() => made.delete(key))
  return making
}

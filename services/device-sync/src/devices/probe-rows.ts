import type { DeviceRef } from '../held/held-requests.ts'
import type { DeviceRows } from './device-rows.ts'

/** Rows of a device that only asks: kept as long as its request. */
export const probeRows = (device: DeviceRef): DeviceRows => {
  const values = new Map<string, { kind: string; key: string; value: unknown }>()
  const nameOf = (kind: string, key: string) => `${kind}\u0000${key}`
  return {
    ...{ device, run: '' },
    get: <Value>(kind: { name: string }, key = '') =>
      values.get(nameOf(kind.name, key))?.value as Value | undefined,
    put: (kind, value, key = '') => void values.set(nameOf(kind.name, key), { kind: kind.name, key, value }),
    delete: (kind, key = '') => void values.delete(nameOf(kind.name, key)),
    keys: (kind) => [...values.values()].filter((cell) => cell.kind === kind.name).map((cell) => cell.key),
    saved: async () => undefined,
    commit: async () => true,
    rest: () => undefined,
    refresh: async () => undefined,
  }
}

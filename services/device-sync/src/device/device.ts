import type { DeviceInformationSet } from '@relais/proto/device_sync/v1/events.ts'
import type { DeviceEvent } from './events.ts'

/** What a device says about itself (MS-ASCMD 2.2.3.45). */
export type DeviceInformation = Omit<DeviceInformationSet, 'device'>

/** One device of an account: DeviceId of the query, unique within the account only. */
export type Device = {
  readonly device: string
  readonly type: string
  /** At registration. */
  readonly userAgent: string
  /** At registration, e.g. "16.1". */
  readonly protocolVersion: string
  readonly registeredAt: number
  readonly blocked: boolean
  /** Undefined: it never told. */
  readonly information: DeviceInformation | undefined
}

/** All devices of one account: what its decisions are based on. */
export type AccountDevices = ReadonlyMap<string, Device>

export const noDevices: AccountDevices = new Map()

const changed = (
  devices: AccountDevices,
  name: string,
  change: Partial<Pick<Device, 'blocked' | 'information'>>,
): AccountDevices => {
  const device = devices.get(name)
  return device ? new Map(devices).set(name, { ...device, ...change }) : devices
}

const without = (devices: AccountDevices, name: string): AccountDevices => {
  const rest = new Map(devices)
  rest.delete(name)
  return rest
}

/** The devices after an event of `at` (milliseconds since 1970). Events of devices that are gone change nothing. */
export const evolve = (devices: AccountDevices, event: DeviceEvent, at: number): AccountDevices => {
  switch (event.type) {
    case 'DeviceRegistered': {
      const { device } = event.payload
      return new Map(devices).set(device, {
        ...event.payload,
        registeredAt: at,
        blocked: false,
        information: undefined,
      })
    }
    case 'DeviceInformationSet': {
      const { device, ...information } = event.payload
      return changed(devices, device, { information })
    }
    case 'DeviceBlocked':
      return changed(devices, event.payload.device, { blocked: event.payload.blocked })
    case 'DeviceRemoved':
      return without(devices, event.payload.device)
    case 'DevicesErased':
      return noDevices
  }
}

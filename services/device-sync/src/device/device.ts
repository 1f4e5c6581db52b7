import type { DeviceInformationSet } from '@relais/proto/device_sync/v1/events.ts'
import type { DeviceEvent } from './events.ts'

/** What a device says about itself (MS-ASCMD 2.2.3.45). */
export type DeviceInformation = Omit<DeviceInformationSet, 'device'>

/** An erasure that an administrator has asked for (MS-ASPROV 3.1.5.1.2). */
export type Wipe = {
  /** Only this account's data on it. */
  readonly accountOnly: boolean
  /** failed: the device says that it can't, and is told again. */
  readonly state: 'requested' | 'failed' | 'done'
  readonly requestedAt: number
  /** When the device last answered; 0: never. */
  readonly answeredAt: number
}

/** What the device said to a policy. */
export type AcknowledgedPolicy = {
  /** That its requests carry from then on. */
  readonly key: number
  /** Of what it was sent. */
  readonly hash: string
  /** 1 applied, 2 in part, 3 not applied, 4 managed by others. */
  readonly status: number
  readonly at: number
}

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
  readonly policy: AcknowledgedPolicy | undefined
  /** One that was done stays until the device is allowed again. */
  readonly wipe: Wipe | undefined
}

/** An erasure that the device has yet to do: it gets nothing else until then. */
export const pendingWipe = ({ wipe }: Device): Wipe | undefined => (wipe?.state === 'done' ? undefined : wipe)

/** All devices of one account: what its decisions are based on. */
export type AccountDevices = ReadonlyMap<string, Device>

export const noDevices: AccountDevices = new Map()

const changed = (
  devices: AccountDevices,
  name: string,
  change: Partial<Pick<Device, 'blocked' | 'information' | 'policy' | 'wipe'>>,
): AccountDevices => {
  const device = devices.get(name)
  return device ? new Map(devices).set(name, { ...device, ...change }) : devices
}

/** Allowed again: what was done is over. */
const unblocked = (devices: AccountDevices, name: string): AccountDevices => {
  const device = devices.get(name)
  const wipe = device && pendingWipe(device)
  return changed(devices, name, { blocked: false, wipe })
}

const answered = (devices: AccountDevices, name: string, done: boolean, at: number): AccountDevices => {
  const device = devices.get(name)
  if (!device?.wipe) return devices
  const wipe: Wipe = { ...device.wipe, state: done ? 'done' : 'failed', answeredAt: at }
  return changed(devices, name, { wipe, blocked: done || device.blocked })
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
        policy: undefined,
        wipe: undefined,
      })
    }
    case 'DeviceInformationSet': {
      const { device, ...information } = event.payload
      return changed(devices, device, { information })
    }
    case 'DevicePolicyAcknowledged': {
      const { device, policyKey, policyHash, status } = event.payload
      return changed(devices, device, { policy: { key: policyKey, hash: policyHash, status, at } })
    }
    case 'DeviceBlocked': {
      const { device, blocked } = event.payload
      return blocked ? changed(devices, device, { blocked }) : unblocked(devices, device)
    }
    case 'DeviceWipeRequested': {
      const { device, accountOnly } = event.payload
      const wipe: Wipe = { accountOnly, state: 'requested', requestedAt: at, answeredAt: 0 }
      return changed(devices, device, { wipe })
    }
    case 'DeviceWipeCancelled':
      return changed(devices, event.payload.device, { wipe: undefined })
    case 'DeviceWipeAnswered':
      return answered(devices, event.payload.device, event.payload.done, at)
    case 'DeviceRemoved':
      return without(devices, event.payload.device)
    case 'DevicesErased':
      return noDevices
  }
}

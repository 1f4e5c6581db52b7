import { terminal } from '@relais/service-kit'
import type { AccountDevices, DeviceInformation } from './device.ts'
import type { DeviceEvent } from './events.ts'

export type RegisterDevice = {
  readonly type: 'RegisterDevice'
  readonly device: string
  readonly deviceType: string
  readonly userAgent: string
  readonly protocolVersion: string
  /** Devices an account may have. */
  readonly limit: number
}
export type SetDeviceInformation = {
  readonly type: 'SetDeviceInformation'
  readonly device: string
  readonly information: DeviceInformation
}
export type BlockDevice = { readonly type: 'BlockDevice'; readonly device: string; readonly blocked: boolean }
export type RemoveDevice = { readonly type: 'RemoveDevice'; readonly device: string }

export type DeviceCommand = RegisterDevice | SetDeviceInformation | BlockDevice | RemoveDevice

const register = (devices: AccountDevices, command: RegisterDevice): readonly DeviceEvent[] => {
  if (devices.has(command.device)) return []
  if (devices.size >= command.limit)
    throw terminal('TOO_MANY_DEVICES', `the account has ${devices.size} devices already`)
  const { device, deviceType, userAgent, protocolVersion } = command
  return [{ type: 'DeviceRegistered', payload: { device, type: deviceType, userAgent, protocolVersion } }]
}

const known = (devices: AccountDevices, device: string) => {
  const found = devices.get(device)
  if (!found) throw terminal('DEVICE_NOT_FOUND', 'the account has no such device')
  return found
}

const sameInformation = (one: DeviceInformation | undefined, other: DeviceInformation): boolean =>
  one !== undefined &&
  (Object.keys(other) as (keyof DeviceInformation)[]).every((key) => one[key] === other[key])

const setInformation = (
  devices: AccountDevices,
  { device, information }: SetDeviceInformation,
): readonly DeviceEvent[] =>
  sameInformation(known(devices, device).information, information)
    ? []
    : [{ type: 'DeviceInformationSet', payload: { device, ...information } }]

const block = (devices: AccountDevices, { device, blocked }: BlockDevice): readonly DeviceEvent[] =>
  known(devices, device).blocked === blocked ? [] : [{ type: 'DeviceBlocked', payload: { device, blocked } }]

const remove = (devices: AccountDevices, { device }: RemoveDevice): readonly DeviceEvent[] => [
  { type: 'DeviceRemoved', payload: { device: known(devices, device).device } },
]

/** Errors: TOO_MANY_DEVICES, DEVICE_NOT_FOUND. */
export const decide = (devices: AccountDevices, command: DeviceCommand): readonly DeviceEvent[] => {
  switch (command.type) {
    case 'RegisterDevice':
      return register(devices, command)
    case 'SetDeviceInformation':
      return setInformation(devices, command)
    case 'BlockDevice':
      return block(devices, command)
    case 'RemoveDevice':
      return remove(devices, command)
  }
}

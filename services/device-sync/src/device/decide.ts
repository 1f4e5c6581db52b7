import { terminal } from '@relais/service-kit'
import { type AccountDevices, type Device, type DeviceInformation, pendingWipe } from './device.ts'
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

export type AcknowledgePolicy = {
  readonly type: 'AcknowledgePolicy'
  readonly device: string
  readonly key: number
  readonly hash: string
  readonly status: number
}
export type WipeDevice = {
  readonly type: 'WipeDevice'
  readonly device: string
  readonly accountOnly: boolean
  /** That it spoke last, times ten. */
  readonly version: number
}
export type CancelWipe = { readonly type: 'CancelWipe'; readonly device: string }
/** The device's word on a wipe. */
export type AnswerWipe = {
  readonly type: 'AnswerWipe'
  readonly device: string
  readonly accountOnly: boolean
  readonly done: boolean
}

export type DeviceCommand =
  | RegisterDevice
  | SetDeviceInformation
  | BlockDevice
  | RemoveDevice
  | AcknowledgePolicy
  | WipeDevice
  | CancelWipe
  | AnswerWipe

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

/** Forgotten, it would come back as a new device that nobody wants to wipe. */
const requireNoPendingWipe = (device: Device): void => {
  if (pendingWipe(device))
    throw terminal('WIPE_PENDING', 'the device has yet to be wiped: cancel that before it is forgotten')
}

const remove = (devices: AccountDevices, { device }: RemoveDevice): readonly DeviceEvent[] => {
  requireNoPendingWipe(known(devices, device))
  return [{ type: 'DeviceRemoved', payload: { device } }]
}

const acknowledgePolicy = (
  devices: AccountDevices,
  { device, key, hash, status }: AcknowledgePolicy,
): readonly DeviceEvent[] => {
  const { policy } = known(devices, device)
  if (policy?.key === key && policy.hash === hash && policy.status === status) return []
  return [{ type: 'DevicePolicyAcknowledged', payload: { device, policyKey: key, policyHash: hash, status } }]
}

/** AccountOnlyRemoteWipe came with 16.1: nobody else could be told. */
const ACCOUNT_WIPE_SINCE = 161

const wipe = (
  devices: AccountDevices,
  { device, accountOnly, version }: WipeDevice,
): readonly DeviceEvent[] => {
  const pending = pendingWipe(known(devices, device))
  if (accountOnly && version < ACCOUNT_WIPE_SINCE)
    throw terminal('WIPE_NOT_SUPPORTED', 'only devices that speak 16.1 can erase one account alone')
  if (pending?.accountOnly === accountOnly) return []
  return [{ type: 'DeviceWipeRequested', payload: { device, accountOnly } }]
}

const cancelWipe = (devices: AccountDevices, { device }: CancelWipe): readonly DeviceEvent[] => {
  if (!pendingWipe(known(devices, device)))
    throw terminal('NO_WIPE_PENDING', 'no wipe of this device is asked for, or it was done')
  return [{ type: 'DeviceWipeCancelled', payload: { device } }]
}

/** A word on what wasn't asked for, or on the other kind, is none. That it failed is told once. */
const answerWipe = (
  devices: AccountDevices,
  { device, accountOnly, done }: AnswerWipe,
): readonly DeviceEvent[] => {
  const pending = pendingWipe(known(devices, device))
  if (pending?.accountOnly !== accountOnly || (!done && pending.state === 'failed')) return []
  return [{ type: 'DeviceWipeAnswered', payload: { device, done } }]
}

/** Errors: TOO_MANY_DEVICES, DEVICE_NOT_FOUND, WIPE_PENDING, NO_WIPE_PENDING, WIPE_NOT_SUPPORTED. */
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
    case 'AcknowledgePolicy':
      return acknowledgePolicy(devices, command)
    case 'WipeDevice':
      return wipe(devices, command)
    case 'CancelWipe':
      return cancelWipe(devices, command)
    case 'AnswerWipe':
      return answerWipe(devices, command)
  }
}

import { type Identity, isCoded, terminal } from '@relais/service-kit'
import type { CommandContext } from '../commands/command.ts'
import { StatusError } from '../commands/status-error.ts'
import type { Device } from '../device/device.ts'
import type { DeviceRegistry } from '../devices/device-registry.ts'
import type { DeviceRowSource } from '../devices/device-row-store.ts'
import { familyOf } from '../devices/families.ts'
import { PROBE, requireDevice } from '../devices/identify.ts'
import { noteSeen } from '../devices/last-seen.ts'
import { probeRows } from '../devices/probe-rows.ts'
import type { DeviceRef } from '../held/held-requests.ts'
import { requireProvisioned } from '../policy/require-provisioned.ts'
import { requireUnwiped } from '../policy/require-unwiped.ts'
import type { AccountSettings } from '../sign-in/account-settings.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { SignedIn } from '../sign-in/signed-in.ts'
import { isEasVersion } from './protocol.ts'
import type { RequestLine } from './request-line.ts'

export type AdmissionDeps = {
  readonly signIn: SignIn
  readonly settings: AccountSettings
  readonly registry: DeviceRegistry
  readonly rowStore: DeviceRowSource
  readonly maxDevices: number
}

/** Who comes in, and with which device. */
export type Visitor = Pick<CommandContext, 'user' | 'device' | 'family' | 'rows'> & {
  readonly identity: Identity
}

/** Confirms the credential and that the account may synchronise. Errors: those of signing in, EAS_DISABLED. */
export const admitUser = async (
  { signIn, settings }: AdmissionDeps,
  authorization: string | undefined,
  clientAddress: () => string,
): Promise<SignedIn> => {
  const user = await signIn.authenticate(authorization, clientAddress)
  const { enabled } = await settings.of(user.tenant, user.account)
  if (!enabled) throw terminal('EAS_DISABLED', 'synchronisation of phones is off for this account')
  return user
}

export type Arrival = {
  readonly user: SignedIn
  readonly line: RequestLine
  readonly userAgent: string
  /** "16.1" */
  readonly version: string
  readonly now: number
  readonly correlation: string
}

const identityOf = ({ user, line }: Arrival): Identity => ({
  tenant: user.tenant,
  actor: { kind: 'device', id: user.account, device: line.deviceId },
  principal: user.account,
})

const clientOf = ({ line, userAgent }: Arrival) => ({
  deviceId: line.deviceId,
  deviceType: line.deviceType,
  userAgent,
})

const probeOf = ({ line, userAgent, version, now }: Arrival): Device => ({
  device: line.deviceId,
  type: line.deviceType,
  userAgent,
  protocolVersion: version,
  registeredAt: now,
  blocked: false,
  information: undefined,
  policy: undefined,
  wipe: undefined,
})

const DEADLINE_MS = 10_000

const registered = async (
  { registry, maxDevices }: AdmissionDeps,
  arrival: Arrival,
  identity: Identity,
): Promise<Device> => {
  const { user, line, userAgent, version, now, correlation } = arrival
  const deadline = now + DEADLINE_MS
  const known = (await registry.devicesOf(user, deadline)).get(line.deviceId)
  if (known) return known
  const { devices } = await registry.execute(
    user,
    {
      type: 'RegisterDevice',
      device: line.deviceId,
      deviceType: line.deviceType,
      userAgent,
      protocolVersion: version,
      limit: maxDevices,
    },
    { identity, deadline, correlation, traceparent: '' },
  )
  return devices.get(line.deviceId) ?? probeOf(arrival)
}

const requirePresent = (device: Device | undefined): Device => {
  if (!device) throw terminal('DEVICE_REMOVED', 'an administrator has removed this device')
  return device
}

/** A request that waits is a Ping or a Sync. */
const HELD = { command: 'Ping', version: 161, key: 0 }

/** Whether a request that waits would still be let in. Errors: those of letting it in, DEVICE_REMOVED. */
export const readmit = async (
  deps: AdmissionDeps,
  device: DeviceRef,
  authorization: string | undefined,
  clientAddress: () => string,
): Promise<void> => {
  const user = await admitUser(deps, authorization, clientAddress)
  if (user.account !== device.account) throw terminal('BAD_CREDENTIALS', 'the name means another account now')
  if (device.device === PROBE) return
  const devices = await deps.registry.devicesOf(user, Date.now() + DEADLINE_MS)
  requireUnwiped(requirePresent(devices.get(device.device)), HELD)
}

/** Whether it has done what administrators ask of it: to be wiped, to keep to a policy. */
const requireObedient = async (
  { settings }: AdmissionDeps,
  { user, line }: Arrival,
  device: Device,
): Promise<void> => {
  const { command, policyKey: key, version = 161 } = line
  requireUnwiped(device, { command, version, key })
  const { policy } = await settings.of(user.tenant, user.account)
  if (isEasVersion(version)) requireProvisioned(policy, { command, version, key, device })
}

const isRefusal = (error: unknown): boolean =>
  error instanceof StatusError || (isCoded(error) && error.code === 'DEVICE_BLOCKED')

/** A refusal isn't said for what another process has been told meanwhile: that the phone has taken its policy, or was wiped. */
const obedient = async (deps: AdmissionDeps, arrival: Arrival, device: Device): Promise<Device> => {
  try {
    await requireObedient(deps, arrival, device)
    return device
  } catch (error) {
    if (!isRefusal(error)) throw error
    const { user, line, now } = arrival
    const newer = (await deps.registry.devicesAtHead(user, now + DEADLINE_MS)).get(line.deviceId)
    if (newer === undefined || newer === device) throw error
    await requireObedient(deps, arrival, newer)
    return newer
  }
}

/**
 * Finds the device, or registers it at its first contact.
 * Errors: DEVICE_ID_INVALID, DEVICE_TYPE_INVALID, DEVICE_BLOCKED, TOO_MANY_DEVICES, and the statuses that ask for Provision.
 */
export const admitDevice = async (deps: AdmissionDeps, arrival: Arrival): Promise<Visitor> => {
  const { user, line, userAgent, version, now } = arrival
  requireDevice(line)
  const identity = identityOf(arrival)
  const family = familyOf(clientOf(arrival))
  const ref = { tenant: user.tenant, account: user.account, device: line.deviceId }
  if (line.deviceId === PROBE)
    return { user, identity, family, device: probeOf(arrival), rows: probeRows(ref) }
  const device = await obedient(deps, arrival, await registered(deps, arrival, identity))
  const rows = await deps.rowStore.of(ref)
  noteSeen(rows, { at: now, userAgent, version })
  return { user, identity, family, device, rows }
}

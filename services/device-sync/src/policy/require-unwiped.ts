import { terminal } from '@relais/service-kit'
import { StatusError } from '../commands/status-error.ts'
import { type Device, pendingWipe, type Wipe } from '../device/device.ts'

const WIPE_REQUESTED = 140
const NEEDS_PROVISIONING = 449
const FORBIDDEN = 403

/** AccountOnlyRemoteWipe came with 16.1. */
const ACCOUNT_WIPE_SINCE = 161

export type Asking = {
  readonly command: string
  /** Times ten. */
  readonly version: number
  /** X-MS-PolicyKey; undefined: not sent. */
  readonly key: number | undefined
}

const refuseBlocked = () => terminal('DEVICE_BLOCKED', 'an administrator has blocked this device')

const refuseUntilWiped = ({ accountOnly }: Wipe, { command, version, key }: Asking): void => {
  if (accountOnly && version < ACCOUNT_WIPE_SINCE) throw refuseBlocked()
  if (command === 'Provision') return
  const http = key === undefined ? FORBIDDEN : NEEDS_PROVISIONING
  throw new StatusError(WIPE_REQUESTED, 'an administrator wants this device wiped', http)
}

/**
 * A device that is to be wiped gets nothing but the order, one that was wiped or blocked nothing at all; only its word that it is wiped is
 * taken again, for the answer to it may have been lost. Errors: Status 140, DEVICE_BLOCKED.
 */
export const requireUnwiped = (device: Device, asking: Asking): void => {
  const pending = pendingWipe(device)
  if (pending) refuseUntilWiped(pending, asking)
  else if (device.blocked && !(device.wipe && asking.command === 'Provision')) throw refuseBlocked()
}

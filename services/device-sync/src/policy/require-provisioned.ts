import type { MobilePolicy } from '@relais/mobile-policy'
import { StatusError } from '../commands/status-error.ts'
import type { Device } from '../device/device.ts'
import { PROBE } from '../devices/identify.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import { currentPolicy } from './current-policy.ts'

/** Common statuses; clients before 14.0 get HTTP 449 ([CMD 4806]). */
const NOT_PROVISIONED = 142
const INVALID_KEY = 144
const NEEDS_PROVISIONING = 449

export type Asked = {
  readonly command: string
  readonly version: EasVersion
  /** X-MS-PolicyKey; undefined: not sent. */
  readonly key: number | undefined
  readonly device: Device
}

/** Phones send no key with a Ping, and get it with Provision ([PROV 61103]). */
const withoutKey: ReadonlySet<string> = new Set(['Ping', 'Provision'])

/**
 * Lets in whoever has acknowledged the policy of its version, and says so with its key. Errors: Status 142 (it never did), 144 (the
 * policy is another one now, or the key is).
 */
export const requireProvisioned = (policy: MobilePolicy, { command, version, key, device }: Asked): void => {
  if (withoutKey.has(command) || device.device === PROBE) return
  const current = currentPolicy(policy, version)
  if (!current) return
  if (!device.policy || !key)
    throw new StatusError(NOT_PROVISIONED, 'the device has yet to take its policy', NEEDS_PROVISIONING)
  if (device.policy.hash !== current.hash || device.policy.key !== key)
    throw new StatusError(INVALID_KEY, 'the policy is another one now', NEEDS_PROVISIONING)
}

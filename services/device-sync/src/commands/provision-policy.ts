import type { DeviceRegistry } from '../devices/device-registry.ts'
import { PROBE } from '../devices/identify.ts'
import {
  type CurrentPolicy,
  currentPolicy,
  finalKey,
  policyType,
  temporaryKey,
} from '../policy/current-policy.ts'
import type { AccountSettings } from '../sign-in/account-settings.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { intChild, textChild } from '../wbxml/read.ts'
import { askingOf, type CommandContext } from './command.ts'
import { StatusError } from './status-error.ts'

export type PolicyDeps = {
  readonly registry: DeviceRegistry
  readonly settings: Pick<AccountSettings, 'of'>
}

/** Policy Status (MS-ASPROV 2.2.2.54.2). */
const OK = 1
const NO_POLICY = 2
const UNKNOWN_TYPE = 3
const WRONG_KEY = 5

type Asked = { readonly policy: WbxmlNode; readonly type: string }

const answered = (type: string, status: number, ...rest: readonly WbxmlNode[]): readonly WbxmlNode[] => [
  el('provision:PolicyType', type),
  el('provision:Status', status),
  ...rest,
]

const key = (value: number): WbxmlNode => el('provision:PolicyKey', value)

/** What a device that doesn't keep a strict policy is told, by what it says: in part, not at all, managed by others. */
const REFUSED: ReadonlyMap<number, readonly [status: number, reason: string]> = new Map([
  [2, [139, 'the device keeps only a part of its policy']],
  [3, [141, "the device doesn't keep its policy"]],
  [4, [145, 'the device is managed by others']],
])

const requireKept = ({ strict }: CurrentPolicy, status: number): void => {
  const refused = strict ? REFUSED.get(status) : undefined
  if (refused) throw new StatusError(refused[0], refused[1], 403)
}

const wordOf = (policy: WbxmlNode): number => {
  const status = intChild(policy, 'provision:Status', { min: 1, max: 4 })
  if (status === undefined) throw new ValueError('provision:Status', 'is missing')
  return status
}

/** The second half: the device has the policy, and says what it made of it. */
const acknowledged = async (
  { registry }: PolicyDeps,
  context: CommandContext,
  { current, status }: { readonly current: CurrentPolicy; readonly status: number },
): Promise<number> => {
  const { device } = context.device
  const policyKey = finalKey(device, current)
  requireKept(current, status)
  if (device !== PROBE) {
    const said = { device, key: policyKey, hash: current.hash, status }
    await registry.execute(context.user, { type: 'AcknowledgePolicy', ...said }, askingOf(context))
  }
  return policyKey
}

const isOurs = (given: string, device: string, current: CurrentPolicy): boolean =>
  given === String(temporaryKey(device, current)) || given === String(finalKey(device, current))

/**
 * Children of the Policy in the answer. Where nothing is enforced the device is told that there is no policy, and needs no key: one that
 * enforces nothing is no harmless answer, Android would ask its owner for the rights of a device administrator.
 * Errors: INVALID_VALUE, Status 139, 141, 145.
 */
export const answeredPolicy = async (
  deps: PolicyDeps,
  context: CommandContext,
  { policy, type }: Asked,
): Promise<readonly WbxmlNode[]> => {
  const { user, version, device } = context
  const settings = await deps.settings.of(user.tenant, user.account)
  const current = currentPolicy(settings.policy, version)
  const given = textChild(policy, 'provision:PolicyKey', { max: 16 })
  if (type !== policyType(version)) return answered(type, UNKNOWN_TYPE)
  if (!current) return answered(type, given === undefined ? NO_POLICY : WRONG_KEY)
  if (given === undefined) {
    return answered(type, OK, key(temporaryKey(device.device, current)), current.data)
  }
  if (!isOurs(given, device.device, current)) return answered(type, WRONG_KEY)
  return answered(type, OK, key(await acknowledged(deps, context, { current, status: wordOf(policy) })))
}

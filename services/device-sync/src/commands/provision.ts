import type { DeviceRegistry } from '../devices/device-registry.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { child, descendant, has, requiredText } from '../wbxml/read.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'
import { readDeviceInformation, recordDeviceInformation } from './device-information.ts'
import { StatusError } from './status-error.ts'

export type ProvisionDeps = { readonly registry: DeviceRegistry }

const OK = 1
const DEVICE_INFORMATION_REQUIRED = 165

/** Policy Status (MS-ASPROV 2.2.2.53.2). */
const NO_POLICY = 2
const UNKNOWN_TYPE = 3
const WRONG_KEY = 5

const POLICY_TYPE = 'MS-EAS-Provisioning-WBXML'

const isAcknowledgement = (policy: WbxmlNode): boolean => has(policy, 'provision:PolicyKey')

/**
 * Nothing is enforced here, and a policy that enforces nothing is no harmless answer: Android would ask its owner for the rights of
 * a device administrator. So the client is told that there is none, gets no key, and needs none. A key it acknowledges isn't ours.
 */
const policyStatus = (policy: WbxmlNode, type: string): number => {
  if (type !== POLICY_TYPE) return UNKNOWN_TYPE
  return isAcknowledgement(policy) ? WRONG_KEY : NO_POLICY
}

const policyOf = (body: WbxmlNode | undefined): WbxmlNode => {
  const policy = descendant(body, 'provision:Policies', 'provision:Policy')
  if (!policy) throw new ValueError('provision:Policy', 'is missing')
  return policy
}

/** From 14.1 on the first request says what the device is (MS-ASPROV 3.1.5.1), unless it has said so before or says so late. */
const mustInform = ({ device, family, version }: CommandContext, policy: WbxmlNode): boolean =>
  version >= 141 &&
  !isAcknowledgement(policy) &&
  device.information === undefined &&
  !family.lateDeviceInformation

const inform = async ({ registry }: ProvisionDeps, context: CommandContext): Promise<boolean> => {
  const given = context.body && child(context.body, 'settings:DeviceInformation')
  if (given) await recordDeviceInformation(registry, context, readDeviceInformation(given))
  return given !== undefined
}

const policies = (type: string, status: number): WbxmlNode =>
  el('provision:Policies', [
    el('provision:Policy', [el('provision:PolicyType', type), el('provision:Status', status)]),
  ])

const run = async (deps: ProvisionDeps, context: CommandContext): Promise<CommandAnswer> => {
  const policy = policyOf(context.body)
  const type = requiredText(policy, 'provision:PolicyType', { max: 64 })
  const informed = await inform(deps, context)
  if (!informed && mustInform(context, policy))
    throw new StatusError(DEVICE_INFORMATION_REQUIRED, 'the first Provision must say what the device is')
  return answer(
    el('provision:Provision', [
      informed && el('settings:DeviceInformation', [el('settings:Status', OK)]),
      el('provision:Status', OK),
      policies(type, policyStatus(policy, type)),
    ]),
  )
}

/** Provision (MS-ASPROV): no policy is set, and says so. Errors end in Status 2 (no PolicyType) or 165. */
export const createProvision = (deps: ProvisionDeps): Command => ({
  name: 'Provision',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})

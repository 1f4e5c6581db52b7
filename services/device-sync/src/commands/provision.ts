import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { child, descendant, has, requiredText } from '../wbxml/read.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'
import { readDeviceInformation, recordDeviceInformation } from './device-information.ts'
import { answeredPolicy, type PolicyDeps } from './provision-policy.ts'
import { type AnsweredWipe, answeredWipe } from './provision-wipe.ts'
import { StatusError } from './status-error.ts'

export type ProvisionDeps = PolicyDeps

const OK = 1
const DEVICE_INFORMATION_REQUIRED = 165

const policyOf = (body: WbxmlNode | undefined): WbxmlNode => {
  const policy = descendant(body, 'provision:Policies', 'provision:Policy')
  if (!policy) throw new ValueError('provision:Policy', 'is missing')
  return policy
}

/** From 14.1 on the first request says what the device is (MS-ASPROV 3.1.5.1), unless it has said so before or says so late. */
const mustInform = ({ device, family, version }: CommandContext, policy: WbxmlNode): boolean =>
  version >= 141 &&
  !has(policy, 'provision:PolicyKey') &&
  device.information === undefined &&
  !family.lateDeviceInformation

const inform = async ({ registry }: ProvisionDeps, context: CommandContext): Promise<boolean> => {
  const given = context.body && child(context.body, 'settings:DeviceInformation')
  if (given) await recordDeviceInformation(registry, context, readDeviceInformation(given))
  return given !== undefined
}

type Answered = AnsweredWipe & { readonly informed: boolean; readonly policies?: WbxmlNode }

const provisioned = ({ status, directive, informed, policies }: Answered): CommandAnswer =>
  answer(
    el('provision:Provision', [
      informed && el('settings:DeviceInformation', [el('settings:Status', OK)]),
      el('provision:Status', status),
      policies,
      directive,
    ]),
  )

const run = async (deps: ProvisionDeps, context: CommandContext): Promise<CommandAnswer> => {
  const wiped = await answeredWipe(deps, context)
  if (wiped) return provisioned({ ...wiped, informed: await inform(deps, context) })
  const policy = policyOf(context.body)
  const type = requiredText(policy, 'provision:PolicyType', { max: 64 })
  const informed = await inform(deps, context)
  if (!informed && mustInform(context, policy))
    throw new StatusError(DEVICE_INFORMATION_REQUIRED, 'the first Provision must say what the device is')
  const answered = await answeredPolicy(deps, context, { policy, type })
  const policies = el('provision:Policies', [el('provision:Policy', answered)])
  return provisioned({ status: OK, informed, policies })
}

/**
 * Provision (MS-ASPROV): gives a device its policy and takes its word on it, or the order to erase itself and its word on that.
 * Errors end in Status 2 (no PolicyType), 139, 141, 145 (a strict policy isn't kept) or 165.
 */
export const createProvision = (deps: ProvisionDeps): Command => ({
  name: 'Provision',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})

import type { DeviceRegistry } from '../devices/device-registry.ts'
import type { SignedIn } from '../sign-in/signed-in.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { child, has } from '../wbxml/read.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'
import { readDeviceInformation, recordDeviceInformation } from './device-information.ts'

export type SettingsDeps = { readonly registry: DeviceRegistry }

/** MS-ASCMD 2.2.3.177.15. */
const OK = 1
const PROTOCOL_ERROR = 2
const ACCESS_DENIED = 3
const INVALID_ARGUMENTS = 5
const DENIED_BY_POLICY = 7
/** Common status: rights management is off. */
const IRM_DISABLED = 168

const status = (code: number): WbxmlNode => el('settings:Status', code)

const deviceInformation = async (
  { registry }: SettingsDeps,
  context: CommandContext,
  block: WbxmlNode,
): Promise<number> => {
  try {
    await recordDeviceInformation(registry, context, readDeviceInformation(block))
    return OK
  } catch (error) {
    if (error instanceof ValueError) return has(block, 'settings:Set') ? INVALID_ARGUMENTS : PROTOCOL_ERROR
    throw error
  }
}

/** The one account that a device sees has no AccountId. Aliases are addresses of it as well. */
const accounts = ({ address, aliases, displayName }: SignedIn): WbxmlNode =>
  el('settings:Accounts', [
    el('settings:Account', [
      displayName !== '' && el('settings:UserDisplayName', displayName),
      el('settings:EmailAddresses', [
        ...[address, ...aliases].map((own) => el('settings:SMTPAddress', own)),
        el('settings:PrimarySmtpAddress', address),
      ]),
    ]),
  ])

const userInformation = (user: SignedIn, block: WbxmlNode): WbxmlNode =>
  has(block, 'settings:Get')
    ? el('settings:UserInformation', [status(OK), el('settings:Get', [accounts(user)])])
    : el('settings:UserInformation', [status(PROTOCOL_ERROR)])

/** What isn't served says so in its own block, so that a request with several blocks gets an answer to each. */
const refused: readonly (readonly [TagName, () => WbxmlNode])[] = [
  ['settings:Oof', () => el('settings:Oof', [status(ACCESS_DENIED)])],
  ['settings:DevicePassword', () => el('settings:DevicePassword', [status(DENIED_BY_POLICY)])],
  [
    'settings:RightsManagementInformation',
    () =>
      el('settings:RightsManagementInformation', [
        status(IRM_DISABLED),
        el('settings:Get', [el('rightsmanagement:RightsManagementTemplates')]),
      ]),
  ],
]

const run = async (deps: SettingsDeps, context: CommandContext): Promise<CommandAnswer> => {
  const { body, user } = context
  const device = body && child(body, 'settings:DeviceInformation')
  const information = body && child(body, 'settings:UserInformation')
  const others = refused.filter(([tag]) => body && has(body, tag))
  if (!device && !information && others.length === 0)
    throw new ValueError('settings:Settings', 'asks for nothing')
  return answer(
    el('settings:Settings', [
      status(OK),
      ...others.map(([, refusal]) => refusal()),
      device && el('settings:DeviceInformation', [status(await deviceInformation(deps, context, device))]),
      information && userInformation(user, information),
    ]),
  )
}

/** Settings (MS-ASCMD 2.2.1.18): device information is taken, user information given. */
export const createSettings = (deps: SettingsDeps): Command => ({
  name: 'Settings',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})

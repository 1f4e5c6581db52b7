import type { DeviceRegistry } from '../devices/device-registry.ts'
import type { SignedIn } from '../sign-in/signed-in.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { child, has } from '../wbxml/read.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'
import { readDeviceInformation, recordDeviceInformation } from './device-information.ts'
import { type DevicePasswordDeps, devicePassword } from './settings-device-password.ts'
import { type OofDeps, outOfOffice } from './settings-oof.ts'

export type SettingsDeps = OofDeps & DevicePasswordDeps & { readonly registry: DeviceRegistry }

/** MS-ASCMD 2.2.3.177.15. */
const OK = 1
const PROTOCOL_ERROR = 2
const INVALID_ARGUMENTS = 5
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

/** Accounts came with 14.1. */
const ACCOUNTS_SINCE: EasVersion = 141

/** Before that there was one account, and its addresses alone, the primary one first. */
const addresses = ({ address, aliases }: SignedIn): WbxmlNode =>
  el(
    'settings:EmailAddresses',
    [address, ...aliases].map((own) => el('settings:SMTPAddress', own)),
  )

const userInformation = ({ user, version }: CommandContext, block: WbxmlNode): WbxmlNode => {
  if (!has(block, 'settings:Get')) return el('settings:UserInformation', [status(PROTOCOL_ERROR)])
  const known = version < ACCOUNTS_SINCE ? addresses(user) : accounts(user)
  return el('settings:UserInformation', [status(OK), el('settings:Get', [known])])
}

/** What isn't served says so in its own block, so that a request with several blocks gets an answer to each. */
const refused: readonly (readonly [TagName, () => WbxmlNode])[] = [
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
  const { body } = context
  const oof = body && child(body, 'settings:Oof')
  const device = body && child(body, 'settings:DeviceInformation')
  const information = body && child(body, 'settings:UserInformation')
  const others = refused.filter(([tag]) => body && has(body, tag))
  const password = body && child(body, 'settings:DevicePassword')
  if (!oof && !password && !device && !information && others.length === 0)
    throw new ValueError('settings:Settings', 'asks for nothing')
  return answer(
    el('settings:Settings', [
      status(OK),
      oof && (await outOfOffice(deps, context, oof)),
      password && (await devicePassword(deps, context, password)),
      ...others.map(([, refusal]) => refusal()),
      device && el('settings:DeviceInformation', [status(await deviceInformation(deps, context, device))]),
      information && userInformation(context, information),
    ]),
  )
}

/** Settings (MS-ASCMD 2.2.1.18): each block is answered with a Status of its own. */
export const createSettings = (deps: SettingsDeps): Command => ({
  name: 'Settings',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})

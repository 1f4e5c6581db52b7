import type { MobilePolicy } from '@relais/mobile-policy'
import { PROBE } from '../devices/identify.ts'
import { keepRecoveryPassword } from '../devices/recovery-password.ts'
import type { AccountSettings } from '../sign-in/account-settings.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { child, textChild } from '../wbxml/read.ts'
import type { CommandContext } from './command.ts'

export type DevicePasswordDeps = { readonly settings: Pick<AccountSettings, 'of'> }

const OK = 1
const PROTOCOL_ERROR = 2
const INVALID_ARGUMENTS = 5
const DENIED_BY_POLICY = 7

/** The schema's bound. */
const MAX_PASSWORD = 255

const isWanted = ({ entries }: MobilePolicy): boolean =>
  entries.some(({ name, values }) => name === 'PasswordRecoveryEnabled' && values[0] === '1')

const passwordIn = (set: WbxmlNode): string | undefined => {
  try {
    return textChild(set, 'settings:Password', { max: MAX_PASSWORD })
  } catch (error) {
    if (error instanceof ValueError) return undefined
    throw error
  }
}

const outcome = async (
  { settings }: DevicePasswordDeps,
  { user, device, rows, now }: CommandContext,
  block: WbxmlNode,
): Promise<number> => {
  const set = child(block, 'settings:Set')
  if (!set) return PROTOCOL_ERROR
  const { policy } = await settings.of(user.tenant, user.account)
  if (!isWanted(policy)) return DENIED_BY_POLICY
  const password = passwordIn(set)
  if (password === undefined) return INVALID_ARGUMENTS
  if (device.device !== PROBE) await keepRecoveryPassword(rows, { password, at: now })
  return OK
}

/** Settings:DevicePassword (MS-ASCMD 2.2.3.46): a recovery password, kept where the policy asks for one (PasswordRecoveryEnabled). */
export const devicePassword = async (
  deps: DevicePasswordDeps,
  context: CommandContext,
  block: WbxmlNode,
): Promise<WbxmlNode> =>
  el('settings:DevicePassword', [el('settings:Status', await outcome(deps, context, block))])

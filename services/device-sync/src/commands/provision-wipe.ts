import { terminal } from '@relais/service-kit'
import type { AnswerWipe } from '../device/decide.ts'
import type { Wipe } from '../device/device.ts'
import type { DeviceRegistry } from '../devices/device-registry.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { child, intChild } from '../wbxml/read.ts'
import { askingOf, type CommandContext } from './command.ts'

const OK = 1
/** The client failed, and is told again ([PROV 66x]). */
const FAILED = 2

/** What a Provision says about a wipe. */
export type AnsweredWipe = { readonly status: number; readonly directive?: WbxmlNode }

const KINDS: readonly { readonly tag: TagName; readonly accountOnly: boolean }[] = [
  { tag: 'provision:RemoteWipe', accountOnly: false },
  { tag: 'provision:AccountOnlyRemoteWipe', accountOnly: true },
]

/** What the device says became of its wipe: Status 1, it did it; another, it couldn't. Errors: INVALID_VALUE. */
const wordIn = ({ body, device }: CommandContext): AnswerWipe | undefined => {
  for (const { tag, accountOnly } of KINDS) {
    const word = body && child(body, tag)
    const status = word && intChild(word, 'provision:Status', { max: 255 })
    if (status !== undefined)
      return { type: 'AnswerWipe', device: device.device, accountOnly, done: status === OK }
  }
  return undefined
}

const directiveOf = ({ accountOnly }: Wipe): WbxmlNode =>
  el(accountOnly ? 'provision:AccountOnlyRemoteWipe' : 'provision:RemoteWipe')

const wipeNow = async (registry: DeviceRegistry, context: CommandContext): Promise<Wipe | undefined> => {
  const word = wordIn(context)
  if (!word) return context.device.wipe
  const { devices } = await registry.execute(context.user, word, askingOf(context))
  return devices.get(context.device.device)?.wipe
}

/**
 * The order to erase everything, or this account, until the device says that it did (MS-ASPROV 3.2.5.1.2). Undefined: nobody wants that,
 * and the device doesn't speak of it. Errors: DEVICE_BLOCKED once it was done.
 */
export const answeredWipe = async (
  { registry }: { readonly registry: DeviceRegistry },
  context: CommandContext,
): Promise<AnsweredWipe | undefined> => {
  const word = wordIn(context)
  if (!context.device.wipe) return word && { status: OK }
  const wipe = await wipeNow(registry, context)
  if (!wipe || (wipe.state === 'done' && word)) return { status: OK }
  if (wipe.state === 'done') throw terminal('DEVICE_BLOCKED', 'this device was wiped')
  return { status: word?.done === false ? FAILED : OK, directive: directiveOf(wipe) }
}

import type { DeviceInformation } from '../device/device.ts'
import type { DeviceRegistry } from '../devices/device-registry.ts'
import { PROBE } from '../devices/identify.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { child, textChild } from '../wbxml/read.ts'
import { askingOf, type CommandContext } from './command.ts'

const MAX = 1024

/** Settings:DeviceInformation/Set (MS-ASCMD 2.2.3.45), from Settings or Provision. Errors: INVALID_VALUE. */
export const readDeviceInformation = (deviceInformation: WbxmlNode): DeviceInformation => {
  const set = child(deviceInformation, 'settings:Set')
  if (!set) throw new ValueError(deviceInformation.tag, 'has no Set')
  const text = (tag: TagName) => textChild(set, tag, { max: MAX }) ?? ''
  return {
    model: text('settings:Model'),
    friendlyName: text('settings:FriendlyName'),
    os: text('settings:OS'),
    osLanguage: text('settings:OSLanguage'),
    phoneNumber: text('settings:PhoneNumber'),
    mobileOperator: text('settings:MobileOperator'),
    imei: text('settings:IMEI'),
    userAgent: text('settings:UserAgent'),
  }
}

/** Records what a device says about itself; of one that only asks nothing is kept. */
export const recordDeviceInformation = async (
  registry: DeviceRegistry,
  context: CommandContext,
  information: DeviceInformation,
): Promise<void> => {
  const { user, device } = context
  if (device.device === PROBE) return
  const command = { type: 'SetDeviceInformation', device: device.device, information } as const
  await registry.execute(user, command, askingOf(context))
}

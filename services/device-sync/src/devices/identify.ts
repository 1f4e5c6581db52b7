import { terminal } from '@relais/service-kit'

/** Longer than any client's (32 by convention, [HTTP 102]); nothing that needs quoting in a key, a path or a log. */
const deviceId = /^[A-Za-z0-9._:{}()@+=~-]{1,64}$/
const deviceType = /^[\x20-\x7e]{1,64}$/

/** Android asks with this id whether there is a server at all: no state is made for it. */
export const PROBE = 'validate'

/** Errors: DEVICE_ID_INVALID (Status 108), DEVICE_TYPE_INVALID (Status 109). */
export const requireDevice = (line: { readonly deviceId: string; readonly deviceType: string }): void => {
  if (!deviceId.test(line.deviceId))
    throw terminal('DEVICE_ID_INVALID', 'the DeviceId is missing or unusable')
  if (!deviceType.test(line.deviceType))
    throw terminal('DEVICE_TYPE_INVALID', 'the DeviceType is missing or unusable')
}

import { defineEvents, type EventOf } from '@relais/event-log'
import {
  DeviceBlocked,
  DeviceInformationSet,
  DevicePolicyAcknowledged,
  DeviceRegistered,
  DeviceRemoved,
  DevicesErased,
  DeviceWipeAnswered,
  DeviceWipeCancelled,
  DeviceWipeRequested,
} from '@relais/proto/device_sync/v1/events.ts'

/** Name of the stream and of the read model. */
export const DEVICE_SYNC = 'device-sync'

export const deviceEvents = defineEvents({
  DeviceRegistered: { version: 1, codec: DeviceRegistered },
  DeviceInformationSet: { version: 1, codec: DeviceInformationSet },
  DevicePolicyAcknowledged: { version: 1, codec: DevicePolicyAcknowledged },
  DeviceWipeRequested: { version: 1, codec: DeviceWipeRequested },
  DeviceWipeCancelled: { version: 1, codec: DeviceWipeCancelled },
  DeviceWipeAnswered: { version: 1, codec: DeviceWipeAnswered },
  DeviceBlocked: { version: 1, codec: DeviceBlocked },
  DeviceRemoved: { version: 1, codec: DeviceRemoved },
  DevicesErased: { version: 1, codec: DevicesErased },
})

export type DeviceEvent = EventOf<typeof deviceEvents>

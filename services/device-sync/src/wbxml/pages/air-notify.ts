import type { CodePage } from '../code-page.ts'

export const airNotify = {
  page: 3,
  namespace: 'AirNotify',
  prefix: 'airnotify',
  tags: {
    Notify: [0x05, 25, 25],
    Notification: [0x06, 25, 25],
    Version: [0x07, 25, 25],
    Lifetime: [0x08, 25, 25],
    DeviceInfo: [0x09, 25, 25],
    Enable: [0x0a, 25, 25],
    Folder: [0x0b, 25, 25],
    ServerEntryId: [0x0c, 25, 25],
    DeviceAddress: [0x0d, 25, 25],
    ValidCarrierProfiles: [0x0e, 25, 25],
    CarrierProfile: [0x0f, 25, 25],
    Status: [0x10, 25, 25],
    Replies: [0x11, 25, 25],
    Devices: [0x12, 25, 25],
    Device: [0x13, 25, 25],
    Id: [0x14, 25, 25],
    Expiry: [0x15, 25, 25],
    NotifyGUID: [0x16, 25, 25],
  },
} as const satisfies CodePage

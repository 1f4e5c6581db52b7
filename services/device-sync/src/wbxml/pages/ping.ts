import type { CodePage } from '../code-page.ts'

export const ping = {
  page: 13,
  namespace: 'Ping',
  prefix: 'ping',
  tags: {
    Ping: [0x05],
    AutdState: [0x06, 25, 25],
    Status: [0x07],
    HeartbeatInterval: [0x08],
    Folders: [0x09],
    Folder: [0x0a],
    Id: [0x0b],
    Class: [0x0c],
    MaxFolders: [0x0d],
    Version: [0x0e, 25, 25],
  },
} as const satisfies CodePage

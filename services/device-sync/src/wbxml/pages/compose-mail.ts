import type { CodePage } from '../code-page.ts'

export const composeMail = {
  page: 21,
  namespace: 'ComposeMail',
  prefix: 'composemail',
  tags: {
    SendMail: [0x05, 140],
    SmartForward: [0x06, 140],
    SmartReply: [0x07, 140],
    SaveInSentItems: [0x08, 140],
    ReplaceMime: [0x09, 140],
    Type: [0x0a, 0, 0],
    Source: [0x0b, 140],
    FolderId: [0x0c, 140],
    ItemId: [0x0d, 140],
    LongId: [0x0e, 140],
    InstanceId: [0x0f, 140],
    Mime: [0x10, 140],
    ClientId: [0x11, 140],
    Status: [0x12, 140],
    AccountId: [0x13, 141],
    Forwardees: [0x15, 160],
    Forwardee: [0x16, 160],
    Name: [0x17, 160],
    Email: [0x18, 160],
  },
} as const satisfies CodePage

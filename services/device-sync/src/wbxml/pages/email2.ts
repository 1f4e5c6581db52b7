import type { CodePage } from '../code-page.ts'

export const email2 = {
  page: 22,
  namespace: 'Email2',
  prefix: 'email2',
  tags: {
    UmCallerID: [0x05, 140],
    UmUserNotes: [0x06, 140],
    UmAttDuration: [0x07, 140],
    UmAttOrder: [0x08, 140],
    ConversationId: [0x09, 140],
    ConversationIndex: [0x0a, 140],
    LastVerbExecuted: [0x0b, 140],
    LastVerbExecutionTime: [0x0c, 140],
    ReceivedAsBcc: [0x0d, 140],
    Sender: [0x0e, 140],
    CalendarType: [0x0f, 140],
    IsLeapMonth: [0x10, 140],
    AccountId: [0x11, 141],
    FirstDayOfWeek: [0x12, 141],
    MeetingMessageType: [0x13, 141],
    IsDraft: [0x15, 160],
    Bcc: [0x16, 160],
    Send: [0x17, 160],
  },
} as const satisfies CodePage

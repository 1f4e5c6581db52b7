import type { CodePage } from '../code-page.ts'

export const meetingResponse = {
  page: 8,
  namespace: 'MeetingResponse',
  prefix: 'meetingresponse',
  tags: {
    CalendarId: [0x05],
    CollectionId: [0x06],
    MeetingResponse: [0x07],
    RequestId: [0x08],
    Request: [0x09],
    Result: [0x0a],
    Status: [0x0b],
    UserResponse: [0x0c],
    Version: [0x0d, 25, 25],
    InstanceId: [0x0e, 141],
    ProposedStartTime: [0x10, 161],
    ProposedEndTime: [0x11, 161],
    SendResponse: [0x12, 160],
  },
} as const satisfies CodePage

import type { CodePage } from '../code-page.ts'

export const notes = {
  page: 23,
  namespace: 'Notes',
  prefix: 'notes',
  tags: {
    Subject: [0x05, 140],
    MessageClass: [0x06, 140],
    LastModifiedDate: [0x07, 140],
    Categories: [0x08, 140],
    Category: [0x09, 140],
  },
} as const satisfies CodePage

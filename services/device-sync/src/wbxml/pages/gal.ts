import type { CodePage } from '../code-page.ts'

export const gal = {
  page: 16,
  namespace: 'Gal',
  prefix: 'gal',
  tags: {
    DisplayName: [0x05],
    Phone: [0x06],
    Office: [0x07],
    Title: [0x08],
    Company: [0x09],
    Alias: [0x0a],
    FirstName: [0x0b],
    LastName: [0x0c],
    HomePhone: [0x0d],
    MobilePhone: [0x0e],
    EmailAddress: [0x0f],
    Picture: [0x10, 141],
    Status: [0x11, 141],
    Data: [0x12, 141],
  },
} as const satisfies CodePage

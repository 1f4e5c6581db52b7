import type { CodePage } from '../code-page.ts'

export const contacts2 = {
  page: 12,
  namespace: 'Contacts2',
  prefix: 'contacts2',
  tags: {
    CustomerId: [0x05],
    GovernmentId: [0x06],
    IMAddress: [0x07],
    IMAddress2: [0x08],
    IMAddress3: [0x09],
    ManagerName: [0x0a],
    CompanyMainPhone: [0x0b],
    AccountName: [0x0c],
    NickName: [0x0d],
    MMS: [0x0e],
  },
} as const satisfies CodePage

import type { CodePage } from '../code-page.ts'

export const getItemEstimate = {
  page: 6,
  namespace: 'GetItemEstimate',
  prefix: 'getitemestimate',
  tags: {
    GetItemEstimate: [0x05],
    Version: [0x06, 25, 25],
    Collections: [0x07],
    Collection: [0x08],
    Class: [0x09, 25, 121],
    CollectionId: [0x0a],
    DateTime: [0x0b, 25, 25],
    Estimate: [0x0c],
    Response: [0x0d],
    Status: [0x0e],
  },
} as const satisfies CodePage

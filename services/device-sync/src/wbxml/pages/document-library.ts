import type { CodePage } from '../code-page.ts'

export const documentLibrary = {
  page: 19,
  namespace: 'DocumentLibrary',
  prefix: 'documentlibrary',
  tags: {
    LinkId: [0x05, 120],
    DisplayName: [0x06, 120],
    IsFolder: [0x07, 120],
    CreationDate: [0x08, 120],
    LastModifiedDate: [0x09, 120],
    IsHidden: [0x0a, 120],
    ContentLength: [0x0b, 120],
    ContentType: [0x0c, 120],
  },
} as const satisfies CodePage

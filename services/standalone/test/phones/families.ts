/** How a kind of client goes about it (field notes 2). */
export type Family = {
  readonly name: string
  readonly deviceType: string
  readonly userAgent: string
  readonly version: '14.1' | '16.1'
  readonly query: 'plain' | 'base64'
  /** Sends Options with every Sync, or only with the first. */
  readonly alwaysOptions: boolean
  /** Syncs all its folders in one request, and leaves out what is as in the last one. */
  readonly together: boolean
}

export const FAMILIES: readonly Family[] = [
  {
    name: 'ios',
    deviceType: 'iPhone',
    userAgent: 'Apple-iPhone14C2/1904.1',
    version: '16.1',
    query: 'plain',
    alwaysOptions: true,
    together: false,
  },
  {
    name: 'android',
    deviceType: 'Android',
    userAgent: 'Android-Mail/2024',
    version: '14.1',
    query: 'plain',
    alwaysOptions: true,
    together: false,
  },
  {
    name: 'outlook',
    deviceType: 'WindowsOutlook15',
    userAgent: 'Microsoft.Outlook.15',
    version: '14.1',
    query: 'base64',
    alwaysOptions: false,
    together: true,
  },
]

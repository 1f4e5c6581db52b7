export type Version = '2.5' | '12.0' | '12.1' | '14.0' | '14.1' | '16.0' | '16.1'

export const numberOf = (version: Version): number => Number(version.replace('.', ''))

/** How a kind of client goes about it (field notes 2). */
export type Family = {
  readonly name: string
  readonly deviceType: string
  readonly userAgent: string
  readonly version: Version
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

const older = (version: Version, more: Partial<Family> = {}): Family => ({
  ...{ name: `a phone of ${version}`, deviceType: 'SmartPhone', userAgent: 'MSFT-SPhone/5.2.5082' },
  ...{ version, query: 'plain', alwaysOptions: true, together: false },
  ...more,
})

/** The same and those of all other versions. */
export const EVERY_FAMILY: readonly Family[] = [
  ...FAMILIES,
  older('2.5'),
  older('12.0'),
  older('12.1', { query: 'base64', together: true, alwaysOptions: false }),
  older('14.0', { query: 'base64' }),
  older('16.0', { deviceType: 'Android', userAgent: 'Android-Mail/2016' }),
]

/** To which a phone may be brought without an account of its own for it: it keeps what it has (drafts it must be able to write). */
export const VERSIONS: readonly Version[] = ['12.0', '12.1', '14.0', '14.1', '16.0', '16.1']

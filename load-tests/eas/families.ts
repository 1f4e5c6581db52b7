export type FamilyName = 'ios' | 'android' | 'outlook'

/** What a phone asks in its first minute, one after the other. `sync`: what is there of each folder that it keeps. */
export type SetUpStep = 'options' | 'folderSync' | 'provision' | 'settings' | 'sync'

/** A number that grows as all goes well. */
export type Growing = { readonly first: number; readonly step: number; readonly most: number }

/** How a kind of client goes about it. Sources: AOSP's Exchange (EasPing, Eas.java), logs of servers, [MS-ASHTTP] and [MS-ASCMD] of Windows. */
export type Family = {
  readonly name: FamilyName
  readonly deviceType: string
  readonly userAgent: string
  readonly version: '14.1' | '16.1'
  readonly query: 'plain' | 'base64'
  readonly setUp: readonly SetUpStep[]
  /** How it waits: a Ping on its inbox, or a Sync of all its folders that is held. */
  readonly push: 'ping' | 'sync'
  /** Seconds that it waits: longer after each time that went well. */
  readonly heartbeat: Growing & { readonly least: number }
  /** Items that it takes at once. */
  readonly window: Growing
  /** [MS-ASCMD] 2.2.3.68.2: 3 is a week of mail, 5 a month. */
  readonly filter: number
  /** Bytes of a body that it takes. */
  readonly bodyBytes: number
  /** Types of the folders that it keeps ([MS-ASCMD] 2.2.3.186.3): 2 inbox, 3 drafts, 4 deleted, 5 sent. */
  readonly keeps: readonly string[]
}

const MINUTE = 60

export const FAMILIES: Readonly<Record<FamilyName, Family>> = {
  ios: {
    name: 'ios',
    deviceType: 'iPhone',
    userAgent: 'Apple-iPhone15C2/2108.74',
    version: '16.1',
    query: 'plain',
    setUp: ['options', 'folderSync', 'provision', 'settings', 'folderSync', 'sync'],
    push: 'ping',
    heartbeat: { first: 15 * MINUTE, step: 5 * MINUTE, most: 59 * MINUTE, least: 5 * MINUTE },
    window: { first: 50, step: 0, most: 50 },
    filter: 5,
    bodyBytes: 32_768,
    keeps: ['2', '5'],
  },
  android: {
    name: 'android',
    deviceType: 'Android',
    userAgent: 'Android/14-EAS-2.0',
    version: '14.1',
    query: 'plain',
    setUp: ['options', 'folderSync', 'provision', 'settings', 'sync'],
    push: 'ping',
    heartbeat: { first: 8 * MINUTE, step: 5 * MINUTE, most: 28 * MINUTE, least: 8 * MINUTE },
    window: { first: 10, step: 10, most: 512 },
    filter: 3,
    bodyBytes: 4096,
    keeps: ['2'],
  },
  outlook: {
    name: 'outlook',
    deviceType: 'WindowsOutlook15',
    userAgent: 'Outlook/16.0 (16.0.17726.20160; C2R)',
    version: '14.1',
    query: 'base64',
    setUp: ['options', 'provision', 'folderSync', 'settings', 'sync'],
    push: 'sync',
    heartbeat: { first: 9 * MINUTE, step: 0, most: 9 * MINUTE, least: 3 * MINUTE },
    window: { first: 512, step: 0, most: 512 },
    filter: 5,
    bodyBytes: 65_536,
    keeps: ['2', '3', '4', '5'],
  },
}

export const FAMILY_NAMES = Object.keys(FAMILIES) as readonly FamilyName[]

/** Kinds of clients that behave alike. */
export type Family =
  | 'ios'
  | 'android'
  | 'gmail'
  | 'samsung'
  | 'outlook-desktop'
  | 'outlook-mobile'
  | 'windows-phone'
  | 'windows-mail'
  | 'nine'
  | 'blackberry'
  | 'tbsync'
  | 'unknown'

/** What to do differently for a family: field knowledge as data. */
export type FamilyTraits = {
  readonly family: Family
  /** Client ids of Sync Adds mean something beyond their request; others reuse 1, 2, 3 (sync.md 4, match). */
  readonly ownClientIds: boolean
  /** Sends DeviceInformation by Settings after FolderSync (MS-ASCMD <20>): Provision doesn't insist on it. */
  readonly lateDeviceInformation: boolean
  /** Seconds after which the client gives up reading an answer: stop computing and say MoreAvailable before. */
  readonly readTimeout: number
}

type Client = { readonly deviceType: string; readonly deviceId: string; readonly userAgent: string }

type Row = { readonly family: Family; readonly matches: (client: Client) => boolean }

const type = (pattern: RegExp) => (client: Client) => pattern.test(client.deviceType)
const agent = (pattern: RegExp) => (client: Client) => pattern.test(client.userAgent)
const id = (pattern: RegExp) => (client: Client) => pattern.test(client.deviceId)
const either =
  (...tests: readonly Row['matches'][]) =>
  (client: Client) =>
    tests.some((test) => test(client))

// 9Folders' device ids are "nine…" in ASCII or its hex.
const nineInHex = /^6e696e65/i

/** First match wins: narrow names stand before the wide ones they contain. */
const rows: readonly Row[] = [
  { family: 'nine', matches: either(id(/^nine/i), id(nineInHex), agent(/\bnine\b/i)) },
  { family: 'tbsync', matches: either(agent(/tbsync/i), type(/^thunderbird$/i), id(/^mztb/i)) },
  { family: 'outlook-mobile', matches: either(type(/^outlook$/i), agent(/outlook-(ios|android)/i)) },
  { family: 'outlook-desktop', matches: either(type(/^windowsoutlook/i), agent(/microsoft\.outlook/i)) },
  { family: 'windows-phone', matches: either(type(/^(wp|wp8|windowsphone)$/i), agent(/msft-wp/i)) },
  { family: 'windows-mail', matches: either(type(/^(windowsmail|universaloutlook)$/i), agent(/msft-win/i)) },
  { family: 'ios', matches: either(type(/^(iphone|ipad|ipod|appletv|mac)$/i), agent(/^apple-/i)) },
  { family: 'samsung', matches: either(type(/^samsung/i), agent(/^samsung/i), id(/^sec[0-9a-f]/i)) },
  { family: 'gmail', matches: agent(/android-mail|gmail/i) },
  { family: 'blackberry', matches: either(type(/^blackberry/i), agent(/rim-|bb10|blackberry/i), id(/^bb/i)) },
  { family: 'android', matches: either(type(/android/i), agent(/android/i)) },
]

const common = { ownClientIds: true, lateDeviceInformation: false, readTimeout: 28 }

const traits: Readonly<Record<Family, FamilyTraits>> = {
  ios: { ...common, family: 'ios', readTimeout: 210 },
  android: { ...common, family: 'android', ownClientIds: false },
  gmail: { ...common, family: 'gmail', ownClientIds: false },
  samsung: { ...common, family: 'samsung', ownClientIds: false, readTimeout: 85 },
  'outlook-desktop': { ...common, family: 'outlook-desktop', ownClientIds: false, readTimeout: 210 },
  'outlook-mobile': { ...common, family: 'outlook-mobile' },
  'windows-phone': { ...common, family: 'windows-phone', lateDeviceInformation: true, readTimeout: 210 },
  'windows-mail': { ...common, family: 'windows-mail', lateDeviceInformation: true, readTimeout: 210 },
  nine: { ...common, family: 'nine' },
  blackberry: { ...common, family: 'blackberry' },
  tbsync: { ...common, family: 'tbsync' },
  unknown: { ...common, family: 'unknown' },
}

/** Tells a client's family from what it says about itself. */
export const familyOf = (client: Client): FamilyTraits =>
  traits[rows.find(({ matches }) => matches(client))?.family ?? 'unknown']

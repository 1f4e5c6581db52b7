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
  /** Sends DeviceInformation by Settings after FolderSync (MS-ASCMD <20>): Provision doesn't insist on it. */
  readonly lateDeviceInformation: boolean
  /** Shows the one body of 2.5 as HTML (field notes 3). */
  readonly htmlIn25: boolean
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

/** Families that say after their first FolderSync what they are (MS-ASCMD <20>, <21>). */
const late: ReadonlySet<Family> = new Set(['windows-phone', 'windows-mail'])

/** Tells a client's family from what it says about itself. */
export const familyOf = (client: Client): FamilyTraits => {
  const family = rows.find(({ matches }) => matches(client))?.family ?? 'unknown'
  return { family, lateDeviceInformation: late.has(family), htmlIn25: family === 'ios' }
}

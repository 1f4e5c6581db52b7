import { parsePolicy } from '@relais/mobile-policy'
import { parseAddress } from '../address/address.ts'
import { isLocale } from './locale.ts'
import { isTimeZone } from './time-zone.ts'

export type KnownSetting = {
  readonly fallback: string
  /** What a value must be, to complete "must be …". */
  readonly type: string
  readonly accepts: (value: string) => boolean
}

const yesOrNo = (fallback: boolean): KnownSetting => ({
  fallback: String(fallback),
  type: 'true or false',
  accepts: (value) => value === 'true' || value === 'false',
})

const count = (fallback: number): KnownSetting => ({
  fallback: String(fallback),
  type: 'a whole number from 0 to 9007199254740991',
  accepts: (value) => /^(?:0|[1-9]\d{0,15})$/.test(value) && Number.isSafeInteger(Number(value)),
})

/** Every setting there is. Names and defaults are part of docs/reference. */
export const KNOWN_SETTINGS = {
  /** Phones may synchronise by Exchange ActiveSync. */
  'eas.enabled': yesOrNo(true),
  /** Phones see mailboxes below the default ones. */
  'eas.subfolders': yesOrNo(true),
  /** What phones must keep to (MS-ASPROV 2.2.2), as `DevicePasswordEnabled=1; MinDevicePasswordLength=6; strict`; empty: nothing. */
  'eas.policy': {
    fallback: '',
    type: 'rules of MS-ASPROV like DevicePasswordEnabled=1; MinDevicePasswordLength=6; strict',
    accepts: (value) => parsePolicy(value) !== undefined,
  },
  /** Bytes of mail of an account without a quota of its own; 0: no limit. */
  'mail.quota': count(0),
  /** Recipients of one account's mail in an hour; 0: no limit. */
  'mail.sendRate': count(500),
  /** Address that gets the mail for postmaster and abuse; empty: nobody. */
  'mail.postmaster': {
    fallback: '',
    type: 'an address or empty',
    accepts: (value) => value === '' || parseAddress(value) !== undefined,
  },
  locale: { fallback: 'en', type: 'a language tag like de or pt-BR', accepts: isLocale },
  timeZone: { fallback: 'UTC', type: 'a time zone like Europe/Berlin', accepts: isTimeZone },
} as const satisfies Record<string, KnownSetting>

export type SettingName = keyof typeof KNOWN_SETTINGS

export const SETTING_NAMES = Object.keys(KNOWN_SETTINGS) as readonly SettingName[]

export const isSettingName = (name: string): name is SettingName => Object.hasOwn(KNOWN_SETTINGS, name)

/** Values by name, of one level. */
export type SettingValues = Readonly<Record<string, string>>

import { KNOWN_SETTINGS, SETTING_NAMES, type SettingName, type SettingValues } from './known-settings.ts'

export type SettingOrigin = 'platform' | 'tenant' | 'account'

export type EffectiveSetting = {
  readonly name: SettingName
  readonly value: string
  readonly origin: SettingOrigin
}

/** What each level says itself; absent: the question is about a level above it. */
export type SettingLevels = {
  /** The installation's configuration, under what operators changed. */
  readonly configured: SettingValues
  readonly platform: SettingValues
  readonly tenant?: SettingValues | undefined
  readonly account?: SettingValues | undefined
}

/** The value that holds: the nearest level's, then the platform's, then the configured one, then the built-in one. */
export const effectiveSetting = (levels: SettingLevels, name: SettingName): EffectiveSetting => {
  const account = levels.account?.[name]
  if (account !== undefined) return { name, value: account, origin: 'account' }
  const tenant = levels.tenant?.[name]
  if (tenant !== undefined) return { name, value: tenant, origin: 'tenant' }
  const value = levels.platform[name] ?? levels.configured[name] ?? KNOWN_SETTINGS[name].fallback
  return { name, value, origin: 'platform' }
}

/** All settings as they hold, with where each comes from. */
export const effectiveSettings = (levels: SettingLevels): readonly EffectiveSetting[] =>
  SETTING_NAMES.map((name) => effectiveSetting(levels, name))

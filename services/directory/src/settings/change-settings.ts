import { terminal } from '@relais/service-kit/errors.ts'
import { isSettingName, KNOWN_SETTINGS, type SettingValues } from './known-settings.ts'

export type SettingsChange = { readonly set: SettingValues; readonly cleared: readonly string[] }

const known = (name: string) => {
  if (isSettingName(name)) return KNOWN_SETTINGS[name]
  throw terminal('UNKNOWN_SETTING', `there is no setting ${JSON.stringify(name.slice(0, 60))}`)
}

const check = ([name, value]: readonly [string, string]) => {
  const { accepts, type } = known(name)
  if (!accepts(value)) throw terminal('INVALID_ARGUMENT', `${name} must be ${type}`)
}

/**
 * What of a change is new to a level with these values; undefined: nothing.
 * Errors: UNKNOWN_SETTING, INVALID_ARGUMENT (terminal).
 */
export const changeSettings = (values: SettingValues, change: SettingsChange): SettingsChange | undefined => {
  Object.entries(change.set).forEach(check)
  change.cleared.forEach(known)
  const set = Object.entries(change.set).filter(([name, value]) => values[name] !== value)
  const cleared = [...new Set(change.cleared)].filter(
    (name) => Object.hasOwn(values, name) && !Object.hasOwn(change.set, name),
  )
  return set.length + cleared.length === 0 ? undefined : { set: Object.fromEntries(set), cleared }
}

/** The level's values after a change. */
export const applySettings = (values: SettingValues, { set, cleared }: SettingsChange): SettingValues => {
  const gone = new Set(cleared)
  const kept = Object.entries(values).filter(([name]) => !gone.has(name))
  return { ...Object.fromEntries(kept), ...set }
}

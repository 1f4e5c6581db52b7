import type { Setting } from './settings.ts'
import { fromText, type Given, invalid, type Values } from './values.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Path of the configuration file. */
export const FILE_VARIABLE = 'RELAIS_CONFIG'

const PREFIX = 'RELAIS_'

/** Reads RELAIS_…; an empty variable counts as not set. */
export const readEnvironment = (settings: readonly Setting[], env: Environment): Values => {
  const byVariable = new Map(settings.map((setting) => [setting.variable, setting]))
  const values = new Map<string, Given>()
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || variable === FILE_VARIABLE || text === undefined || text === '')
      continue
    const setting = byVariable.get(variable)
    if (setting === undefined) throw invalid(`${variable}: there is no such variable; --help lists them`)
    values.set(setting.name, { value: fromText(setting, text), origin: variable })
  }
  return values
}

import type { z } from 'zod'
import { type Environment, FILE_VARIABLE, readEnvironment } from './environment.ts'
import { readConfigurationFile } from './file.ts'
import { readFlags } from './flags.ts'
import { helpText } from './help.ts'
import { type Setting, settingsOf } from './settings.ts'
import { type Given, invalid, type Values } from './values.ts'

export type ConfigurationSources = {
  /** Without the program: `process.argv.slice(2)`. */
  readonly argv: readonly string[]
  readonly env: Environment
  /** The configuration file that is read if nobody names one, and may lack. */
  readonly file?: string
  /** For the help text: what is typed, and what it does in a sentence. */
  readonly command?: string
  readonly summary?: string
}

export type LoadedConfiguration<Schema extends z.ZodObject> =
  | { readonly kind: 'help'; readonly text: string }
  | {
      readonly kind: 'configuration'
      readonly value: z.output<Schema>
      /** Where each setting that isn't a default comes from. */
      readonly origins: Readonly<Record<string, string>>
    }

/**
 * One validated configuration from flags, environment (RELAIS_…), one JSON file and defaults, in this order of
 * precedence; or the help text where `--help` was asked for. The file is that of `--config`, of RELAIS_CONFIG, or `file`.
 * Errors: CONFIGURATION_INVALID, whose message is one line that names the setting and where its value comes from.
 */
export const loadConfiguration = <Schema extends z.ZodObject>(
  schema: Schema,
  sources: ConfigurationSources,
): LoadedConfiguration<Schema> => {
  const settings = settingsOf(schema)
  const flags = readFlags(settings, sources.argv)
  if (flags.help) return { kind: 'help', text: helpText(settings, sources) }
  const given = new Map([
    ...fileValues(settings, flags.file ?? sources.env[FILE_VARIABLE], sources.file),
    ...readEnvironment(settings, sources.env),
    ...flags.values,
  ])
  return { kind: 'configuration', value: validated(schema, settings, given), origins: originsOf(given) }
}

const fileValues = (
  settings: readonly Setting[],
  named: string | undefined,
  usual: string | undefined,
): Values => {
  if (named) return readConfigurationFile(settings, named, { mayLack: false })
  return usual === undefined ? new Map() : readConfigurationFile(settings, usual, { mayLack: true })
}

const originsOf = (given: Values) =>
  Object.fromEntries([...given].map(([name, { origin }]) => [name, origin]))

const validated = <Schema extends z.ZodObject>(
  schema: Schema,
  settings: readonly Setting[],
  given: Values,
): z.output<Schema> => {
  const result = schema.safeParse(nested(settings, given))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw invalid(complaint(issue!, given))
}

const complaint = ({ path, message }: z.core.$ZodIssue, given: Values): string => {
  const reason = message.replace(/^Invalid (input|option): /, '')
  const name = path.map(String).join('.')
  const found = origin(path.map(String), given)
  if (found !== undefined) return `${name} (${found.origin}): ${reason}`
  return name === '' ? reason : `${name}: ${given.has(name) ? reason : 'must be set'}`
}

/** An issue may lie inside a list: its setting is the longest part of its path that was given. */
const origin = (path: readonly string[], given: Values): Given | undefined =>
  path.length === 0 ? undefined : (given.get(path.join('.')) ?? origin(path.slice(0, -1), given))

type Tree = { [name: string]: unknown }

/** Groups are there even when nothing in them was given: their settings have defaults. */
const nested = (settings: readonly Setting[], given: Values): Tree => {
  const root: Tree = {}
  for (const { path, name } of settings) {
    let group = root
    for (const part of path.slice(0, -1)) {
      group[part] ??= {}
      group = group[part] as Tree
    }
    const value = given.get(name)
    if (value !== undefined) group[path.at(-1)!] = value.value
  }
  return root
}

import { readFileSync, statSync } from 'node:fs'
import type { Setting } from './settings.ts'
import { type Given, invalid, type Values } from './values.ts'

/** More than any real configuration. */
const MAX_BYTES = 1024 * 1024

type JsonObject = Readonly<Record<string, unknown>>

/** Reads a JSON file of settings. `mayLack`: no file is no settings. */
export const readConfigurationFile = (
  settings: readonly Setting[],
  path: string,
  { mayLack }: { readonly mayLack: boolean },
): Values => {
  const text = readText(path, mayLack)
  const values = new Map<string, Given>()
  if (text !== undefined) collect({ values, path, settings }, parse(path, text), [])
  return values
}

const readText = (path: string, mayLack: boolean): string | undefined => {
  try {
    if (statSync(path).size > MAX_BYTES) throw invalid(`${path}: the file is too large for a configuration`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'CONFIGURATION_INVALID') throw error
    if (code === 'ENOENT' && mayLack) return undefined
    throw invalid(`${path}: the configuration file can't be read (${code})`)
  }
}

const parse = (path: string, text: string): JsonObject => {
  let content: unknown
  try {
    content = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw invalid(`${path}: not JSON${place(text, (error as Error).message)}`)
  }
  if (!isObject(content)) throw invalid(`${path}: not a JSON object`)
  return content
}

/** Where Node found the mistake; its message may quote secrets, so only the position is taken from it. */
const place = (text: string, message: string): string => {
  const position = /position (\d+)/.exec(message)?.[1]
  if (position === undefined) return ''
  const lines = text.slice(0, Number(position)).split('\n')
  return `: line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type Collecting = {
  readonly values: Map<string, Given>
  readonly path: string
  readonly settings: readonly Setting[]
}

const collect = (into: Collecting, object: JsonObject, prefix: readonly string[]): void => {
  for (const [key, value] of Object.entries(object)) {
    const name = [...prefix, key].join('.')
    if (into.settings.some((setting) => setting.name === name))
      into.values.set(name, { value, origin: into.path })
    else if (!into.settings.some((setting) => setting.name.startsWith(`${name}.`)))
      throw invalid(`${name} (${into.path}): there is no such setting`)
    else if (!isObject(value)) throw invalid(`${name} (${into.path}): expected an object`)
    else collect(into, value, [...prefix, key])
  }
}

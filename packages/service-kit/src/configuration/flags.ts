import type { Setting } from './settings.ts'
import { fromText, type Given, invalid, type Values } from './values.ts'

export type Flags = {
  readonly values: Values
  readonly help: boolean
  /** Of `--config`. */
  readonly file: string | undefined
}

type Reading = {
  readonly bySpelling: ReadonlyMap<string, Setting>
  readonly values: Map<string, Given>
  help: boolean
  file: string | undefined
}

/** Reads `--name value`, `--name=value`, `--switch`, `--no-switch`; lists may be given several times. */
export const readFlags = (settings: readonly Setting[], argv: readonly string[]): Flags => {
  const bySpelling = new Map(settings.map((setting) => [setting.flag, setting]))
  const reading: Reading = { bySpelling, values: new Map(), help: false, file: undefined }
  const left = [...argv]
  for (let argument = left.shift(); argument !== undefined; argument = left.shift()) {
    readFlag(reading, argument, left)
  }
  return reading
}

const readFlag = (reading: Reading, argument: string, left: string[]): void => {
  if (!argument.startsWith('-') || argument === '-')
    throw invalid(`${argument}: there are no arguments but options`)
  if (argument === '--help' || argument === '-h') {
    reading.help = true
    return
  }
  const [name, inline] = split(argument)
  if (name === 'config') reading.file = inline ?? next(argument, left)
  else readSetting(reading, { name, inline, left })
}

const split = (argument: string): [string, string | undefined] => {
  if (!argument.startsWith('--')) throw unknown(argument)
  const at = argument.indexOf('=')
  return at < 0 ? [argument.slice(2), undefined] : [argument.slice(2, at), argument.slice(at + 1)]
}

const unknown = (option: string) => invalid(`${option}: there is no such option; --help lists them`)

const next = (flag: string, left: string[]): string => {
  const value = left.shift()
  if (value === undefined || value.startsWith('--')) throw invalid(`${flag} needs a value`)
  return value
}

type Spelled = { readonly name: string; readonly inline: string | undefined; readonly left: string[] }

const readSetting = ({ bySpelling, values }: Reading, { name, inline, left }: Spelled): void => {
  const origin = `--${name}`
  const setting = bySpelling.get(name)
  const negated = setting === undefined && name.startsWith('no-') ? bySpelling.get(name.slice(3)) : undefined
  if (negated?.kind === 'switch' && inline === undefined) {
    values.set(negated.name, { value: false, origin })
    return
  }
  if (setting === undefined) throw unknown(origin)
  const text = inline ?? (setting.kind === 'switch' ? 'true' : next(origin, left))
  const value = fromText(setting, text)
  values.set(setting.name, {
    value: setting.kind === 'list' ? [...before(values, setting), ...(value as [])] : value,
    origin,
  })
}

const before = (values: Values, { name }: Setting) => (values.get(name)?.value ?? []) as readonly unknown[]

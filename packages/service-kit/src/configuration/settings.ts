import { z } from 'zod'

export type SettingKind = 'text' | 'number' | 'switch' | 'list'

/** One value of the configuration, by all its names. */
export type Setting = {
  /** In the file: `tls.certificate` is `{"tls": {"certificate": …}}`. */
  readonly path: readonly string[]
  readonly name: string
  /** Without the dashes. */
  readonly flag: string
  readonly variable: string
  readonly kind: SettingKind
  /** What may stand as its value: `NUMBER`, `FILE`, `debug|info`. */
  readonly placeholder: string
  readonly description: string
  readonly defaultValue: unknown
}

type JsonSchema = {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly anyOf?: readonly JsonSchema[]
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly description?: string
  readonly placeholder?: string
}

const PREFIX = 'RELAIS'

const words = (path: readonly string[]) =>
  path.flatMap((part) => part.split(/(?<=[a-z0-9])(?=[A-Z])/)).map((word) => word.toLowerCase())

const kindOf = ({ type, anyOf }: JsonSchema): SettingKind => {
  if (type === 'boolean') return 'switch'
  if (type === 'array') return 'list'
  const types = [type, ...(anyOf ?? []).map((branch) => branch.type)]
  return types.includes('number') || types.includes('integer') ? 'number' : 'text'
}

const PLACEHOLDERS = { text: 'TEXT', number: 'NUMBER', switch: '', list: 'LIST' } as const

const settingOf = (path: readonly string[], schema: JsonSchema): Setting => {
  const kind = kindOf(schema)
  return {
    path,
    name: path.join('.'),
    flag: words(path).join('-'),
    variable: [PREFIX, ...words(path)].join('_').toUpperCase(),
    kind,
    placeholder: schema.placeholder ?? schema.enum?.join('|') ?? PLACEHOLDERS[kind],
    description: schema.description ?? '',
    defaultValue: schema.default,
  }
}

const settingsUnder = (path: readonly string[], schema: JsonSchema): Setting[] =>
  schema.properties === undefined
    ? [settingOf(path, schema)]
    : Object.entries(schema.properties).flatMap(([name, child]) => settingsUnder([...path, name], child))

/** Every setting of a schema, in its order. Objects in it are groups of settings. */
export const settingsOf = (schema: z.ZodObject): readonly Setting[] =>
  settingsUnder([], z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema)

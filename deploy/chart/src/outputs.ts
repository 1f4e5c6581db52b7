import { stringify } from 'yaml'
import { z } from 'zod'
import { values } from './values.ts'

type Schema = {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly [key: string]: unknown
}

/** `properties` of a section are keys of their own; a record's aren't known. */
const isSection = (
  schema: Schema,
): schema is Schema & { readonly properties: Readonly<Record<string, Schema>> } =>
  schema.properties !== undefined

const schemaOf = (): Schema =>
  withoutSectionDefaults(z.toJSONSchema(values, { target: 'draft-7', io: 'input' }) as Schema)

/** A section's defaults stand with its keys. */
const withoutSectionDefaults = (schema: Schema): Schema => {
  if (!isSection(schema)) return schema
  const { default: _, ...rest } = schema
  const properties = Object.entries(schema.properties).map(([key, inner]) => [
    key,
    withoutSectionDefaults(inner),
  ])
  return { ...rest, properties: Object.fromEntries(properties) }
}

/** values.schema.json: an unknown key is refused by its name. */
export const valuesSchema = (): string => `${JSON.stringify(schemaOf(), null, 2)}\n`

/** values.yaml: every default. */
export const defaultValues = (): string =>
  `# Every value and its default. Made by \`npm run reference\` from deploy/chart/src/values.ts; docs/reference/chart.md says what they mean.\n${stringify(values.parse({}), { lineWidth: 110, version: '1.1' })}`

/** Rows of the reference page, one for each value. */
export const valuesReference = (): string =>
  ['| value | kind | default | meaning |', '| --- | --- | --- | --- |', ...rows(schemaOf(), []), ''].join(
    '\n',
  )

const rows = (schema: Schema, path: readonly string[]): string[] =>
  Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const name = [...path, key]
    return isSection(inner)
      ? [row(name, 'section', '', inner.description), ...rows(inner, name)]
      : [row(name, kindOf(inner), shown(inner.default), inner.description)]
  })

const row = (path: readonly string[], kind: string, fallback: string, description = '') =>
  `| \`${path.join('.')}\` | ${kind} | ${fallback} | ${description.replaceAll('|', '\\|')} |`

const kindOf = (schema: Schema): string => {
  if (schema.enum) return schema.enum.map((one) => `\`${one}\``).join(', ')
  const bounds = schema.type === 'integer' || schema.type === 'number'
  return bounds ? `${schema.type}, ${schema.minimum} to ${schema.maximum}` : String(schema.type)
}

const shown = (value: unknown): string =>
  value === '' || value === undefined || JSON.stringify(value) === '{}' || JSON.stringify(value) === '[]'
    ? ''
    : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``

import type { CustomTypesConfig } from 'pg'
import type { SqlValue } from '../port.ts'

// Object ids of PostgreSQL's types: pg_type.dat
const BOOL = 16
const BYTEA = 17
const NUMBERS = new Set([20, 21, 23, 26, 700, 701, 1700])

const asNumber = (text: string): number => Number(text)

const asBytes = (text: string): Uint8Array => {
  const { buffer, byteOffset, byteLength } = Buffer.from(text.slice(2), 'hex')
  return new Uint8Array(buffer, byteOffset, byteLength)
}

const parserOf = (type: number): ((text: string) => SqlValue) => {
  if (NUMBERS.has(type)) return asNumber
  if (type === BYTEA) return asBytes
  // A comparison that is selected is 1 or 0, as in SQLite.
  if (type === BOOL) return (text) => (text === 't' ? 1 : 0)
  return (text) => text
}

/** How columns become {@link SqlValue}s: whole numbers as numbers (64 bits of which they hold 53), bytes as Uint8Array. */
export const columnTypes = { getTypeParser: parserOf } as CustomTypesConfig

/** PostgreSQL's text has no U+0000: it is kept as the replacement character, in keys as in values, so that it is found again. */
export const parameterOf = (value: SqlValue): SqlValue =>
  typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value

export const parametersOf = (values: readonly SqlValue[]): SqlValue[] => values.map(parameterOf)

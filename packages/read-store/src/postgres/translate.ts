import { schemaInvalid } from '../errors.ts'

/** Texts are few where they aren't built from values; this bounds what a mistake costs. */
const MAX_TEXTS = 4000

const translated = new Map<string, string>()

// Strings and quoted names are left as they are.
const PIECES = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\?|\bLIKE\b/gi

/** A statement of the port's dialect as PostgreSQL takes it: `?` are `$1`, `$2`, ... and LIKE takes ASCII letters of either case. */
export const translate = (sql: string): string => {
  const known = translated.get(sql)
  if (known !== undefined) return known
  if (translated.size >= MAX_TEXTS) translated.delete(translated.keys().next().value!)
  const text = translateNow(sql)
  translated.set(sql, text)
  return text
}

const translateNow = (sql: string): string => {
  let count = 0
  return sql.replace(PIECES, (piece) => {
    if (piece === '?') return `$${++count}`
    return piece.toUpperCase() === 'LIKE' ? 'ILIKE' : piece
  })
}

const TYPES: Readonly<Record<string, string>> = {
  INTEGER: 'BIGINT',
  TEXT: 'TEXT COLLATE "C"',
  BLOB: 'BYTEA',
  REAL: 'DOUBLE PRECISION',
}

// A type follows its column's name, which may be a type's too.
const DEFINITION_PIECES =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|\b([a-z_]\w*\s+)(INTEGER|TEXT|BLOB|REAL)\b|\s*\bWITHOUT\s+ROWID\b/gi

/**
 * A statement that makes or widens tables, with types that hold what SQLite's hold: INTEGER is 64 bits, text is ordered by
 * its bytes. Errors: SCHEMA_INVALID for a virtual table.
 */
export const translateDefinition = (sql: string): string => {
  if (/^\s*CREATE\s+VIRTUAL\b/i.test(sql)) throw schemaInvalid(`only SQLite has virtual tables: ${sql}`)
  if (!/^\s*(CREATE|ALTER)\s+TABLE\b/i.test(sql)) return translate(sql)
  return sql.replace(DEFINITION_PIECES, (piece, column?: string, type?: string) => {
    if (column !== undefined && type !== undefined) return column + TYPES[type.toUpperCase()]
    return /^\s*WITHOUT/i.test(piece) ? '' : piece
  })
}

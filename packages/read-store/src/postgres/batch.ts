import type { SqlValue } from '../port.ts'

/** A statement's tables: which it changes, and which it may read. */
export type Tables = { readonly target: string; readonly all: ReadonlySet<string> }

/** Rows for one statement text, in the order in which they were written. */
export type Group = { readonly sql: string; readonly tables: Tables; readonly rows: (readonly SqlValue[])[] }

const TARGET = /^\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+([a-z_][a-z0-9_]*)/i
const READ = /\b(?:FROM|JOIN)\s+([a-z_][a-z0-9_]*)/gi
/** A list of tables, or one in quotes, is beyond what is looked for here. */
const UNKNOWN =
  /\bFROM\s+[a-z_][a-z0-9_]*(?:\s+(?:AS\s+)?[a-z_][a-z0-9_]*)?\s*,|\b(?:FROM|JOIN|INTO|UPDATE)\s+"|\bWITH\b/i

const known = new Map<string, Tables | undefined>()

/** The tables of a statement that changes rows; undefined where they can't be told: such a one is sent by itself. */
export const tablesOf = (sql: string): Tables | undefined => {
  if (known.has(sql)) return known.get(sql)
  if (known.size >= 4000) known.clear()
  const tables = findTables(sql)
  known.set(sql, tables)
  return tables
}

const findTables = (sql: string): Tables | undefined => {
  const target = TARGET.exec(sql)?.[1]?.toLowerCase()
  if (target === undefined || UNKNOWN.test(sql)) return undefined
  const read = [...sql.matchAll(READ)].map(([, table = '']) => table.toLowerCase())
  return { target, all: new Set([target, ...read]) }
}

const inConflict = (a: Tables, b: Tables): boolean => a.all.has(b.target) || b.all.has(a.target)

/**
 * Writes that wait to be sent, grouped by text. A write joins an earlier group of its text only past writes whose tables are
 * others than its own: then their order makes no difference.
 */
export class Batch {
  readonly #groups: Group[] = []
  rows = 0

  add(sql: string, tables: Tables, params: readonly SqlValue[]): void {
    this.rows += 1
    const group = this.#groupFor(sql, tables)
    if (group) group.rows.push(params)
    else this.#groups.push({ sql, tables, rows: [params] })
  }

  /** All groups, in the order in which they must run; the batch is empty then. */
  take(): Group[] {
    this.rows = 0
    return this.#groups.splice(0)
  }

  #groupFor(sql: string, tables: Tables): Group | undefined {
    for (let at = this.#groups.length - 1; at >= 0; at -= 1) {
      const group = this.#groups[at]!
      if (group.sql === sql) return group
      if (inConflict(group.tables, tables)) return undefined
    }
    return undefined
  }
}

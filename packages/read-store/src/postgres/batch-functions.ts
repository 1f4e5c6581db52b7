import type { SqlValue } from '../port.ts'
import type { Group } from './batch.ts'
import type { Session } from './session.ts'
import { translate } from './translate.ts'

/** From so many rows on one call for all of them is cheaper than one statement for each. */
export const WORTHWHILE = 4

const PARAMETER = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)/g

export const withParameters = (sql: string, named: (number: string) => string): string =>
  sql.replace(PARAMETER, (piece, number?: string) => (number ? named(number) : piece))

/** Rows that are only added, whatever is there: what one statement can do for all of them. */
const PLAIN_INSERT = /^\s*(INSERT\s+INTO\s+[a-z_]\w*\s*(?:\([^()]*\)\s*)?)VALUES\s*\(([^()]*)\)\s*$/i

const insertAll = (sql: string, types: readonly string[]): string | undefined => {
  const [, into, values] = PLAIN_INSERT.exec(sql) ?? []
  if (into === undefined || values === undefined) return undefined
  const arrays = types.map((type, at) => `$${at + 1}::${type}[]`).join(', ')
  const columns = types.map((_, at) => `c${at + 1}`).join(', ')
  return `${into} SELECT ${withParameters(values, (number) => `added.c${number}`)} FROM unnest(${arrays}) AS added (${columns})`
}

const loop = (name: string, sql: string, types: readonly string[]): string => {
  const parameters = types.map((type, at) => `relais_${at + 1} ${type}[]`).join(', ')
  return `CREATE FUNCTION pg_temp.${name}(${parameters}) RETURNS void LANGUAGE plpgsql AS $relais$
BEGIN FOR relais_row IN 1..cardinality(relais_1) LOOP
${withParameters(sql, (number) => `relais_${number}[relais_row]`)}; END LOOP; END $relais$`
}

/**
 * Runs one statement for many rows in one call with an array for each parameter: rows that are only added in one statement,
 * all others in a function of this session that loops. In the loop a row costs a fraction of what a statement of its own does
 * (docs/adr/0010), and sees what those before it did.
 */
export class BatchFunctions {
  readonly #session: Session
  readonly #calls = new Map<string, string>()
  /** Made in the present transaction: gone if that is rolled back. */
  readonly #recent = new Set<string>()
  #made = 0

  constructor(session: Session) {
    this.#session = session
  }

  /** True if groups can be sent as they are. */
  knows(groups: readonly Group[]): boolean {
    return groups.every(({ sql, rows }) => !isWorthwhile(rows) || this.#calls.has(sql))
  }

  async make(groups: readonly Group[]): Promise<void> {
    for (const { sql, rows } of groups) if (isWorthwhile(rows) && !this.#calls.has(sql)) await this.#make(sql)
  }

  /** Sends groups of rows in their order, now; resolves when all are written. */
  async send(groups: readonly Group[]): Promise<void> {
    await Promise.all(groups.flatMap((group) => this.#send(group)))
  }

  committed(): void {
    this.#recent.clear()
  }

  rolledBack(): void {
    for (const sql of this.#recent) this.#calls.delete(sql)
    this.#recent.clear()
  }

  #send({ sql, rows }: Group): Promise<unknown>[] {
    const call = isWorthwhile(rows) ? this.#calls.get(sql) : undefined
    if (call === undefined) return rows.map((row) => this.#session.query(translate(sql), row))
    return [this.#session.queryArrays(call, columnsOf(rows))]
  }

  async #make(sql: string): Promise<void> {
    const name = `relais_batch_${this.#made++}`
    const text = translate(sql)
    const types = await parameterTypes(this.#session, text)
    const insert = insertAll(text, types)
    if (!insert) await this.#session.exec(loop(name, text, types))
    const call = `SELECT pg_temp.${name}(${types.map((_, at) => `$${at + 1}`).join(', ')})`
    this.#calls.set(sql, insert ?? call)
    this.#recent.add(sql)
  }
}

let asked = 0

/** Of a statement with `$1`, `$2`, ..., as the server finds them out. */
export const parameterTypes = async (session: Session, text: string): Promise<readonly string[]> => {
  // Several may be under way at once.
  const name = `relais_types_${asked++}`
  await session.exec(`PREPARE ${name} AS ${text}`)
  const [found] = await session.exec<{ types: string }>(
    `SELECT array_to_json(parameter_types::text[])::text AS types FROM pg_prepared_statements WHERE name = '${name}'`,
  )
  await session.exec(`DEALLOCATE ${name}`)
  return JSON.parse(found?.types ?? '[]')
}

const isWorthwhile = (rows: Group['rows']): boolean => rows.length >= WORTHWHILE && rows[0]!.length > 0

const columnsOf = (rows: Group['rows']): SqlValue[][] =>
  Array.from({ length: rows[0]!.length }, (_, at) => rows.map((row) => row[at] ?? null))

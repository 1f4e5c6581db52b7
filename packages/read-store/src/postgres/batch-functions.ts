import type { SqlValue } from '../port.ts'
import type { Group } from './batch.ts'
import type { Session } from './session.ts'
import { translate } from './translate.ts'

/** From so many rows on one call that runs a statement for each is cheaper than that many calls. */
const WORTHWHILE = 4

type Parameters = { readonly types: string[] }

const PARAMETER = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)/g

const bodyOf = (sql: string): string =>
  sql.replace(PARAMETER, (piece, number) => (number ? `relais_${number}[relais_row]` : piece))

const definition = (name: string, sql: string, types: readonly string[]): string => {
  const parameters = types.map((type, at) => `relais_${at + 1} ${type}[]`).join(', ')
  return `CREATE FUNCTION pg_temp.${name}(${parameters}) RETURNS void LANGUAGE plpgsql AS $relais$
BEGIN FOR relais_row IN 1..cardinality(relais_1) LOOP ${bodyOf(sql)}; END LOOP; END $relais$`
}

/**
 * Runs one statement for many rows in one call: a function of this session that loops over arrays, one for each parameter. In
 * the loop each row costs a fifth of what a statement of its own does (docs/adr/0010). Statements see the rows of those before.
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

  /** Sends groups of rows in their order; resolves when all are written. */
  async run(groups: readonly Group[]): Promise<void> {
    for (const { sql, rows } of groups) if (isWorthwhile(rows) && !this.#calls.has(sql)) await this.#make(sql)
    await Promise.all(groups.flatMap((group) => this.#send(group)))
  }

  #send({ sql, rows }: Group): Promise<unknown>[] {
    const call = isWorthwhile(rows) ? this.#calls.get(sql) : undefined
    if (call === undefined) return rows.map((row) => this.#session.query(translate(sql), row))
    return [this.#session.queryArrays(call, columnsOf(rows))]
  }

  committed(): void {
    this.#recent.clear()
  }

  rolledBack(): void {
    for (const sql of this.#recent) this.#calls.delete(sql)
    this.#recent.clear()
  }

  async #make(sql: string): Promise<void> {
    const name = `relais_batch_${this.#made++}`
    const text = translate(sql)
    await this.#session.exec(`PREPARE ${name} AS ${text}`)
    const [found] = await this.#session.exec<{ types: string }>(
      `SELECT array_to_json(parameter_types::text[])::text AS types FROM pg_prepared_statements WHERE name = '${name}'`,
    )
    const { types }: Parameters = { types: JSON.parse(found?.types ?? '[]') }
    await this.#session.exec(`DEALLOCATE ${name}; ${definition(name, text, types)}`)
    const call = `SELECT pg_temp.${name}(${types.map((_, at) => `$${at + 1}`).join(', ')})`
    this.#calls.set(sql, call)
    this.#recent.add(sql)
  }
}

const isWorthwhile = (rows: Group['rows']): boolean => rows.length >= WORTHWHILE && rows[0]!.length > 0

const columnsOf = (rows: Group['rows']): SqlValue[][] =>
  Array.from({ length: rows[0]!.length }, (_, at) => rows.map((row) => row[at] ?? null))

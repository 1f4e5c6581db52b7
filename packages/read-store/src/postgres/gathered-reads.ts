import { RelaisError } from '@relais/service-kit/errors.ts'
import { LateWriteError } from '../errors.ts'
import type { SqlValue } from '../port.ts'
import { parameterTypes, WORTHWHILE, withParameters } from './batch-functions.ts'
import type { Session } from './session.ts'
import { translate } from './translate.ts'

type Read = {
  readonly params: readonly SqlValue[]
  readonly resolve: (rows: unknown[]) => void
  readonly reject: (error: unknown) => void
}

type Found = { relais_at?: number }

/** A query that answers many at once: whose row it is stands in `relais_at`, from 1. */
const queryAll = (sql: string, types: readonly string[]): string => {
  const arrays = types.map((type, at) => `$${at + 1}::${type}[]`).join(', ')
  const columns = types.map((_, at) => `c${at + 1}`).join(', ')
  return `SELECT relais_asked.relais_at, relais_found.* FROM unnest(${arrays}) WITH ORDINALITY AS relais_asked (${columns}, relais_at)
    CROSS JOIN LATERAL (${withParameters(sql, (number) => `relais_asked.c${number}`)}) AS relais_found`
}

/** Reads of one turn of the event loop, of many commits: those of one text are one query. */
export class GatheredReads {
  readonly #session: Session
  readonly #texts: Map<string, string>
  #waiting = new Map<string, Read[]>()

  /** `texts`: of the queries that answer many, by the text of one; kept by the caller. */
  constructor(session: Session, texts: Map<string, string>) {
    this.#session = session
    this.#texts = texts
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  add(sql: string, params: readonly SqlValue[]): Promise<unknown[]> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown[]>()
    const reads = this.#waiting.get(sql)
    if (reads) reads.push({ params, resolve, reject })
    else this.#waiting.set(sql, [{ params, resolve, reject }])
    return promise
  }

  /** Answers all that wait. What is refused is told as what can't be said whose it was. */
  async send(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = new Map()
    await Promise.all([...waiting].map(([sql, reads]) => this.#answer(sql, reads)))
  }

  fail(error: unknown): void {
    for (const { reject } of [...this.#waiting.values()].flat()) reject(error)
    this.#waiting.clear()
  }

  async #answer(sql: string, reads: readonly Read[]): Promise<void> {
    try {
      const answers =
        reads.length >= WORTHWHILE && reads[0]!.params.length > 0
          ? await this.#together(sql, reads)
          : await Promise.all(reads.map(async ({ params }) => this.#one(sql, params)))
      for (const [at, { resolve }] of reads.entries()) resolve(answers[at]!)
    } catch (error) {
      const told = error instanceof RelaisError ? error : new LateWriteError(error)
      for (const { reject } of reads) reject(told)
    }
  }

  async #one(sql: string, params: readonly SqlValue[]): Promise<unknown[]> {
    return (await this.#session.query(translate(sql), params)).rows
  }

  async #together(sql: string, reads: readonly Read[]): Promise<unknown[][]> {
    const text = this.#texts.get(sql) ?? (await this.#make(sql))
    const columns = reads[0]!.params.map((_, at) => reads.map(({ params }) => params[at] ?? null))
    const answers: unknown[][] = reads.map(() => [])
    for (const row of await this.#session.queryArrays<Found>(text, columns)) {
      const at = row.relais_at!
      delete row.relais_at
      answers[at - 1]!.push(row)
    }
    return answers
  }

  async #make(sql: string): Promise<string> {
    const text = translate(sql)
    const made = queryAll(text, await parameterTypes(this.#session, text))
    this.#texts.set(sql, made)
    return made
  }
}

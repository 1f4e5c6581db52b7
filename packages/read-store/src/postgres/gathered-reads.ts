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

/** Queries that answer many, by the text of one. */
export type GatheredTexts = Map<string, string>

const make = async (session: Session, texts: GatheredTexts, sql: string): Promise<string> => {
  const text = translate(sql)
  const made = queryAll(text, await parameterTypes(session, text))
  texts.set(sql, made)
  return made
}

const together = async (
  session: Session,
  texts: GatheredTexts,
  { sql, asked }: ReadsOfText,
): Promise<unknown[][]> => {
  const text = texts.get(sql) ?? (await make(session, texts, sql))
  const columns = asked[0]!.map((_, at) => asked.map((params) => params[at] ?? null))
  const answers: unknown[][] = asked.map(() => [])
  for (const row of await session.queryArrays<Found>(text, columns)) {
    const at = row.relais_at!
    delete row.relais_at
    answers[at - 1]!.push(row)
  }
  return answers
}

type ReadsOfText = { readonly sql: string; readonly asked: readonly (readonly SqlValue[])[] }

/** True if one query answers them for less than one for each. */
export const areWorthwhile = ({ asked }: ReadsOfText): boolean =>
  asked.length >= WORTHWHILE && asked[0]!.length > 0

/** The rows of each of these reads of one text. */
export const readAll = (session: Session, texts: GatheredTexts, reads: ReadsOfText): Promise<unknown[][]> =>
  areWorthwhile(reads)
    ? together(session, texts, reads)
    : Promise.all(reads.asked.map(async (params) => (await session.query(translate(reads.sql), params)).rows))

/** Reads of one turn of the event loop, of many commits: those of one text are one query. */
export class GatheredReads {
  readonly #session: Session
  readonly #texts: GatheredTexts
  #waiting = new Map<string, Read[]>()

  /** `texts` are kept by the caller. */
  constructor(session: Session, texts: GatheredTexts) {
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
      const asked = reads.map(({ params }) => params)
      const answers = await readAll(this.#session, this.#texts, { sql, asked })
      for (const [at, { resolve }] of reads.entries()) resolve(answers[at]!)
    } catch (error) {
      const told = error instanceof RelaisError ? error : new LateWriteError(error)
      for (const { reject } of reads) reject(told)
    }
  }
}

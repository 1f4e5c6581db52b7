import type { Found } from './texts.ts'

type Counting = { readonly offset: number; readonly limit: number; readonly countTo: number }

/** What was found so far, of documents that are looked through in pieces, about from the newest on. */
export class Findings<Row extends { readonly doc: number }> {
  readonly #counting: Counting
  readonly #rows = new Map<number, Row>()

  constructor(counting: Counting) {
    this.#counting = counting
  }

  /** `settled`: nothing newer than this document is still to be looked at. True: there is enough, whatever else there is. */
  add(rows: readonly Row[], settled: number): boolean {
    for (const row of rows) this.#rows.set(row.doc, row)
    if (this.#rows.size < this.#enough) return false
    if (this.#rows.size > 2 * this.#enough) this.#forgetOldest()
    let count = 0
    for (const doc of this.#rows.keys()) if (doc >= settled) count++
    return count >= this.#enough
  }

  /** The page that was asked for, newest first, and how many there are. */
  page(): { readonly rows: readonly Row[]; readonly total: number } {
    const { offset, limit, countTo } = this.#counting
    const rows = this.#newestFirst()
    return { rows: rows.slice(offset, offset + limit), total: Math.min(rows.length, countTo) }
  }

  #newestFirst(): readonly Row[] {
    return [...this.#rows.values()].toSorted((one, other) => other.doc - one.doc)
  }

  /** Where volumes have messages of all times, all of them are asked: what can't be told any more isn't kept. */
  #forgetOldest(): void {
    for (const { doc } of this.#newestFirst().slice(this.#enough)) this.#rows.delete(doc)
  }

  get #enough(): number {
    const { offset, limit, countTo } = this.#counting
    return Math.max(countTo, offset + limit)
  }
}

export const NOTHING_FOUND: Found = { items: [], total: 0 }

import { latin1 } from './bytes.ts'

const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9
const DASH = 45

export type Delimiter<T> = { readonly owner: T; readonly closing: boolean }

/** True if the bytes may begin a delimiter line (RFC 2046 §5.1.1). */
export const startsLikeDelimiter = (bytes: Uint8Array, start: number): boolean =>
  bytes[start] === DASH && bytes[start + 1] === DASH

/** The position after a line's last byte that isn't white space. */
const textEnd = (bytes: Uint8Array, start: number, end: number): number => {
  let stop = end
  if (stop > start && bytes[stop - 1] === LF) stop--
  if (stop > start && bytes[stop - 1] === CR) stop--
  while (stop > start && (bytes[stop - 1] === SPACE || bytes[stop - 1] === TAB)) stop--
  return stop
}

/**
 * The boundaries of the multiparts that are open. A line is looked up as a whole, so the time for it depends neither on how many are
 * open nor on how alike they are, and one that is another's beginning is never taken for it. Of two with one name the inner counts.
 */
export class Boundaries<T> {
  readonly #owners = new Map<string, T[]>()

  get isEmpty(): boolean {
    return this.#owners.size === 0
  }

  open(boundary: string, owner: T): void {
    const owners = this.#owners.get(boundary)
    if (owners) owners.push(owner)
    else this.#owners.set(boundary, [owner])
  }

  close(boundary: string, owner: T): void {
    const owners = this.#owners.get(boundary)
    const index = owners?.lastIndexOf(owner) ?? -1
    if (!owners || index < 0) return
    owners.splice(index, 1)
    if (owners.length === 0) this.#owners.delete(boundary)
  }

  /** What the line `bytes[start, end)` delimits, if anything. */
  match(bytes: Uint8Array, start: number, end: number): Delimiter<T> | null {
    if (this.isEmpty) return null
    const name = latin1(bytes, start + 2, textEnd(bytes, start + 2, end))
    const owner = this.#owners.get(name)?.at(-1)
    if (owner !== undefined) return { owner, closing: false }
    const closed = name.endsWith('--') ? this.#owners.get(name.slice(0, -2).trimEnd())?.at(-1) : undefined
    return closed === undefined ? null : { owner: closed, closing: true }
  }
}

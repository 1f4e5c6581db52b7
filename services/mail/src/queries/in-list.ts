import type { SqlValue } from '@relais/read-store'

// Statements are prepared once per text, so lists come in a few sizes, filled up by repeating the last value.
const SIZES = [1, 8, 64, 256] as const

const marks = new Map(SIZES.map((size) => [size, Array(size).fill('?').join(', ')]))

export type InList = { readonly marks: string; readonly values: readonly SqlValue[] }

/** Values for `IN (...)`, in lists that no statement is too long for. */
export const inLists = (values: readonly SqlValue[]): readonly InList[] => {
  const lists: InList[] = []
  for (let start = 0; start < values.length; ) {
    const left = values.length - start
    const size = SIZES.find((size) => size >= left) ?? SIZES.at(-1)!
    const part = values.slice(start, start + size)
    lists.push({ marks: marks.get(size)!, values: [...part, ...Array(size - part.length).fill(part.at(-1))] })
    start += size
  }
  return lists
}

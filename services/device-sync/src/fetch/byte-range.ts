/** Bytes `first` to `last`, both included, of something. */
export type ByteRange = { readonly first: number; readonly last: number }

const RANGE = /^(\d{1,9})-(\d{1,9})$/

/** Range of MS-ASCMD 2.2.3.143.2: "0-1023". Undefined: not one (Status 8). */
export const parseByteRange = (text: string): ByteRange | undefined => {
  const [, first, last] = RANGE.exec(text.trim()) ?? []
  if (first === undefined || Number(first) > Number(last)) return undefined
  return { first: Number(first), last: Number(last) }
}

/** What there is of a range in `total` bytes; undefined: nothing (Status 8). */
export const clipRange = ({ first, last }: ByteRange, total: number): ByteRange | undefined =>
  first < total ? { first, last: Math.min(last, total - 1) } : undefined

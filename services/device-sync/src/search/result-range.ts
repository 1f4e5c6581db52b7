/** Results `first` to `last`, both included, from 0. */
export type ResultRange = { readonly first: number; readonly last: number }

const RANGE = /^(\d{1,3})-(\d{1,3})$/

/** Range of MS-ASCMD 2.2.3.143.4: "0-99". Undefined: not one. */
export const parseResultRange = (text: string): ResultRange | undefined => {
  const [, first, last] = RANGE.exec(text.trim()) ?? []
  if (first === undefined || Number(first) > Number(last)) return undefined
  return { first: Number(first), last: Number(last) }
}

export const sizeOf = ({ first, last }: ResultRange): number => last - first + 1

/** What there is of a range: `count` results from its beginning. AOSP wants one also where nothing was found. */
export const rangeText = ({ first }: ResultRange, count: number): string =>
  `${first}-${first + Math.max(0, count - 1)}`

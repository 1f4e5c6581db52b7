import type { Asked } from './texts.ts'

type Counting = Pick<Asked, 'offset' | 'limit' | 'countTo'>

/** Rows that are read: as many as are counted, or as the page needs. One look at the index gives both. */
export const lookedAt = ({ offset, limit, countTo }: Counting): number => Math.max(countTo, offset + limit)

export const pageOf = <Row>(rows: readonly Row[], { offset, limit }: Counting): readonly Row[] =>
  rows.slice(offset, offset + limit)

export const totalOf = (rows: readonly unknown[], { countTo }: Counting): number =>
  Math.min(rows.length, countTo)

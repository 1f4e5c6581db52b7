import { LIST_START, type ListEdge } from '../queries/messages.ts'
import { invalid } from './arguments.ts'

/** A place in a list, as callers carry it. */
export const pageToken = ({ sortKey, placement }: ListEdge): string => `${sortKey}.${placement}`

export const readPageToken = (token: string): ListEdge => {
  if (token === '') return LIST_START
  const [, sortKey, placement] = /^(-?\d{1,15})\.(\d{1,16})$/.exec(token) ?? []
  if (sortKey === undefined) throw invalid("this isn't a page token")
  return { sortKey: Number(sortKey), placement: Number(placement) }
}

import { StatusError } from '../commands/status-error.ts'

/** MS-ASCMD 2.2.3.177.17: Status of Sync. */
export const SYNC_STATUS = {
  ok: 1,
  badKey: 3,
  protocol: 4,
  server: 5,
  malformed: 6,
  conflict: 7,
  notFound: 8,
  noRoom: 9,
  hierarchy: 12,
  incomplete: 13,
  wait: 14,
  tooMany: 15,
  retry: 16,
  bodyPart: 164,
  recipients: 183,
} as const

/** A limit was exceeded, and this is it: the answer is Status and Limit. */
export class LimitError extends StatusError {
  readonly limit: number
  constructor(status: number, limit: number) {
    super(status, `the limit is ${limit}`)
    this.limit = limit
  }
}

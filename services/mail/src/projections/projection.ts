import type { StoredCommit } from '@relais/event-log'
import type { SqlValue, Writer } from '@relais/read-store'
import type { Totals } from './totals.ts'

/** One commit on its way into rows. */
export type Projection = {
  readonly writer: Writer
  readonly commit: StoredCommit
  readonly totals: Totals
  /** Placements made so far: the next one's ordinal. */
  placements: number
  /** True: the account is going, nothing is counted any more. */
  erased: boolean
}

/** Parameters of the key that every table starts with. */
export const whose = ({ commit }: Projection): [tenant: SqlValue, account: SqlValue] => [
  commit.stream.tenant,
  commit.stream.account,
]

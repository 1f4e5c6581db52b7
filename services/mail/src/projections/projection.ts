import type { StoredCommit } from '@relais/event-log'
import type { Gathered, SqlValue, Writer } from '@relais/read-store'
import type { Totals } from './totals.ts'

/** One commit on its way into rows. */
export type Projection = {
  readonly writer: Writer
  readonly commit: StoredCommit
  readonly gathered: Gathered
  readonly totals: Totals
  /** Placements made so far: the next one's ordinal. */
  placements: number
}

/** Parameters of the key that every table starts with. */
export const whose = ({ commit }: Projection): [tenant: SqlValue, account: SqlValue] => [
  commit.stream.tenant,
  commit.stream.account,
]

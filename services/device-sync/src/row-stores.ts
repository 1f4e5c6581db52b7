import { deviceRowSchema } from './devices/device-row-store.ts'
import { sharedRowSchema } from './devices/shared-device-rows.ts'
import { erasureSchema } from './erasure/erasure.ts'

/** A store of rows that no log can rebuild: what openSqliteStore and openPostgresStore need, but for where. */
export type LocalStore = {
  readonly name: string
  readonly version: number
  readonly schema: readonly string[]
  /** A key that was sent is refused where what it can't say is lost (sync.md 3): that mustn't take less than a lost disk. */
  readonly durable: boolean
}

/** Of one process alone. */
export const localStore: LocalStore = {
  name: 'device-rows',
  version: 1,
  schema: [...deviceRowSchema, ...erasureSchema],
  durable: true,
}

export const sharedStore: LocalStore = {
  name: 'shared-device-rows',
  version: 1,
  schema: [...sharedRowSchema, ...erasureSchema],
  durable: true,
}

import type { HandlerCall } from '../api/context.ts'
import type { AccountKey } from '../queries/account.ts'
import type { DeviceTurns } from './device-turns.ts'
import type { AskedMailbox } from './requests.ts'

/** One request of one device. */
export type FeedRequest = {
  readonly key: AccountKey
  readonly call: HandlerCall
  readonly device: string
  readonly now: number
  readonly mailboxes: readonly AskedMailbox[]
  readonly turns: DeviceTurns
}

/** The commit says which device's command it was, so that it isn't told of it. */
export const asDevice = (call: HandlerCall, device: string): HandlerCall => ({
  ...call,
  identity: { ...call.identity, actor: { ...call.identity.actor, device } },
})

import type { Flag } from '@relais/proto/mail/v1/message.ts'

/** What decisions about a message look at. */
export type MessageFacts = {
  readonly placement: number
  readonly item: number
  readonly mailbox: string
  readonly size: number
  readonly seen: boolean
  readonly flag: Flag | undefined
  readonly categories: readonly string[]
}

/** Bounds of what one call may bring. */
export type Limits = {
  /** Bytes of one message, at delivery, submission and import. */
  readonly messageBytes: number
  /** Recipients of one submission. */
  readonly submissionRecipients: number
  /** Recipients of one delivery. */
  readonly deliveryRecipients: number
  /** Recipients that one account may write to in an hour; 0: no limit; the setting mail.sendRate goes before it. */
  readonly recipientsPerHour: number
  /** Automatic replies of one account in an hour: forged senders must not make it write to the world. */
  readonly automaticRepliesPerHour: number
  /** How long arrivals are gathered before they go into the search index, in milliseconds. */
  readonly searchGatherMs: number
}

export const defaultLimits: Limits = {
  messageBytes: 100 * 1024 * 1024,
  submissionRecipients: 500,
  deliveryRecipients: 1000,
  recipientsPerHour: 500,
  automaticRepliesPerHour: 200,
  searchGatherMs: 1000,
}

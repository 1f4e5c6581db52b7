/** Whose phone it is, as the directory confirmed it. */
export type SignedIn = {
  readonly tenant: string
  readonly account: string
  readonly address: string
  readonly aliases: readonly string[]
  readonly displayName: string
  /** BCP 47. */
  readonly locale: string
  /** IANA. */
  readonly timeZone: string
  /** Of the tenant's log, for sync keys. */
  readonly epoch: number
  /** The app password that was used; '' for the account's own. */
  readonly appPassword: string
  /** Milliseconds since 1970; Infinity: never. */
  readonly expiresAt: number
}

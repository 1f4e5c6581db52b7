/** What this process knows of accounts that it follows anyway: spares calls, never decides alone. */
export interface FollowedHeads {
  /** Position of the last change of the account's folders; undefined: it isn't followed. */
  hierarchy(tenant: string, account: string): number | undefined
}
